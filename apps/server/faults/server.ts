import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { execPath } from 'node:process'

/** One process of the built server, as its command starts it; it may be killed, frozen, and started again. */
export class ServerProcess {
  readonly port: number
  readonly log: string
  readonly #command: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | null = null
  #frozen = false
  #asked = false
  /** It ended after it had answered, and nobody had told it to. */
  fell = false

  constructor(command: readonly string[], port: number, env: NodeJS.ProcessEnv, log: string) {
    this.#command = command
    this.port = port
    this.#env = env
    this.log = log
  }

  get runs(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it has printed, all its lives long. */
  get printed(): string {
    return readFileSync(this.log, 'utf8')
  }

  /** Starts it, unless it runs; resolves when it answers. Throws if it ends instead. */
  async start(): Promise<void> {
    if (this.runs) return
    const fd = openSync(this.log, 'a')
    const child = spawn(execPath, [...this.#command], { env: this.#env, stdio: ['ignore', fd, fd] })
    this.#child = child
    this.#frozen = false
    this.#asked = false
    while (!(await answers(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the server did not start, see ${this.log}`)
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    if (!this.#asked) child.once('exit', () => (this.fell ||= !this.#asked))
  }

  /** `kill -9`; resolves when it is gone. */
  kill = (): Promise<void> => this.#end('SIGKILL')

  /** Ends it as Ctrl-C does. */
  stop = async (): Promise<void> => {
    this.thaw()
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), 10_000)
    await this.#end('SIGTERM')
    clearTimeout(late)
  }

  freeze(): void {
    if (this.runs) this.#frozen = this.#child!.kill('SIGSTOP')
  }

  thaw(): void {
    if (this.runs && this.#frozen) this.#child!.kill('SIGCONT')
    this.#frozen = false
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || !this.runs) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    this.#asked = true
    child.kill(signal)
    await ended
  }
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
