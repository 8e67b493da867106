/** True if the browser has promised not to clear this origin's data away by itself; null where it cannot say. */
class Persistence {
  promised = $state<boolean | null>(null)
  #asked = false

  async look() {
    this.promised = (await navigator.storage?.persisted?.().catch(() => null)) ?? null
  }

  /** Asks for the promise, once a page: when the first thing is kept that the server does not have or may not reach. */
  async ask() {
    if (!this.#asked) await this.insist()
  }

  /** Asks again, because somebody says so. */
  async insist() {
    this.#asked = true
    this.promised = (await navigator.storage?.persist?.().catch(() => null)) ?? null
  }
}

export const persistence = new Persistence()
