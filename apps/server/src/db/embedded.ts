import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '../log.ts'
import { diskSentences, type DiskState } from './disk.ts'
import type { DiskReport, PgliteOptions } from './pglite-worker.ts'

/** So often the thread may end by itself, or have to be ended, before that counts as no way to run. */
const RESTARTS = 3
const WITHIN_MS = 5 * 60_000
/** How often it is tried to start again while the disk takes no writes. */
const FULL_MS = 1000

/**
 * The embedded database in its thread. When the thread ends it is begun anew on the same folder, as a crashed Postgres
 * would be: what was committed is there, what was under way has failed.
 */
export class Embedded {
  readonly #file: string
  readonly #options: PgliteOptions
  readonly #log: Log
  readonly #disk: DiskState
  readonly #restarts: number[] = []
  #worker: Worker | null = null
  #starting: Promise<void>
  #closing = false
  #lost: Error | null = null
  #onLost: (error: Error) => void = () => undefined

  constructor(file: string, options: PgliteOptions, disk: DiskState, log: Log) {
    this.#file = file
    this.#options = options
    this.#disk = disk
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
    worker.on('message', (message: DiskReport | { kind: string }) => {
      if (message.kind === 'disk') this.#disk.report((message as DiskReport).code)
    })
    await answer(worker, 'ready')
    this.#worker = worker
    let why = ''
    worker.on('error', (error) => (why = `: ${error.message}`))
    worker.once('exit', (code) => this.#ended(`the embedded database ended with code ${code}${why}`))
  }

  #ended(how: string): void {
    this.#worker = null
    if (this.#closing) return
    if (this.#disk.trouble !== null) return this.#waitForSpace(how)
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

  /** A full disk ends it without a fault of its own: it is started again, and again, until there is space. */
  #waitForSpace(how: string): void {
    this.#log.error(`${how}, since ${diskSentences[this.#disk.trouble!]}; it is started again when that ends`)
    this.#starting = this.#startWhenWritable()
    this.#starting.then(
      () => this.#closing || this.#log.warn('the embedded database answers again'),
      (error: Error) => this.#lose(error),
    )
  }

  async #startWhenWritable(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#start()
        return this.#disk.report(null)
      } catch (error) {
        if (!(error as Error).message.startsWith(NO_WRITES)) throw error
      }
      await pause(FULL_MS, undefined, { ref: false })
    }
  }

  #lose(error: Error): void {
    this.#lost = error
    this.#onLost(error)
  }
}

/** How the worker's error begins that could not start since the disk takes no writes. */
const NO_WRITES = 'the disk takes no writes'

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
