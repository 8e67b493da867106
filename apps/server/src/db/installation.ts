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

/** 256 bits. */
const KEY_BYTES = 32

/**
 * The secret under which all processes over this database sign their cookies, made when it is first asked for. It is never
 * logged and never leaves the process.
 */
export async function installationKey(db: Db): Promise<string> {
  const made = { id: randomBytes(16).toString('hex'), key: randomBytes(KEY_BYTES).toString('base64url') }
  await db
    .insertInto('installation')
    .values(made)
    .onConflict((there) => there.column('one').doUpdateSet({ key: made.key }).where('installation.key', 'is', null))
    .execute()
  const { key } = await db.selectFrom('installation').select('key').executeTakeFirstOrThrow()
  return key!
}
