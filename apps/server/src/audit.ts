import { json } from './db/json.ts'
import type { Db } from './db/open.ts'

/** Something done outside a layer: who did what to which subject, with what it was before and is after. */
export interface Act {
  readonly project: string | null
  readonly account: string | null
  readonly act: string
  readonly subject: string
  readonly before?: object
  readonly after?: object
}

/** Records an act in the transaction that does it. */
export const record = (trx: Db, act: Act): Promise<void> => recordAll(trx, [act])

/** The same for several, in their order. */
export async function recordAll(trx: Db, acts: readonly Act[]): Promise<void> {
  for (let i = 0; i < acts.length; i += ROWS)
    await trx
      .insertInto('audit')
      .values(acts.slice(i, i + ROWS).map(toRow))
      .execute()
}

const ROWS = 1000

const toRow = ({ before, after, ...act }: Act) => ({
  ...act,
  before: before ? json(before) : null,
  after: after ? json(after) : null,
})
