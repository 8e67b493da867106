import { Migrator, sql, type Kysely, type Migration, type MigrationProvider } from 'kysely'
import type { Tables } from './tables.ts'
import * as start from './migrations/0001-start.ts'
import * as refresh from './migrations/0002-refresh.ts'
import * as live from './migrations/0003-live.ts'
import * as installation from './migrations/0004-installation.ts'
import * as atOnce from './migrations/0005-at-once.ts'
import * as verified from './migrations/0006-verified.ts'
import * as bodies from './migrations/0008-bodies.ts'
import * as installationKey from './migrations/0009-installation-key.ts'
import * as links from './migrations/0010-links.ts'
import * as ends from './migrations/0011-ends.ts'

/** Every migration there is, in order: forward only, each in a transaction. */
const migrations: Record<string, Migration> = {
  '0001-start': start,
  '0002-refresh': refresh,
  '0003-live': live,
  '0004-installation': installation,
  '0005-at-once': atOnce,
  '0006-verified': verified,
  '0008-bodies': bodies,
  '0009-installation-key': installationKey,
  '0010-links': links,
  '0011-ends': ends,
}

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) }

/**
 * Brings the schema up to date. Throws the database's own error, with nothing changed by the step that failed, and
 * refuses a database that a newer Tamga has migrated. `to` stops after that step.
 */
export async function migrate(db: Kysely<Tables>, to?: string): Promise<void> {
  const unknown = await unknownSteps(db)
  if (unknown.length > 0)
    throw new Error(
      `A newer Tamga has migrated this database (${unknown.join(', ')}): start that one. Nothing was changed.`,
    )
  const migrator = new Migrator({ db, provider })
  const { error } = await (to ? migrator.migrateTo(to) : migrator.migrateToLatest())
  if (error) throw error instanceof Error ? error : new Error(JSON.stringify(error))
}

/** Steps that this Tamga knows and that this database has not taken. */
export async function unappliedSteps(db: Kysely<Tables>): Promise<string[]> {
  const taken = new Set(await takenSteps(db))
  return Object.keys(migrations).filter((name) => !taken.has(name))
}

/** Steps that this database has taken and that this Tamga does not know. */
const unknownSteps = async (db: Kysely<Tables>): Promise<string[]> =>
  (await takenSteps(db)).filter((name) => !(name in migrations))

async function takenSteps(db: Kysely<Tables>): Promise<string[]> {
  const { rows: there } = await sql<{ it: string | null }>`select to_regclass('kysely_migration') as it`.execute(db)
  if (!there[0]?.it) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}
