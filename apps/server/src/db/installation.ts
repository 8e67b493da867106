import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from './open.ts'

/**
 * A name that all processes over this database share with nobody else. It is random, and the database's own place goes
 * into it: a copy of the database, whose rows are the same, has another one.
 */
export async function installationOf(db: Db): Promise<string> {
  const id = randomBytes(16).toString('hex')
  await db
    .insertInto('installation')
    .values({ id })
    .onConflict((there) => there.doNothing())
    .execute()
  const { rows } = await sql<{ place: string }>`
    select installation.id || '/' || pg_database.oid || '/' || system_identifier as place
    from installation, pg_database, pg_control_system()
    where datname = current_database()`.execute(db)
  return createHash('sha256').update(rows[0]!.place).digest('hex').slice(0, 24)
}
