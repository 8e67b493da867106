import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort, Process } from './process.ts'

/** Which database a server under test runs on. */
export type Base = 'pglite' | 'postgres'

/** A server as a user starts it: a process of its own, with a data folder or a database of its own. */
export interface TestServer {
  readonly url: string
  /** All that it printed since its last start. */
  readonly printed: () => string
  /** The one-time links it printed, by the word before them (a role, or "owner" for the first owner). */
  links(): Record<string, string>
  /** `kill -9`. */
  kill(): Promise<void>
  /** Starts it again on the same data and port. */
  start(): Promise<void>
  /** Ends it as Ctrl-C does, and keeps its data. */
  end(): Promise<void>
  /** Takes a backup of its data while it does not run. Answers what puts the backup back, while it does not run. */
  backup(): Promise<() => Promise<void>>
  /** Ends it as Ctrl-C does and removes its data. */
  stop(): Promise<void>
  /** Rows of its Postgres. Only where it runs on one. */
  rows<T>(statement: string, values?: unknown[]): Promise<T[]>
}

interface Asked {
  readonly base?: Base
  readonly demo?: boolean
  /** The address of this machine that it listens on; its own alone unless named. */
  readonly host?: string
  readonly env?: NodeJS.ProcessEnv
}

export async function startServer({
  base = 'pglite',
  demo = true,
  host = '127.0.0.1',
  env = {},
}: Asked = {}): Promise<TestServer> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-'))
  const database = base === 'postgres' ? await makeDatabase(demo ? process.env.E2E_TEMPLATE_DATABASE : undefined) : null
  if (!database && demo) cpSync(process.env.E2E_TEMPLATE!, dir, { recursive: true })
  const args = ['--port', String(port), '--host', host, '--data', dir, ...(demo ? [] : ['--no-demo'])]
  let child = null as Process | null

  async function start(): Promise<void> {
    child = new Process('server', args, { ...env, DATABASE_URL: database?.url ?? '' })
    await child.ready()
  }

  await start()
  return {
    url: `http://${host}:${port}`,
    printed: () => child!.output,
    links: () => linksIn(child!.output),
    kill: async () => void (await child!.end('SIGKILL')),
    start,
    end: async () => void (await child!.end('SIGTERM')),
    backup: async () => (database ? database.backup() : copyOf(dir)),
    async stop() {
      await child?.end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
      rmSync(keptOf(dir), { recursive: true, force: true })
      await database?.drop()
    },
    async rows<T>(statement: string, values: unknown[] = []) {
      if (!database) throw new Error('this server has no Postgres to look into')
      return (await query(database.url, statement, values)) as T[]
    },
  }
}

const keptOf = (dir: string) => `${dir}-kept`

/** Copies the folder of a stopped server, as who runs it does. */
function copyOf(dir: string): () => Promise<void> {
  cpSync(dir, keptOf(dir), { recursive: true })
  return async () => {
    rmSync(dir, { recursive: true })
    cpSync(keptOf(dir), dir, { recursive: true })
  }
}

/** The one-time links in what a server printed, by the word before them; `first` is the first owner's. */
export function linksIn(output: string): Record<string, string> {
  const links: Record<string, string> = {}
  for (const line of output.split('\n')) {
    const link = /https?:\/\/\S+\/link#[0-9a-f]+/.exec(line)?.[0]
    if (link)
      links[line.trim().split(/\s+/)[0]!.startsWith('http') ? 'first' : line.trim().replace(/\s+http.*/, '')] = link
  }
  return links
}

let made = 0

/** A Postgres database of its own, empty or a copy of the one that is named, and how to look into it and drop it. */
export async function makeDatabase(template = 'template1') {
  const admin = process.env.TEST_DATABASE_URL
  if (!admin) throw new Error('TEST_DATABASE_URL names no Postgres; `npm test` starts one')
  const name = `tamga_e2e_${process.pid}_${Date.now()}_${made++}`
  await query(admin, `create database ${name} template ${template}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return {
    url: url.href,
    rows: <T>(statement: string, values: unknown[] = []) => query(url.href, statement, values) as Promise<T[]>,
    async backup() {
      await query(admin, `create database ${name}_kept template ${name}`)
      return async () => {
        await query(admin, `drop database ${name} with (force)`)
        await query(admin, `create database ${name} template ${name}_kept`)
      }
    },
    async drop() {
      await query(admin, `drop database ${name} with (force)`)
      await query(admin, `drop database if exists ${name}_kept with (force)`)
    },
  }
}

async function query(url: string, statement: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement, values)).rows as unknown[]
  } finally {
    await client.end()
  }
}
