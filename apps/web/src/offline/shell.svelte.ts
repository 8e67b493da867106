/** Whether this browser opens Tamga without a network: not at this address, not yet, yes, or it refuses to keep files. */
export type Readiness = 'insecure' | 'coming' | 'ready' | 'refused'

const HOUR = 60 * 60 * 1000

/** The pages as this browser keeps them. */
class Shell {
  readiness = $state<Readiness>(isSecureContext ? 'coming' : 'insecure')
  /** Another build than this page's has taken over: a reload shows it. */
  isOld = $state(false)
  #registration: ServiceWorkerRegistration | null = null

  /** Has the worker of this build installed once the page is at rest. Pages that are developed have none. */
  start() {
    const build = document.querySelector<HTMLMetaElement>('meta[name=build]')?.content
    if (!build) this.readiness = 'refused'
    // a browser shows the worker only to pages that nobody on the way can have changed
    else if ('serviceWorker' in navigator) void this.#keep(build)
  }

  async #keep(build: string) {
    const { serviceWorker } = navigator
    serviceWorker.onmessage = ({ data }: MessageEvent<{ build?: string }>) => {
      if (data.build !== undefined) this.isOld = data.build !== build
    }
    await atRest()
    try {
      this.#registration = await serviceWorker.register('/worker.js', { updateViaCache: 'none' })
    } catch {
      this.readiness = 'refused'
      return
    }
    this.#lookForNewer()
    const { active } = await serviceWorker.ready
    this.readiness = 'ready'
    // held as long as the tab is open: until then its build's files stay
    void navigator.locks.request(build, { mode: 'shared' }, () => {
      active?.postMessage('held')
      return new Promise(() => {})
    })
  }

  #lookForNewer() {
    const look = () => {
      if (document.visibilityState === 'visible') this.#registration?.update().catch(() => {})
    }
    addEventListener('online', look)
    document.addEventListener('visibilitychange', look)
    setInterval(look, HOUR)
  }
}

export const shell = new Shell()

/** What the page needs itself comes first. */
const atRest = (): Promise<void> =>
  new Promise((resolve) => {
    const idle = () => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve())
    if (document.readyState === 'complete') idle()
    else addEventListener('load', idle, { once: true })
  })
