import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

const main = join(import.meta.dirname, '../apps/server/dist/main.js')

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
  /** Ends it as Ctrl-C does and removes its data. */
  stop(): Promise<void>
  /** Rows of its Postgres. Only where it runs on one. */
  rows<T>(statement: string, values?: unknown[]): Promise<T[]>
}

export async function startServer({
  base = 'pglite' as Base,
  demo = true,
  env = {} as NodeJS.ProcessEnv,
} = {}): Promise<TestServer> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-'))
  const database = base === 'postgres' ? await makeDatabase() : null
  const args = [main, '--port', String(port), '--data', dir, ...(demo ? [] : ['--no-demo'])]
  let child: ChildProcess | null = null
  let output = ''

  async function start(): Promise<void> {
    output = ''
    child = spawn(process.execPath, args, { env: { ...process.env, ...env, DATABASE_URL: database?.url ?? '' } })
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the server ended while starting:\n${output}`)
    })
    const ready = (async () => {
      while (!output.includes('Stop with Ctrl-C')) await new Promise((resolve) => setTimeout(resolve, 30))
    })()
    await Promise.race([ready, ended])
    ended.catch(() => undefined)
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    printed: () => output,
    links: () => linksIn(output),
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
      await database?.drop()
    },
    async rows<T>(statement: string, values: unknown[] = []) {
      if (!database) throw new Error('this server has no Postgres to look into')
      return (await query(database.url, statement, values)) as T[]
    },
  }
}

function linksIn(output: string): Record<string, string> {
  const links: Record<string, string> = {}
  for (const line of output.split('\n')) {
    const link = /https?:\/\/\S+\/link#[0-9a-f]+/.exec(line)?.[0]
    if (link)
      links[line.trim().split(/\s+/)[0]!.startsWith('http') ? 'first' : line.trim().replace(/\s+http.*/, '')] = link
  }
  return links
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

let made = 0

async function makeDatabase() {
  const admin = process.env.TEST_DATABASE_URL
  if (!admin) throw new Error('TEST_DATABASE_URL names no Postgres; `npm test` starts one')
  const name = `tamga_e2e_${process.pid}_${Date.now()}_${made++}`
  await query(admin, `create database ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => query(admin, `drop database ${name} with (force)`) }
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
