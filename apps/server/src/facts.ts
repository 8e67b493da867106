import type { Transaction } from 'kysely'
import type { Bus } from './bus.ts'
import { tick } from './db/clock.ts'
import { json } from './db/json.ts'
import type { Db } from './db/open.ts'
import type { Tables } from './db/tables.ts'

/** Something that happened, as pages learn of it: numbered within its scope, written in the act's own transaction. */
export interface Fact {
  readonly scope: string
  readonly n: number
  readonly kind: string
  readonly payload: unknown
}

export const projectScope = (project: string): string => `project/${project}`

type Trx = Transaction<Tables>

/** States facts of one scope, in order. Call it after all other writes of the transaction: it locks the scope's clock. */
export async function state(
  trx: Trx,
  scope: string,
  facts: readonly { kind: string; payload: unknown }[],
): Promise<void> {
  if (facts.length === 0) return
  const last = await tick(trx, scope, facts.length)
  const first = last - facts.length + 1
  const rows = facts.map(({ kind, payload }, i) => ({ scope, n: first + i, kind, payload: json(payload) }))
  await trx.insertInto('fact').values(rows).execute()
}

/** How far each scope has come: a page loads its state by HTTP with these numbers and resumes after them. */
export async function positions(db: Db, scopes: readonly string[]): Promise<Record<string, number>> {
  const rows = await db.selectFrom('clock').selectAll().where('scope', 'in', scopes).execute()
  return Object.fromEntries(scopes.map((scope) => [scope, rows.find((row) => row.scope === scope)?.n ?? 0]))
}

/** The facts of a scope after a number, in order, at most a thousand. */
export const factsAfter = (db: Db, scope: string, after: number): Promise<Fact[]> =>
  db
    .selectFrom('fact')
    .select(['scope', 'n', 'kind', 'payload'])
    .where('scope', '=', scope)
    .where('n', '>', after)
    .orderBy('n')
    .limit(1000)
    .execute()

const CHANNEL = 'facts'
/** Rings within this time are one for the other processes. */
const TOGETHER_MS = 10

/** Wakes whoever carries facts to pages, in every process. Lost wake-ups are found by the one-second poll. */
export class FactNotifier {
  readonly #bus: Bus
  readonly #listeners = new Set<() => void>()
  // one of ours is about to tell
  #isTelling = false

  constructor(bus: Bus) {
    this.#bus = bus
    const wake = () => this.#wake()
    bus.subscribe(CHANNEL, wake, wake)
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  notify(): void {
    this.#wake()
    if (!this.#bus.shared || this.#isTelling) return
    this.#isTelling = true
    setTimeout(() => this.#tell(), TOGETHER_MS)
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }

  #tell(): void {
    this.#isTelling = false
    this.#bus.publish(CHANNEL, new Uint8Array())
  }
}
