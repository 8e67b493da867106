import { Problem } from '@tamga/model'

/** Counts acts by key in a sliding window, in this process's memory. */
export class RateLimit {
  readonly #times = new Map<string, number[]>()
  readonly #most: number
  readonly #window: number

  constructor(most: number, windowSeconds: number) {
    this.#most = most
    this.#window = windowSeconds * 1000
  }

  /** Counts one act. Throws `rate_limited`, with the seconds to wait, when there were too many within the window. */
  take(key: string, now: Date): void {
    const since = now.getTime() - this.#window
    const times = (this.#times.get(key) ?? []).filter((time) => time > since)
    if (times.length >= this.#most)
      throw new Problem('rate_limited', { seconds: Math.ceil((times[0]! - since) / 1000) })
    times.push(now.getTime())
    this.#times.set(key, times)
    if (this.#times.size > 10_000) this.#sweep(since)
  }

  /** Forgets a key: a successful sign-in clears the failures before it. */
  clear(key: string): void {
    this.#times.delete(key)
  }

  #sweep(since: number): void {
    for (const [key, times] of this.#times) if (times.at(-1)! <= since) this.#times.delete(key)
  }
}
