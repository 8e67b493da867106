import { sql, type Kysely } from 'kysely'

/**
 * The secret under which this installation signs its cookies. It is made when it is first asked for, as the row is; a
 * database that was moved or restored keeps it, and with it everybody's sessions.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table installation add column key text check (length(key) >= 43)`.execute(db)
}
