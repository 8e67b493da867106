import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import type { Participant } from './generator.ts'
import { layGround, type Ground } from './ground.ts'
import { cpuOf } from './machine.ts'
import type { Stage } from './stage.ts'

/** A server under test. */
export interface Server {
  readonly name: string
  /** True if it tells its clients what it has taken. */
  readonly acknowledges: boolean
  readonly process: Process
  /** CPU seconds that it has used so far. */
  cpu(): number
  /** New documents, `perRoom` participants in each, room by room. */
  participants(rooms: number, perRoom: number): Promise<Participant[]>
}

export interface Options {
  /** Node's own options, such as the inspector's port. */
  readonly node?: readonly string[]
  /** True if a connection is to keep what it is given. */
  readonly stores?: boolean
  /** The Redis over which processes of ours work together, and one of them that is there already. */
  readonly redis?: string
  readonly beside?: Tamga
}

export type Kind = 'tamga' | 'y-websocket' | 'hocuspocus'
export const kinds = ['tamga', 'y-websocket', 'hocuspocus'] as const satisfies Kind[]
export const names: Readonly<Record<Kind, string>> = {
  tamga: 'Tamga',
  'y-websocket': 'y-websocket-server',
  hocuspocus: 'hocuspocus',
}

export const startServer = (stage: Stage, kind: Kind, options: Options = {}): Promise<Server> =>
  kind === 'tamga' ? startTamga(stage, options) : startPeer(stage, kind, options)

export interface Tamga extends Server {
  readonly url: string
  readonly ground: Ground
  /** The i-th person's participant at a layer. */
  participant(layer: string, i: number): Participant
}

/** One process of Tamga: over a new database, or beside another one over the same. */
export async function startTamga(stage: Stage, { node = [], redis, beside }: Options = {}): Promise<Tamga> {
  const url = beside?.url ?? (await stage.database())
  const env = { DATABASE_URL: url, REDIS_URL: redis ?? '', PUBLIC_URL: '', NODE_ENV: 'production' }
  const process = await Process.start(stage, env, (port) => [...node, stage.server, '--port', `${port}`, '--no-demo'])
  const ground = beside?.ground ?? (await layGround(url))
  if (!beside) stage.atEnd(() => ground.close())
  const participant = (layer: string, i: number): Participant => ({
    url: `ws://127.0.0.1:${process.port}/live/${layer}?ack=1`,
    headers: { cookie: ground.cookie(i, process.port), origin: `http://127.0.0.1:${process.port}` },
    room: null,
  })
  const participants = async (rooms: number, perRoom: number) =>
    (await ground.layers(rooms)).flatMap((layer) => Array.from({ length: perRoom }, (_, i) => participant(layer, i)))
  const cpu = () => cpuOf(process.pid)
  return { name: names.tamga, acknowledges: true, process, cpu, url, ground, participant, participants }
}

let documents = 0

async function startPeer(stage: Stage, kind: 'y-websocket' | 'hocuspocus', options: Options): Promise<Server> {
  const folder = options.stores ? mkdtempSync(join(tmpdir(), 'tamga-bench-')) : null
  if (folder) stage.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const env = { NODE_ENV: 'production', ...(folder && { YPERSISTENCE: folder, STORE: folder }) }
  const args = [...(options.node ?? []), join(stage.peers, `${kind}.mjs`)]
  const process = await Process.start(stage, env, () => args)
  // hocuspocus names the document in every message, y-websocket in the address
  const named = kind === 'hocuspocus'
  const participant = (document: string): Participant => ({
    url: `ws://127.0.0.1:${process.port}/${named ? '' : document}`,
    headers: {},
    room: named ? document : null,
  })
  return {
    name: names[kind],
    acknowledges: named,
    process,
    cpu: () => cpuOf(process.pid),
    async participants(rooms, perRoom) {
      const made = Array.from({ length: rooms }, () => `document-${++documents}`)
      return made.flatMap((document) => Array.from({ length: perRoom }, () => participant(document)))
    },
  }
}

/** A process that listens on a port, and may be ended and started again. */
export class Process {
  readonly port: number
  readonly #start: () => ChildProcess
  #child: ChildProcess
  // the last that it complained of
  #complaint = ''

  static async start(stage: Stage, env: Readonly<Record<string, string>>, args: (port: number) => readonly string[]) {
    const port = await stage.freePort()
    const own = stage.environment({ ...env, PORT: `${port}` })
    const process = new Process(port, () =>
      spawn(execPath, args(port), { env: own, stdio: ['ignore', 'ignore', 'pipe'] }),
    )
    stage.atEnd(() => process.stop())
    await process.#answers()
    return process
  }

  private constructor(port: number, start: () => ChildProcess) {
    this.port = port
    this.#start = start
    this.#child = this.#begin()
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Ends it in good order, which may take it a while. */
  async stop(): Promise<void> {
    if (!this.#runs) return
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 30_000)
    this.#child.kill('SIGTERM')
    await this.#end()
    clearTimeout(timer)
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#end()
  }

  /** Starts it again, over what it has stored. */
  async again(): Promise<void> {
    this.#child = this.#begin()
    await this.#answers()
  }

  #begin(): ChildProcess {
    const child = this.#start()
    child.stderr!.on('data', (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-2000)))
    return child
  }

  get #runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #end(): Promise<void> {
    if (this.#runs) await new Promise((resolve) => this.#child.once('exit', resolve))
  }

  async #answers(): Promise<void> {
    const asked = () => fetch(`http://127.0.0.1:${this.port}/`).then(Boolean, () => false)
    for (const end = Date.now() + 20_000; !(await asked());) {
      if (!this.#runs || Date.now() > end) throw new Error(`A server did not start: ${this.#complaint}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
