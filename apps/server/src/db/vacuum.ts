import { sql } from 'kysely'
import type { Database } from './open.ts'

/** Transactions that wrote, after which dead rows are worth a sweep. */
const WRITES = 1000

/**
 * Sweeps dead rows out of the embedded database, which has nothing that does so by itself, and counts anew what its
 * planner goes by. Table by table while `mayGoOn`: a large one stops everybody for seconds. Answers how many were swept;
 * 0 on Postgres, and where little was written since the number of writes `since`.
 */
export async function vacuum(
  database: Database,
  since: number,
  mayGoOn: () => boolean,
): Promise<{ tables: number; writes: number }> {
  const { db, kind } = database
  const writes = kind === 'pglite' ? await writesOf(db) : since
  if (writes - since < WRITES) return { tables: 0, writes: since }
  const tables = await tablesOf(db)
  for (const [swept, table] of tables.entries()) {
    // what is left over is swept the next time
    if (!mayGoOn()) return { tables: swept, writes: since }
    await database.patiently(() => sql`vacuum (analyze) ${sql.table(table)}`.execute(db))
  }
  return { tables: tables.length, writes }
}

/** Every transaction that writes takes the next number. */
async function writesOf(db: Database['db']): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as n`.execute(db)
  return rows[0]!.n
}

async function tablesOf(db: Database['db']): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`.execute(db)
  return rows.map(({ name }) => name)
}
