import { sql, type Kysely } from 'kysely'

/**
 * How far gold of a project has followed its newest settings: the id of the last layer done, '' before the first, null
 * when all are. A change that a crash cut short is taken up from here.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table project add column refreshed_to text`.execute(db)
}
