import type { FactMessage } from '@tamga/collab'
import { taskFailed } from '../background.ts'
import type { Db } from '../db/open.ts'
import { factsAfter, positions } from '../facts.ts'
import type { Services } from '../services.ts'

interface Subscription {
  readonly scope: string
  readonly deliver: (fact: FactMessage) => void
  /** The last number it has; null until it is known where the scope stands. */
  n: number | null
}

/**
 * Carries facts from the database to those who listen, each from the number it has seen. Looks when it is notified and
 * whenever it is told to: a lost ring costs at most the time to the next look.
 */
export class Feed {
  readonly #db: Db
  readonly #services: Pick<Services, 'log' | 'metrics' | 'disk'>
  readonly #subscriptions = new Set<Subscription>()
  readonly #stop: () => void
  #looking: Promise<void> | null = null
  #again = false

  constructor(services: Pick<Services, 'db' | 'disk' | 'notifier' | 'log' | 'metrics'>) {
    this.#db = services.db
    this.#services = services
    this.#stop = services.notifier.listen(() => this.look())
  }

  /** Delivers the facts of a scope after a number, in order; without one, those from now on. Returns what ends it. */
  subscribe(scope: string, after: number | null, deliver: Subscription['deliver']): () => void {
    const subscription = { scope, deliver, n: after }
    this.#subscriptions.add(subscription)
    this.look()
    return () => this.#subscriptions.delete(subscription)
  }

  /** Looks for new facts now, or once more when it is looking already. */
  look(): void {
    this.#again = true
    this.#looking ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop()
    this.#subscriptions.clear()
    await this.#looking
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      try {
        await this.#lookOnce()
        this.#services.metrics.background.succeeded('facts')
      } catch (error) {
        // the next look finds what this one missed
        taskFailed(this.#services, 'facts', error)
      }
    }
    this.#looking = null
  }

  async #lookOnce(): Promise<void> {
    const scopes = new Set([...this.#subscriptions].map(({ scope }) => scope))
    if (scopes.size === 0) return
    const heads = await positions(this.#db, [...scopes])
    for (const scope of scopes) await this.#lookAt(scope, heads[scope] ?? 0)
  }

  async #lookAt(scope: string, head: number): Promise<void> {
    const listening = [...this.#subscriptions].filter((one) => one.scope === scope)
    // a number from a database that was put back to an older state lies ahead: then all that is new counts
    for (const one of listening) if (one.n === null || one.n > head) one.n = head
    for (let after = Math.min(...listening.map(({ n }) => n!)); after < head;) {
      const facts = await factsAfter(this.#db, scope, after)
      if (facts.length === 0) return
      for (const one of listening) this.#deliver(one, facts)
      after = facts.at(-1)!.n
    }
  }

  #deliver(one: Subscription, facts: readonly FactMessage[]): void {
    for (const fact of facts)
      if (fact.n > one.n! && this.#subscriptions.has(one)) {
        one.n = fact.n
        one.deliver(fact)
      }
  }
}
