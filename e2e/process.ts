import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { stopwatch } from './stopwatch.ts'

const dist = join(import.meta.dirname, '../apps/server/dist')

/** What is run: the server or the command line. */
export const programs = { server: join(dist, 'main.js'), tamga: join(dist, 'tamga.js') }

/** How a process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Since it was asked to end, or since it began. */
  readonly seconds: number
}

/** One process of a built program, with what it prints. */
export class Process {
  readonly #child: ChildProcess
  readonly #ended: Promise<Omit<End, 'seconds'>>
  readonly #sinceBegin = stopwatch()
  #output = ''
  #told = ''

  /** Environment variables that would decide for it are empty unless given. */
  constructor(program: keyof typeof programs, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const none = { DATABASE_URL: '', REDIS_URL: '', PUBLIC_URL: '', LOG: '', LOG_LEVEL: '', METRICS_TOKEN: '' }
    const all = { ...process.env, ...none, ...env }
    this.#child = spawn(process.execPath, [programs[program], ...args], { env: all })
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#told += chunk.toString()))
    this.#ended = once(this.#child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** All that it printed so far. */
  get output(): string {
    return this.#output
  }

  /** The lines of a server's log: all that it writes where no person reads along, apart from what is for persons. */
  get log(): Record<string, unknown>[] {
    const lines = this.#told.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** The address that a server printed. */
  get url(): string {
    return /Tamga is ready: {2}(\S+)/.exec(this.#output)![1]!
  }

  /** Waits until a server is ready and answers the seconds that it took; throws what it printed if it ends instead. */
  async ready(): Promise<number> {
    let over = false
    void this.#ended.then(() => (over = true))
    while (!this.#output.includes('Stop with Ctrl-C')) {
      if (over) throw new Error(`the server ended while starting:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return this.#sinceBegin()
  }

  /** Seconds of a processor that it has used; null where the system does not say. A busy machine does not add to them. */
  get effort(): number | null {
    const stat = `/proc/${this.pid}/stat`
    if (!existsSync(stat)) return null
    // after the command's name, which may hold blanks; hundredths of a second on every Linux there is
    const fields = readFileSync(stat, 'utf8').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  /** Waits for it to end by itself. */
  async ended(): Promise<End> {
    return { ...(await this.#ended), seconds: this.#sinceBegin() }
  }

  /** Sends it a signal. */
  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it by a signal; nothing happens if it has ended. */
  async end(signal: NodeJS.Signals): Promise<End> {
    const sinceAsked = stopwatch()
    this.#child.kill(signal)
    return { ...(await this.#ended), seconds: sinceAsked() }
  }
}

/** Holds a port of this machine, a free one unless it is named. */
export async function holdPort(port = 0): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  const server: Server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async release() {
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * A free port of this machine, below those that the system gives to outgoing connections: it stays free while the
 * server that had it is killed and its pages dial in vain.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const held = await holdPort(randomInt(20_000, 32_000)).catch(() => null)
    if (!held) continue
    await held.release()
    return held.port
  }
}
