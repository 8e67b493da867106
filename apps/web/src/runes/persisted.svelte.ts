const PREFIX = 'tamga.'

/**
 * A preference that outlives the page, kept in this browser: a choice made in one tab holds in all that are open. Where
 * storage is forbidden it lives as long as the page.
 */
export class Persisted<T> {
  readonly #key: string
  #value = $state() as T

  /** `initial` stands until something is chosen; a stored value that `is` does not know is forgotten. */
  constructor(key: string, initial: T, is: (value: unknown) => value is T) {
    this.#key = PREFIX + key
    const take = () => {
      const stored = read(this.#key)
      this.#value = is(stored) ? stored : initial
    }
    take()
    addEventListener('storage', (event) => event.key === this.#key && take())
  }

  get value(): T {
    return this.#value
  }

  set value(next: T) {
    this.#value = next
    try {
      localStorage.setItem(this.#key, JSON.stringify(next))
    } catch {
      // Storage is full or forbidden: the choice holds for this page.
    }
  }
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}
