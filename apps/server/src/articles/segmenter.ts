import { Worker } from 'node:worker_threads'
import { limits, Problem, type Language } from '@tamga/model'
import type { Draft } from './draft.ts'
import type { Prepared, SegmentAnswer, SegmentRequest, Segments } from './segments.ts'

/**
 * How long the thread may take for one text before it is ended: time in which this process works, so that a busy machine
 * refuses nothing that a quiet one takes.
 */
export interface SegmentLimits {
  readonly ms: number
  /** Beside that, for each million code points. */
  readonly msPerMillion: number
}

/** On a busy machine the thread may wait so many times longer than it may work. */
const PATIENCE = 10

/** 80 MB are what a million emoji take; what needs four times as much is no text. */
const MEMORY_MB = 512

/**
 * Reads and cuts texts in a worker thread, one after the other. The thread is begun at the first text, and ended when one
 * takes too long, which is refused (`text_too_slow`); the next text begins another one. It keeps no process alive.
 */
export class Segmenter {
  readonly #file: string | null
  readonly #limits: SegmentLimits
  #worker: Promise<Worker> | null = null
  #queue: Promise<unknown> = Promise.resolve()

  /** `file` is the built `segment-worker`; null where no text comes in. */
  constructor(file: string | null, allowed: SegmentLimits = { ms: 2000, msPerMillion: 2000 }) {
    this.#file = file
    this.#limits = allowed
  }

  /** Reads a file or a line. Throws what is wrong with it, or `text_too_slow`. The bytes are gone afterwards. */
  async read(kind: 'text' | 'line', bytes: Uint8Array): Promise<Prepared> {
    const { draft, ranges } = await this.#ask({ kind, bytes }, bytes.length)
    return { draft: draft!, ...parted(ranges) }
  }

  /** Cuts a text at hand. Throws `text_too_slow`. */
  async cut(text: string, language: Language | null): Promise<Segments> {
    return parted((await this.#ask({ kind: 'cut', text, language }, text.length)).ranges)
  }

  async close(): Promise<void> {
    await this.#queue.catch(() => undefined)
    await (await this.#worker?.catch(() => null))?.terminate()
  }

  /** `size`: at least as many as it has code points, bytes or code units. */
  #ask(request: SegmentRequest, size: number): Promise<{ draft: Draft | null; ranges: Uint32Array }> {
    const asked = this.#queue.catch(() => undefined).then(() => this.#answer(request, size))
    this.#queue = asked
    return asked
  }

  async #answer(request: SegmentRequest, size: number) {
    const points = Math.min(size, limits.articleCodePoints)
    const ms = this.#limits.ms + (this.#limits.msPerMillion * points) / 1e6
    this.#worker ??= this.#start()
    const worker = await this.#worker.catch((error: unknown) => {
      this.#worker = null
      throw error
    })
    const answer = await answered(worker, request, ms)
    if (answer === null) {
      this.#worker = null
      await worker.terminate()
      throw new Problem('text_too_slow', { seconds: Math.ceil(ms / 1000) })
    }
    if ('problem' in answer) throw new Problem(answer.problem.code, answer.problem.details)
    if ('fault' in answer) throw new Error(`a text could not be read: ${answer.fault}`)
    return answer
  }

  #start(): Promise<Worker> {
    if (this.#file === null) throw new Error('no worker was given that cuts texts')
    const worker = new Worker(this.#file, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } })
    return new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', () => {
        worker.off('error', reject)
        // an error that comes after a text was given up is nobody's any more
        worker.on('error', () => undefined).on('exit', () => (this.#worker = null))
        worker.unref()
        resolve(worker)
      })
    })
  }
}

/** The answer, or null where there is none in time or the thread ended without one (it ran out of memory). */
function answered(worker: Worker, request: SegmentRequest, ms: number): Promise<SegmentAnswer | null> {
  return new Promise((resolve) => {
    const settle = (answer: SegmentAnswer | null) => {
      clearTimeout(timer)
      worker.off('message', settle).off('error', fail).off('exit', fail)
      worker.unref()
      resolve(answer)
    }
    const fail = () => settle(null)
    const since = { wall: performance.now(), cpu: process.cpuUsage() }
    const tick = () => {
      const { user, system } = process.cpuUsage(since.cpu)
      const used = (user + system) / 1000
      if (used >= ms || performance.now() - since.wall >= PATIENCE * ms) return settle(null)
      timer = setTimeout(tick, Math.max(ms - used, ms / 10))
    }
    let timer = setTimeout(tick, ms)
    worker.ref()
    worker.on('message', settle).on('error', fail).on('exit', fail)
    const own = request.kind !== 'cut' && request.bytes.byteLength === request.bytes.buffer.byteLength
    worker.postMessage(request, own ? [request.bytes.buffer as ArrayBuffer] : [])
  })
}

function parted(ranges: Uint32Array): Segments {
  const after = 1 + 2 * ranges[0]!
  return { tokens: ranges.subarray(1, after), sentences: ranges.subarray(after) }
}
