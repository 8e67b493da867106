import { onLost } from '../api.ts'

const FIRST_WAIT = 1000
const LONGEST_WAIT = 30_000

/**
 * Whether the server answers. It is thought to until a request gets no answer; from then on it is asked again and again,
 * sooner when the browser says that the network is back, until it does.
 */
class Reach {
  lost = $state(false)
  readonly #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor() {
    onLost(() => this.#lose())
    addEventListener('online', () => this.#soon())
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#soon())
  }

  /** Calls back each time the server answers again. Returns what ends it. */
  onBack(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #lose() {
    if (this.lost) return
    this.lost = true
    this.#failures = 0
    this.#wait()
  }

  #wait() {
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#try(), wait * (0.75 + Math.random() / 2))
  }

  #soon() {
    if (!this.lost) return
    clearTimeout(this.#timer)
    void this.#try()
  }

  async #try() {
    const answers = await fetch('/api/session').then(
      ({ status }) => status < 500,
      () => false,
    )
    if (!answers) return this.#wait()
    if (!this.lost) return
    this.lost = false
    for (const listener of [...this.#listeners]) listener()
  }
}

export const reach = new Reach()
