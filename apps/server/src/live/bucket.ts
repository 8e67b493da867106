/** A rate that holds over a while: bursts may use up what was saved, no more. */
export class Bucket {
  readonly #perSecond: number
  readonly #most: number
  #left: number
  #at: number

  constructor(perSecond: number, seconds: number, now: number) {
    this.#perSecond = perSecond
    this.#most = perSecond * seconds
    this.#left = this.#most
    this.#at = now
  }

  /** Takes one, if there is one. `now` in milliseconds. */
  take(now: number): boolean {
    // a clock that is set back gives nothing and takes nothing
    this.#left = Math.min(this.#most, this.#left + (Math.max(0, now - this.#at) * this.#perSecond) / 1000)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
