import { hostname } from 'node:os'
import { sql } from 'kysely'
import pg from 'pg'
import type { Log } from '../log.ts'
import type { Db } from './open.ts'

/** A server's right to be on a Postgres: alone, or with others of its kind. */
export interface ServerLock {
  /** Calls back once if another server took the database while this one's connection was broken. */
  onLost(callback: (error: Error) => void): void
  release(): Promise<void>
}

interface LockOptions {
  /** True for one of several servers that meet in a Redis; false for one that must be alone. */
  readonly shared: boolean
  /** How long to wait for a server that is just going, as in a restart. */
  readonly patienceMs?: number
}

/**
 * Takes the lock and keeps it: on a connection of its own, since it lasts as long as that. Throws
 * in words who holds it and what to do. `db` is the same database by other connections.
 */
export async function lockServer(url: string, db: Db, options: LockOptions, log: Log): Promise<ServerLock> {
  const lock = new Lock(url, options.shared, log)
  try {
    await lock.take(options.patienceMs ?? PATIENCE_MS)
    await lock.prove(db)
    return lock
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Tamga's locks beside others' in one database: two numbers each, of which the first spells "tmga". */
export const CLASS = 0x746d6761
const KEY = 1
const PATIENCE_MS = 5000
const LOOK_MS = 100
const CONNECT_MS = 10_000
/** The connection is asked for so often, and given up when it does not answer until the next time. */
const BEAT_MS = 10_000
const RETRY_MS = 2000

interface Holder {
  readonly pid: number
  readonly name: string | null
  readonly address: string | null
  readonly since: Date | null
  readonly alone: boolean
}

class Lock implements ServerLock {
  readonly #url: string
  readonly #shared: boolean
  readonly #log: Log
  // names the holder to whoever is refused: the database cuts it at 63 bytes
  readonly #name = `tamga ${process.pid}@${hostname()}`.slice(0, 63)
  #client: pg.Client | null = null
  /** The database's number for the connection that holds the lock, or held it last. */
  #pid = 0
  #beat: NodeJS.Timeout | undefined
  #released = false
  #lost: Error | null = null
  #tellLost: (error: Error) => void = () => undefined

  constructor(url: string, shared: boolean, log: Log) {
    this.#url = url
    this.#shared = shared
    this.#log = log
  }

  onLost(callback: (error: Error) => void): void {
    this.#tellLost = callback
    if (this.#lost) callback(this.#lost)
  }

  async release(): Promise<void> {
    this.#released = true
    clearInterval(this.#beat)
    await this.#client?.end().catch(() => undefined)
  }

  /** Takes it, or throws who still has it after a while. */
  async take(patienceMs: number): Promise<void> {
    const client = await this.#connect()
    for (const end = performance.now() + patienceMs; !(await this.#try(client));) {
      if (performance.now() > end) throw new Error(this.#refusal(await this.#others(client)))
      await rest(LOOK_MS)
    }
    await this.#keep(client)
  }

  /** Throws if what lies between here and the database gives each transaction another connection: nothing is held then. */
  async prove(db: Db): Promise<void> {
    const mine = () => this.#client!.query<{ pid: number }>('select pg_backend_pid() as pid').then(pidOf)
    const pids = await db.transaction().execute(async (trx) => {
      const other = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx).then(pidOf)
      return { other, mine: await mine() }
    })
    if (pids.mine === this.#pid && pids.other !== this.#pid) return
    await this.#client!.query('select pg_advisory_unlock_all()')
    await sql`select pg_advisory_unlock_all()`.execute(db)
    throw new Error(
      'DATABASE_URL leads through a pooler that gives each transaction another connection (as pgbouncer with ' +
        'pool_mode = transaction does), so Tamga cannot make sure that no other server works on the same database. ' +
        'Name the database itself, or a pooler with pool_mode = session.',
    )
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: BEAT_MS,
    })
    // it ends with an error, or without one; either way `end` comes
    client.on('error', () => undefined)
    this.#client = client
    await client.connect()
    await client.query(`select set_config('application_name', $1, false)`, [this.#name])
    return client
  }

  async #try(client: pg.Client): Promise<boolean> {
    const verb = this.#shared ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock'
    const { rows } = await client.query<{ taken: boolean }>(`select ${verb}($1, $2) as taken`, [CLASS, KEY])
    return rows[0]!.taken
  }

  /** From now on the connection is watched, from both its ends. */
  async #keep(client: pg.Client): Promise<void> {
    this.#pid = pidOf(await client.query<{ pid: number }>('select pg_backend_pid() as pid'))
    // the database lets go of a server whose machine vanished after 5 + 3 × 2 seconds
    await client.query(
      'set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3; ' +
        'set idle_session_timeout = 0; set statement_timeout = 0',
    )
    client.once('end', () => void this.#broken())
    let answered = true
    this.#beat = setInterval(() => {
      if (!answered) return void client.end().catch(() => undefined)
      answered = false
      client.query('select 1').then(
        () => (answered = true),
        () => undefined,
      )
    }, BEAT_MS)
    this.#beat.unref()
  }

  async #broken(): Promise<void> {
    clearInterval(this.#beat)
    if (this.#released) return
    this.#log.warn('the connection that keeps the database for this server broke')
    while (!this.#released && !(await this.#again())) await rest(RETRY_MS * Math.random())
  }

  /** Takes the lock again. True if it is settled: taken, or lost to somebody else. */
  async #again(): Promise<boolean> {
    try {
      const client = await this.#connect()
      if (await this.#try(client)) {
        await this.#keep(client)
        this.#log.warn('the database is kept for this server again')
        return true
      }
      const [former, others] = parted(
        await this.#others(client),
        (one) => one.pid === this.#pid && one.name === this.#name,
      )
      // our own connection, of whose end the database has not heard
      for (const { pid } of former) await client.query('select pg_terminate_backend($1)', [pid])
      await client.end()
      if (others.length === 0) return false
      this.#lost = new Error(`${tellOf(others)} took it while this server could not reach it`)
      this.#tellLost(this.#lost)
      return true
    } catch {
      void this.#client?.end().catch(() => undefined)
      return false
    }
  }

  /** Those who are in the way: everybody for one that must be alone, else one that is. */
  async #others(client: pg.Client): Promise<Holder[]> {
    const { rows } = await client.query<Holder>(
      `select l.pid, application_name as name, host(client_addr) as address, backend_start as since,
         mode = 'ExclusiveLock' as alone
       from pg_locks l left join pg_stat_activity a on a.pid = l.pid
       where locktype = 'advisory' and classid = $1 and objid = $2 and objsubid = 2 and granted
         and database = (select oid from pg_database where datname = current_database())
       order by backend_start`,
      [CLASS, KEY],
    )
    return rows.filter(({ alone }) => alone || !this.#shared)
  }

  #refusal(others: readonly Holder[]): string {
    const remedy = this.#shared
      ? 'It runs without REDIS_URL, and so alone: stop it, and start it again with the same REDIS_URL as this one.'
      : others.some(({ alone }) => alone)
        ? 'Stop it first; or, to run several, give all of them the same REDIS_URL.'
        : 'They work together by a REDIS_URL: give this one the same, or stop them first.'
    return `The database that DATABASE_URL names is in use by ${tellOf(others)}. ${remedy}`
  }
}

/** "another Tamga (process 17 on web-1, from 10.0.0.7, since 2026-11-28 17:40:05 UTC)". */
function tellOf(holders: readonly Holder[]): string {
  const [first, ...more] = holders
  if (!first) return 'another Tamga that has just gone'
  const { name, pid, address, since } = first
  const [, own, machine] = /^tamga (\d+)@(.*)$/.exec(name ?? '') ?? []
  const told = [
    own ? `process ${own} on ${machine}` : `Postgres process ${pid}`,
    ...(address ? [`from ${address}`] : []),
    ...(since ? [`since ${since.toISOString().slice(0, 19).replace('T', ' ')} UTC`] : []),
  ]
  return `another Tamga (${told.join(', ')})${more.length > 0 ? ` and ${more.length} more` : ''}`
}

const pidOf = ({ rows }: { readonly rows: readonly { readonly pid: number }[] }): number => rows[0]!.pid

function parted<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))]
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
