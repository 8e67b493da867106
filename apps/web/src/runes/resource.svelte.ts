import { untrack } from 'svelte'
import { Problem } from '@tamga/model'

/** Rises when what was refused may be asked again: somebody has signed in. */
let hope = $state(0)

/** Makes every resource on the page that was refused try once more. */
export const askAgain = () => (hope += 1)

/**
 * Something that is fetched and may be fetched again. While it is fetched anew for the same key, what is there stays;
 * another key empties it. Make one while a component is being set up.
 */
export class Resource<K, T> {
  value = $state.raw<T | null>(null)
  problem = $state.raw<Problem | null>(null)
  loading = $state(true)
  readonly #key: () => K
  readonly #fetch: (key: K) => Promise<T>
  #turn = 0

  /** `key` is followed; `fetch` is asked with it. A refusal becomes `problem`, anything else is thrown on as a bug. */
  constructor(key: () => K, fetch: (key: K) => Promise<T>) {
    this.#key = key
    this.#fetch = fetch
    $effect.pre(() => {
      key()
      untrack(() => {
        this.value = null
        void this.reload()
      })
    })
    $effect(() => {
      if (hope > 0) untrack(() => this.problem && void this.reload())
    })
  }

  /** Fetches again; only the latest of several answers counts. */
  async reload(): Promise<void> {
    const turn = ++this.#turn
    this.loading = true
    try {
      const value = await this.#fetch(this.#key())
      if (turn === this.#turn) [this.value, this.problem] = [value, null]
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (turn === this.#turn) this.problem = error
    } finally {
      if (turn === this.#turn) this.loading = false
    }
  }
}

/** An act that is sent: `busy` while it is under way, `problem` when it was refused. */
export class Act {
  busy = $state(false)
  problem = $state.raw<Problem | null>(null)

  /** Runs it unless it is running already; true when it was done. */
  async run(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = null
    try {
      await act()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
      return false
    } finally {
      this.busy = false
    }
  }
}
