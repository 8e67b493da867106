import { outboxOf, type Left, type Outbox } from './outbox.ts'

// Another tab may crash without a word.
const PERIOD = 15_000
const SETTLE = 150

/** What of the account's edits waits in this browser with no page at work on it. Follow an account first. */
class UnsentHere {
  /** By article, the longest list first. */
  list = $state.raw<readonly Left[]>([])
  outbox = $state.raw<Outbox | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Looks after one account's edits until the returned is called. */
  follow(account: string): () => void {
    const outbox = outboxOf(account)
    this.outbox = outbox
    const soon = () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.#look(outbox), SETTLE)
    }
    const stop = outbox.observe(soon)
    const period = setInterval(soon, PERIOD)
    addEventListener('focus', soon)
    void this.#look(outbox)
    return () => {
      stop()
      clearInterval(period)
      clearTimeout(this.#timer)
      removeEventListener('focus', soon)
      this.outbox = null
      this.list = []
    }
  }

  async #look(outbox: Outbox): Promise<void> {
    const left = await outbox.left()
    if (outbox === this.outbox) this.list = left.sort((a, b) => b.n - a.n)
  }
}

export const unsent = new UnsentHere()
