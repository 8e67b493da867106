import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { lockFolder, type FolderLock, type Holder } from './lock.ts'
import type { PgliteOptions } from './pglite-worker.ts'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>

/** An open database: the one code path for Postgres and for the embedded PGlite. */
export interface Database {
  readonly kind: 'pglite' | 'postgres'
  readonly db: Db
  /** Calls back once if the database is lost for good (the embedded one's thread ended). */
  onLost(callback: (error: Error) => void): void
  /** Tells readers of the data folder where this server answers; nothing on Postgres. */
  announce(where: Pick<Holder, 'url' | 'console'>): void
  close(): Promise<void>
}

/** Where to open: a Postgres by its URL, or a data folder with the file of the worker that serves it. */
export type Source = { readonly url: string } | { readonly dir: string; readonly worker: string }

export const openDatabase = (source: Source): Promise<Database> =>
  'url' in source ? openPostgres(source.url) : openFolder(source.dir, source.worker)

const POSTGRES_CONNECTIONS = 10
// One, no more: pglite-socket 0.2 queues single protocol messages, so the Parse and Bind of two connections would meet on
// PGlite's one unnamed statement, and rows of one query answer another.
const PGLITE_CONNECTIONS = 1

const OLDEST = 15

async function openPostgres(url: string): Promise<Database> {
  const { db, close } = base(new pg.Pool({ connectionString: url, max: POSTGRES_CONNECTIONS, types }))
  try {
    const version = await majorVersion(db)
    if (version < OLDEST) throw new Error(`it is Postgres ${version}, and Tamga needs ${OLDEST} or later`)
  } catch (error) {
    await close()
    throw new Error(`The database that DATABASE_URL names cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return { db, close, kind: 'postgres', onLost: () => undefined, announce: () => undefined }
}

async function majorVersion(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select current_setting('server_version_num')::int / 10000 as n`.execute(db)
  return rows[0]!.n
}

async function openFolder(dir: string, workerFile: string): Promise<Database> {
  const lock = lockFolder(dir)
  try {
    checkVersion(dir)
    return await openPglite(dir, workerFile, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openPglite(dir: string, workerFile: string, lock: FolderLock): Promise<Database> {
  const sockets = mkdtempSync(join(tmpdir(), 'tamga-'))
  const options: PgliteOptions = { dir: join(dir, 'db'), listen: { path: join(sockets, '.s.PGSQL.5432') } }
  const worker = new Worker(workerFile, { workerData: options })
  let closing = false
  let lost: (error: Error) => void = () => undefined
  await answer(worker, 'ready')
  worker.on('error', (error) => lost(error))
  worker.on('exit', (code) => closing || lost(new Error(`the embedded database ended with code ${code}`)))
  const pool = new pg.Pool({
    host: sockets,
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    max: PGLITE_CONNECTIONS,
    types,
  })
  const { db, close } = base(pool)
  return {
    kind: 'pglite',
    db,
    onLost: (callback) => (lost = callback),
    announce: (where) => lock.announce(where),
    async close() {
      closing = true
      await close()
      const stopped = answer(worker, 'stopped')
      worker.postMessage('stop')
      await stopped
      await worker.terminate()
      rmSync(sockets, { recursive: true, force: true })
      lock.release()
    },
  }
}

function base(pool: pg.Pool) {
  // an idle connection that breaks is replaced by the pool; one in use fails its next query. Without listeners either
  // would end the process
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, close: () => db.destroy() }
}

/** Waits for one kind of message from the worker; rejects if it ends or fails before. */
function answer(worker: Worker, kind: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: { kind: string }) => {
      if (message.kind !== kind) return
      off()
      resolve()
    }
    const onEnd = (reason: unknown) => {
      off()
      reject(reason instanceof Error ? reason : new Error(`the embedded database ended with code ${String(reason)}`))
    }
    const off = () => worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd)
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd)
  })
}

// Both databases answer in the same types: counters as numbers (all stay below 2^53), dates as they are written.
const INT8 = 20
const DATE = 1082
const own: Readonly<Record<number, (value: string) => unknown>> = { [INT8]: Number, [DATE]: (value) => value }
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) => own[oid] ?? (pg.types.getTypeParser(oid) as (value: string) => unknown),
}

const FORMAT = 'pglite 0.5 (Postgres 18)'

/** A newer PGlite cannot open an older one's folder: the file beside the data says which one wrote it. */
function checkVersion(dir: string): void {
  const file = join(dir, 'VERSION')
  if (!existsSync(file)) return writeFileSync(file, FORMAT + '\n')
  const found = readFileSync(file, 'utf8').trim()
  if (found !== FORMAT) throw new Error(`${dir} was written by ${found}; this Tamga reads ${FORMAT}`)
}
