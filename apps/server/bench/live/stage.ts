import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { say } from './figures.ts'
import { cpuWithChildren, parentOf } from './machine.ts'

/** What the launcher hands to a benchmark. */
export interface Launcher {
  readonly atEnd: (undo: () => unknown) => void
  /** A port that stays free while the server on it is started again. */
  readonly freePort: () => Promise<number>
  readonly environment: (more: Readonly<Record<string, string>>) => NodeJS.ProcessEnv
  /** A Postgres with throw-away data that keeps what it has committed, as one in earnest does. */
  readonly postgres: () => Promise<string>
  /** A Redis that keeps nothing. */
  readonly redis: () => Promise<string>
  /** The folder of a package of its own, with its dependencies installed. */
  readonly installed: (folder: string) => Promise<string>
  /** The built server. */
  readonly server: string
}

/** What every server under test stands on. */
export interface Stage extends Pick<Launcher, 'atEnd' | 'freePort' | 'environment' | 'server'> {
  /** The URL of a Redis, or null on a machine without one. */
  readonly redis: string | null
  /** The folder with the peers' scripts. */
  readonly peers: string
  /** The URL of a new database. */
  database(): Promise<string>
  /** CPU seconds that Postgres has used, or null if it is not on this machine. */
  databaseCpu(): number | null
}

export async function openStage(launcher: Launcher): Promise<Stage> {
  const { atEnd, freePort, environment, server } = launcher
  const peers = await launcher.installed('apps/server/bench/peers')
  const url = await launcher.postgres()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  atEnd(() => client.end())
  const { rows } = await client.query<{ pid: number; fsync: string }>(
    `select pg_backend_pid() as pid, current_setting('fsync') as fsync`,
  )
  if (rows[0]!.fsync !== 'on') throw new Error('This Postgres runs with fsync off: its figures would say nothing.')
  const redis = await launcher.redis().catch((error: Error) => {
    say(`Several processes are left out: ${error.message}`)
    return null
  })
  const postmaster = here(url) ? parentOf(rows[0]!.pid) : null
  return {
    ...{ atEnd, freePort, environment, server, redis, peers },
    async database() {
      const name = `bench_${randomBytes(6).toString('hex')}`
      await client.query(`create database ${name}`)
      const made = new URL(url)
      made.pathname = `/${name}`
      return made.href
    },
    databaseCpu: () => (postmaster === null ? null : cpuWithChildren(postmaster)),
  }
}

const here = (url: string): boolean => ['127.0.0.1', 'localhost'].includes(new URL(url).hostname)
