import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { build } from 'vite'

let built: Promise<string> | null = null

/** The program of `test-lock-holder.ts` as one file that Node runs by itself. */
export const holderProgram = (): Promise<string> => (built ??= buildHolder())

async function buildHolder(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'tamga-holder-'))
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: join(import.meta.dirname, 'test-lock-holder.ts'),
      outDir,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'holder.mjs' } },
    },
  })
  return join(outDir, 'holder.mjs')
}

export interface StarterOptions {
  /** A command that runs the program, such as `unshare`, with its arguments. */
  readonly within?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly patienceMs?: number
  readonly takeCopy?: boolean
}

/** A light process that tries to lock a data folder. */
export class Starter {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(program: string, dir: string, options: StarterOptions = {}) {
    const { within = [], env = process.env, patienceMs = 0, takeCopy = false } = options
    const [command, ...args] = [...within, process.execPath, program, dir, `${patienceMs}`, takeCopy ? 'take-copy' : '']
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]()
  }

  /** Its next line: `held` or the sentence of a refusal first, then each line that it has written. */
  async said(): Promise<string> {
    const next = await this.#lines.next()
    return next.done ? '' : next.value
  }

  /** Has it write a line into the folder. */
  async write(line: string): Promise<void> {
    this.child.stdin.write(`${line}\n`)
    await this.said()
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Ends it in order. */
  release = (): Promise<void> => this.#gone(() => this.child.stdin.end('release\n'))

  /** `kill -9`. */
  kill = (): Promise<void> => this.#gone(() => this.child.kill('SIGKILL'))

  async #gone(end: () => void): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    end()
    await gone
  }
}

/** Namespaces of its own for a program, by the arguments of unshare(1). */
export const namespaces: Readonly<Record<string, readonly string[]>> = {
  pid: ['--pid', '--fork', '--mount-proc'],
  mount: ['--mount'],
  user: ['--user', '--map-root-user'],
  all: [
    ...['--user', '--map-root-user', '--mount', '--uts', '--ipc', '--net', '--cgroup'],
    ...['--pid', '--fork', '--mount-proc'],
  ],
}

/** How to run a program in namespaces of its own; it ends with unshare. */
export const unshared = (name: string): readonly string[] => {
  const args = namespaces[name]!
  return ['unshare', ...args, ...(args.includes('--fork') ? ['--kill-child'] : [])]
}

/** Whether this machine lets this user run a program so. */
export function mayRun(command: readonly string[]): boolean {
  const [program, ...args] = command
  return spawnSync(program!, args, { stdio: 'ignore' }).status === 0
}
