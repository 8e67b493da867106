/** Who is at work in this browser: pages say that they live, and others find out who has ended. */
export interface Tabs {
  /** Says that a tab lives, until it is called or the page goes, however it goes. */
  hold(tab: string): () => void
  /** Of these, those that have ended. */
  ended(tabs: readonly string[]): Promise<ReadonlySet<string>>
}

const PREFIX = 'tamga-tab-'
/** How long a living page may take to say so, where there are no locks. */
const ANSWER_MS = 500

/** By locks, which the browser takes from a page that ends or crashes. Only served securely. */
function byLocks(locks: LockManager): Tabs {
  return {
    hold(tab) {
      const ending = new AbortController()
      const held = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()))
      void locks.request(PREFIX + tab, () => held)
      return () => ending.abort()
    },
    async ended(tabs) {
      const { held = [], pending = [] } = await locks.query()
      const alive = new Set([...held, ...pending].map(({ name }) => name))
      return new Set(tabs.filter((tab) => !alive.has(PREFIX + tab)))
    },
  }
}

/**
 * By asking around, over plain HTTP. A page that is too busy to answer counts as ended: that is safe, since what is sent
 * by two is written once.
 */
export function byAsking(answerMs = ANSWER_MS): Tabs {
  const mine = new Set<string>()
  const channel = new BroadcastChannel('tamga-tabs')
  const listeners = new Set<(tab: string) => void>()
  channel.addEventListener('message', ({ data }: MessageEvent<{ ask?: readonly string[]; here?: string }>) => {
    for (const tab of data.ask ?? []) if (mine.has(tab)) channel.postMessage({ here: tab })
    if (data.here !== undefined) for (const listener of listeners) listener(data.here)
  })
  return {
    hold(tab) {
      mine.add(tab)
      return () => mine.delete(tab)
    },
    async ended(tabs) {
      const left = new Set(tabs.filter((tab) => !mine.has(tab)))
      if (left.size === 0) return left
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer)
          listeners.delete(heard)
          resolve()
        }
        const heard = (tab: string) => left.delete(tab) && left.size === 0 && end()
        const timer = setTimeout(end, answerMs)
        listeners.add(heard)
        channel.postMessage({ ask: [...left] })
      })
      return left
    },
  }
}

/** The pages of this browser. */
export const tabsHere = (): Tabs => ('locks' in navigator ? byLocks(navigator.locks) : byAsking())
