import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openDatabase, type Db } from '../src/db/open.ts'
import { layGround, type Ground } from './ground.ts'
import type { Launcher } from './launcher.ts'
import { copyDatabase, prepareStrikes } from './strikes.ts'

/** A database that outlives its servers: what they are told of it, and a look into it from outside. */
export interface Base {
  readonly ground: Ground
  /** How a server is pointed to it. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The Postgres behind it; null for the embedded one. */
  readonly postgres: Awaited<ReturnType<Launcher['postgres']>> | null
  /** Looks into it. The embedded one must not be in use by a server. */
  look<T>(act: (db: Db) => Promise<T>): Promise<T>
  /** Copies all of it while no server uses it. Answers what puts the copy back, while no server uses it either. */
  backup(): Promise<() => Promise<void>>
}

export async function postgresBase(launcher: Launcher): Promise<Base> {
  const postgres = await launcher.postgres()
  const source = { url: postgres.url }
  const ground = await within(source, layGround)
  await prepareStrikes(postgres.url)
  return {
    ...{ ground, postgres, args: [], env: { DATABASE_URL: postgres.url } },
    look: (act) => within(source, act),
    backup: () => copyDatabase(postgres.url),
  }
}

export async function folderBase(launcher: Launcher): Promise<Base> {
  const dir = mkdtempSync(join(tmpdir(), 'tamga-faults-'))
  launcher.atEnd(() => rmSync(dir, { recursive: true, force: true }))
  const source = { dir, worker: join(dirname(launcher.server), 'pglite-worker.js') }
  const ground = await within(source, layGround)
  return {
    ground,
    postgres: null,
    args: ['--data', dir],
    env: { DATABASE_URL: '' },
    look: (act) => within(source, act),
    async backup() {
      const kept = `${dir}-kept`
      launcher.atEnd(() => rmSync(kept, { recursive: true, force: true }))
      rmSync(kept, { recursive: true, force: true })
      cpSync(dir, kept, { recursive: true })
      return async () => {
        rmSync(dir, { recursive: true })
        cpSync(kept, dir, { recursive: true })
      }
    },
  }
}

async function within<T>(source: Parameters<typeof openDatabase>[0], act: (db: Db) => Promise<T>): Promise<T> {
  const database = await openDatabase(source)
  try {
    return await act(database.db)
  } finally {
    await database.close()
  }
}
