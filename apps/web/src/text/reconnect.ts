const FIRST = 250
const LONGEST = 20_000
const HEALTHY = 10_000

/** How long to wait after so many failures in a row, in ms; `chance` (0 to 1) spreads those who lost the same server. */
export const waitAfter = (failures: number, chance: number): number =>
  Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + chance)

/**
 * Dials again after a connection broke, later each time. Only one that stood for a while starts the waiting anew: a
 * server that takes everybody in and drops them at once is not dialled at full speed.
 */
export class Reconnect {
  readonly #dial: () => void
  #failures = 0
  #openedAt: number | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(dial: () => void) {
    this.#dial = dial
  }

  get isWaiting(): boolean {
    return this.#timer !== undefined
  }

  /** A connection stands. */
  opened(): void {
    this.#openedAt = performance.now()
  }

  /** It broke, or did not come about. */
  lost(): void {
    const stood = this.#openedAt === null ? 0 : performance.now() - this.#openedAt
    this.#failures = stood >= HEALTHY ? 0 : this.#failures
    this.#openedAt = null
    this.stop()
    this.#timer = setTimeout(this.hurry, waitAfter(this.#failures++, Math.random()))
  }

  /** Dials now if it waits. */
  readonly hurry = (): void => {
    if (!this.isWaiting) return
    this.stop()
    this.#dial()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
