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
export const record = (trx: Db, { before, after, ...act }: Act) =>
  trx
    .insertInto('audit')
    .values({ ...act, before: before ? json(before) : null, after: after ? json(after) : null })
    .execute()
