import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { silent, type Log } from '../log.ts'
import { DiskState, RESERVE_BYTES } from './disk.ts'
import { Embedded } from './embedded.ts'
import { lockFolder, type FolderLock, type LockOptions } from './lock.ts'
import type { Holder } from './lock-file.ts'
import { tightenModes } from './modes.ts'
import { PriorityPool } from './priority-pool.ts'
import type { Tables } from './tables.ts'
import { Watch, type Limits } from './watch.ts'

export type Db = Kysely<Tables>

/** An open database: the one code path for Postgres and for the embedded PGlite. */
export interface Database {
  readonly kind: 'pglite' | 'postgres'
  readonly db: Db
  /** Whether its disk takes writes. */
  readonly disk: DiskState
  /** The connections that there are now, and who waits for one. */
  connections(): { readonly total: number; readonly idle: number; readonly waiting: number }
  /**
   * Begins to watch over the embedded database: a transaction or a statement that takes longer than the limits fails as if
   * the database had crashed, and the database is started again where it hangs. Nothing on Postgres.
   */
  watch(limits?: Limits): void
  /** Runs what may take longer than the watch allows. */
  patiently<T>(act: () => Promise<T>): Promise<T>
  /** Calls back once if the database is lost for good (the embedded one's thread ended again and again). */
  onLost(callback: (error: Error) => void): void
  /** Tells readers of the data folder where this server answers; nothing on Postgres. */
  announce(where: Pick<Holder, 'url' | 'socket'>): void
  close(): Promise<void>
}

/** Where to open: a Postgres by its URL, or a data folder with the file of the worker that serves it. */
export type Source = { readonly url: string } | Folder

interface Folder extends LockOptions {
  readonly dir: string
  readonly worker: string
}

export const openDatabase = (source: Source, log: Log = silent): Promise<Database> =>
  'url' in source ? openPostgres(source.url) : openFolder(source, log)

const POSTGRES_CONNECTIONS = 10
// One, no more: pglite-socket 0.2 queues single protocol messages, so the Parse and Bind of two connections would meet on
// PGlite's one unnamed statement, and rows of one query answer another.
const PGLITE_CONNECTIONS = 1
const LIMITS: Limits = { transactionMs: 5000, statementMs: 10_000 }

const OLDEST = 15

/** A database that went away without a word is noticed in the end, and a transaction that is forgotten gives its locks back. */
const patience = { keepAlive: true, connectionTimeoutMillis: 10_000, idle_in_transaction_session_timeout: 60_000 }

async function openPostgres(url: string): Promise<Database> {
  const { db, close, connections } = base(
    new PriorityPool({ connectionString: url, ...patience, pipeline: true, max: POSTGRES_CONNECTIONS, types }),
  )
  try {
    const version = await majorVersion(db)
    if (version < OLDEST) throw new Error(`it is Postgres ${version}, and Tamga needs ${OLDEST} or later`)
  } catch (error) {
    await close()
    throw new Error(`The database that DATABASE_URL names cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return {
    ...{ db, close, connections, kind: 'postgres', disk: new DiskState() },
    watch: () => undefined,
    patiently: (act) => act(),
    onLost: () => undefined,
    announce: () => undefined,
  }
}

async function majorVersion(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select current_setting('server_version_num')::int / 10000 as n`.execute(db)
  return rows[0]!.n
}

async function openFolder(folder: Folder, log: Log): Promise<Database> {
  const { dir, worker } = folder
  const lock = await lockFolder(dir, folder)
  try {
    checkVersion(dir, lock.root)
    closeToOthers(dir, lock.root, log)
    return await openPglite(worker, lock, log)
  } catch (error) {
    lock.release()
    throw error
  }
}

function closeToOthers(dir: string, root: string, log: Log): void {
  const { tightened, loose } = tightenModes(root)
  if (tightened > 0)
    log.warn(`${tightened} files or folders of "${dir}" were open to other users of this machine; now they are not`)
  if (loose === null) return
  const path = loose.replace(root, dir)
  log.warn(
    `other users of this machine may read "${path}": its mode cannot be changed. ` +
      'Make its owner the user who runs Tamga, or use a file system that keeps modes.',
  )
}

async function openPglite(workerFile: string, lock: FolderLock, log: Log): Promise<Database> {
  const sockets = mkdtempSync(join(tmpdir(), 'tamga-'))
  const listen = { path: join(sockets, '.s.PGSQL.5432') }
  const disk = new DiskState({ hasWorker: true })
  const embedded = new Embedded(workerFile, { dir: join(lock.root, 'db'), listen, reserve: RESERVE_BYTES }, disk, log)
  await embedded.ready
  const address = { host: sockets, port: 5432, user: 'postgres', database: 'postgres' }
  const pool = new PriorityPool({ ...address, max: PGLITE_CONNECTIONS, types })
  const { db, close, connections } = base(pool)
  const watch = new Watch(pool, {
    longTransaction: () => log.error('a transaction was open too long and lost its connection'),
    hung() {
      log.error('a statement took too long: the embedded database is interrupted')
      embedded.interrupt()
    },
  })
  return {
    kind: 'pglite',
    db,
    disk,
    connections,
    watch: (limits = LIMITS) => watch.start(limits),
    patiently: (act) => watch.patiently(act),
    onLost: (callback) => embedded.onLost(callback),
    announce: (where) => lock.announce(where),
    async close() {
      watch.stop()
      await close()
      await embedded.close()
      rmSync(sockets, { recursive: true, force: true })
      lock.release()
    },
  }
}

const pools = new WeakMap<Db, PriorityPool>()

/** The connections below the query builder, for what must be sent in one breath. */
export const poolOf = (db: Db): PriorityPool => pools.get(db)!

function base(pool: PriorityPool) {
  // an idle connection that breaks is replaced by the pool; one in use fails its next query. Without listeners either
  // would end the process
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  pools.set(db, pool)
  const connections = () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCallers })
  return { db, connections, close: () => db.destroy() }
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
function checkVersion(dir: string, root: string): void {
  const file = join(root, 'VERSION')
  if (!existsSync(file)) return writeFileSync(file, FORMAT + '\n', { mode: 0o600 })
  const found = readFileSync(file, 'utf8').trim()
  if (found !== FORMAT) throw new Error(`${dir} was written by ${found}; this Tamga reads ${FORMAT}`)
}
