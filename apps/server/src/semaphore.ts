/** How a caller waits for a permit. */
export interface Acquire {
  /** Before all callers that wait without it. */
  readonly first?: boolean
  /** How long to wait at most, in milliseconds; 0 or absent: without limit. */
  readonly timeoutMs?: number
}

/** No permit within the time that the caller gave. */
export class PermitTimeout extends Error {}

/** Too many callers wait already. */
export class PermitRefused extends Error {}

interface Waiter {
  readonly resolve: (release: () => void) => void
}

/** So many callers may come first in a row while others wait; then one of the others has its turn. */
const FIRST_IN_A_ROW = 4

/**
 * A counting semaphore with two classes of callers: `first` ones are served before all others, in order of arrival within
 * each class. Every fifth permit goes to the others while any of them waits, so that nobody waits for ever.
 */
export class Semaphore {
  readonly #permits: number
  readonly #maxWaiting: number
  readonly #first: Waiter[] = []
  readonly #others: Waiter[] = []
  #taken = 0
  #inARow = 0

  /** `maxWaiting` bounds the callers without `first` that wait; the next one is refused with `PermitRefused`. */
  constructor(permits: number, maxWaiting = Infinity) {
    this.#permits = permits
    this.#maxWaiting = maxWaiting
  }

  get waiting(): number {
    return this.#first.length + this.#others.length
  }

  /**
   * Waits for a permit; the answer gives it back, once. Throws `PermitTimeout` or `PermitRefused`. O(1), a timeout O(n)
   * in those who wait.
   */
  acquire({ first = false, timeoutMs = 0 }: Acquire = {}): Promise<() => void> {
    if (this.#taken < this.#permits) {
      this.#taken++
      return Promise.resolve(this.#release())
    }
    const queue = first ? this.#first : this.#others
    if (queue.length >= this.#maxWaiting) return Promise.reject(new PermitRefused(`${queue.length} wait already`))
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve(release) {
          clearTimeout(timer)
          resolve(release)
        },
      }
      const onTimeout = () => {
        queue.splice(queue.indexOf(waiter), 1)
        reject(new PermitTimeout(`no permit within ${timeoutMs} ms`))
      }
      const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined
      queue.push(waiter)
    })
  }

  #release(): () => void {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      const next = this.#next()
      if (next) next.resolve(this.#release())
      else this.#taken--
    }
  }

  #next(): Waiter | undefined {
    const othersTurn = this.#first.length === 0 || (this.#others.length > 0 && this.#inARow >= FIRST_IN_A_ROW)
    this.#inARow = othersTurn ? 0 : this.#inARow + 1
    return othersTurn ? this.#others.shift() : this.#first.shift()
  }
}
