import { sql, type Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/** Raises a scope's counter and returns the new number. The counter's row is locked last in every transaction. */
export async function tick(trx: Transaction<Tables>, scope: string, by = 1): Promise<number> {
  const row = await trx
    .insertInto('clock')
    .values({ scope, n: by })
    .onConflict((conflict) => conflict.column('scope').doUpdateSet({ n: sql`clock.n + ${by}` }))
    .returning('n')
    .executeTakeFirstOrThrow()
  return row.n
}
