import { Migrator, type Kysely, type Migration, type MigrationProvider } from 'kysely'
import type { Tables } from './tables.ts'
import * as start from './migrations/0001-start.ts'

/** Every migration there is, in order: forward only, each in a transaction. */
const migrations: Record<string, Migration> = { '0001-start': start }

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) }

/**
 * Brings the schema up to date. Throws the database's own error, with nothing changed by the step that failed, and
 * refuses a database that a newer Tamga has migrated.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error instanceof Error ? error : new Error(JSON.stringify(error))
}
