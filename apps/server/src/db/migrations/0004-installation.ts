import { sql, type Kysely } from 'kysely'

/**
 * The name under which the processes over this database find each other in a Redis that others use too. The row is
 * written when it is first asked for: a database that is made as a copy of an empty one gets its own.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table installation (one boolean primary key default true check (one), id text not null)`.execute(db)
}
