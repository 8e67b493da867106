import { sql, type Kysely } from 'kysely'

/**
 * Marks the documents that an earlier release wrote. It could change a value in a document without logging that, so their
 * logs may say something else than their rows: each is compared with its rows when it is loaded for the first time.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table layer_head add log_verified boolean not null default true',
  'update layer_head set log_verified = false where seq > 0',
]
