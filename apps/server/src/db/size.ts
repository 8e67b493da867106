import { sql } from 'kysely'
import type { Db } from './open.ts'

/** From here on a Postgres serves people better than the embedded database. */
export const EMBEDDED = { spans: 300_000, bytes: 2_000_000_000 }

/** How much there is. Spans that are gone count until the next VACUUM: they take their room. */
export async function sizeOf(db: Db): Promise<{ spans: number; bytes: number }> {
  const { rows } = await sql<{ spans: number; bytes: number }>`
    select pg_database_size(current_database()) as bytes, case
      when c.reltuples < 0 then (select count(*) from annotation) else c.reltuples::bigint end as spans
    from pg_class c where c.oid = 'annotation'::regclass`.execute(db)
  return rows[0]!
}

/** Below this a count costs nothing. */
const COUNTED_BYTES = 64 * 1024 * 1024

/** The log of live edits: rows (about, where it is large) and what it takes on disk with its indexes. */
export async function logSize(db: Db): Promise<{ rows: number; bytes: number }> {
  const { rows } = await sql<{ rows: number; bytes: number }>`
    select s.bytes, case
      when c.reltuples < 0 or s.bytes < ${COUNTED_BYTES} then (select count(*) from layer_log)
      else c.reltuples::bigint end as rows
    from pg_class c, lateral (select pg_total_relation_size(c.oid) as bytes) s
    where c.oid = 'layer_log'::regclass`.execute(db)
  return rows[0]!
}
