import { rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Log } from '../log.ts'
import type { PgliteOptions } from './pglite-worker.ts'

/** So often the thread may end by itself, or have to be ended, before that counts as no way to run. */
const RESTARTS = 3
const WITHIN_MS = 5 * 60_000

/**
 * The embedded database in its thread. When the thread ends it is begun anew on the same folder, as a crashed Postgres
 * would be: what was committed is there, what was under way has failed.
 */
export class Embedded {
  readonly #file: string
  readonly #options: PgliteOptions
  readonly #log: Log
  readonly #restarts: number[] = []
  #worker: Worker | null = null
  #starting: Promise<void>
  #closing = false
  #lost: Error | null = null
  #onLost: (error: Error) => void = () => undefined

  constructor(file: string, options: PgliteOptions, log: Log) {
    this.#file = file
    this.#options = options
    this.#log = log
    this.#starting = this.#start()
  }

  /** Resolves when it answers. Rejects with what keeps it from starting. */
  get ready(): Promise<void> {
    return this.#starting
  }

  /** Calls back once it has ended too often, or could not be started again. */
  onLost(callback: (error: Error) => void): void {
    this.#onLost = callback
    if (this.#lost) callback(this.#lost)
  }

  /** Ends the thread in whatever it does, and so has it begun anew. */
  interrupt(): void {
    void this.#worker?.terminate()
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#starting.catch(() => undefined)
    const worker = this.#worker
    if (!worker) return
    const stopped = answer(worker, 'stopped')
    worker.postMessage('stop')
    await stopped
    await worker.terminate()
  }

  async #start(): Promise<void> {
    const { listen } = this.#options
    // a thread that was ended leaves its socket's file
    if ('path' in listen) rmSync(listen.path, { force: true })
    const worker = new Worker(this.#file, { workerData: this.#options })
    await answer(worker, 'ready')
    this.#worker = worker
    let why = ''
    worker.on('error', (error) => (why = `: ${error.message}`))
    worker.once('exit', (code) => this.#ended(`the embedded database ended with code ${code}${why}`))
  }

  #ended(how: string): void {
    this.#worker = null
    if (this.#closing) return
    const now = performance.now()
    this.#restarts.push(now)
    const lately = this.#restarts.filter((time) => now - time < WITHIN_MS)
    if (lately.length > RESTARTS) return this.#lose(new Error(`${how}, ${lately.length} times in five minutes`))
    this.#log.error(`${how}; it is started again`)
    this.#starting = this.#start()
    this.#starting.then(
      () => this.#log.warn('the embedded database answers again'),
      (error: Error) => this.#lose(error),
    )
  }

  #lose(error: Error): void {
    this.#lost = error
    this.#onLost(error)
  }
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
