import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Why a disk takes no writes. */
export type DiskTrouble = 'full' | 'quota' | 'read_only' | 'error'

/** What is said of it to whoever runs the server. */
export const diskSentences: Readonly<Record<DiskTrouble, string>> = {
  full: 'the disk is full',
  quota: 'the disk quota is used up',
  read_only: 'the disk, or the database, is read-only',
  error: 'the disk fails to write',
}

/** Codes of the system and of Postgres: disk_full, io_error, read_only_sql_transaction. */
const codes: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: 'full',
  EDQUOT: 'quota',
  EROFS: 'read_only',
  EIO: 'error',
  '53100': 'full',
  '58030': 'error',
  // what stands by for another one, and what its operator, or our worker, has stopped since the disk is full
  '25006': 'read_only',
}

/** Why an error means that the disk takes no writes; null if it means something else. Nothing was written then. */
export const diskTroubleOf = (error: unknown): DiskTrouble | null =>
  codes[String((error as { code?: unknown } | null)?.code)] ?? null

/** What an error of a database says is believed for so long, unless a write goes through before. */
const BELIEVED_MS = 60_000

/** Whether the disk under the database takes writes, as far as this process has heard. */
export class DiskState {
  /** What the embedded database's worker told last; it knows. */
  readonly #hasWorker: boolean
  #reported: DiskTrouble | null = null
  #noted: { readonly trouble: DiskTrouble; readonly at: number } | null = null
  #told: DiskTrouble | null = null
  #onChange: (trouble: DiskTrouble | null) => void = () => undefined

  /** With `hasWorker`, what errors say is not kept: the worker of the embedded database tells, and tells when it ends. */
  constructor({ hasWorker = false } = {}) {
    this.#hasWorker = hasWorker
  }

  get trouble(): DiskTrouble | null {
    if (this.#reported !== null) return this.#reported
    if (this.#noted && performance.now() - this.#noted.at < BELIEVED_MS) return this.#noted.trouble
    return null
  }

  /** Calls back when that changes, and at once if there is trouble. */
  onChange(callback: (trouble: DiskTrouble | null) => void): void {
    this.#onChange = callback
    this.#tell()
  }

  /** Takes what the embedded database's worker tells: an error code, or null when it takes writes. */
  report(code: string | null): void {
    this.#reported = code === null ? null : (codes[code] ?? 'error')
    if (code === null) this.#noted = null
    this.#tell()
  }

  /** Takes note of an error that a write met. Answers what it means for the disk. */
  note(error: unknown): DiskTrouble | null {
    const trouble = diskTroubleOf(error)
    if (trouble !== null && !this.#hasWorker) this.#noted = { trouble, at: performance.now() }
    this.#tell()
    return trouble
  }

  /** A write went through. */
  written(): void {
    this.#noted = null
    this.#tell()
  }

  #tell(): void {
    const { trouble } = this
    if ((trouble === null) === (this.#told === null)) return
    this.#told = trouble
    this.#onChange(trouble)
  }
}

const MB = 1024 * 1024
/** Left free on the disk of a data folder: two segments of the database's log, and what it writes between two looks. */
export const RESERVE_BYTES = 48 * MB
/** What a new data folder takes beside. */
const NEW_BYTES = 64 * MB

/**
 * Throws an Error with a sentence unless the disk of the data folder `dir`, reached by the path `root`, takes writes and
 * has room enough for a server.
 */
export function requireSpace(dir: string, root: string): void {
  const isNew = !existsSync(join(root, 'VERSION'))
  const needed = RESERVE_BYTES + (isNew ? NEW_BYTES : 0)
  const { bavail, bsize } = statfsSync(root)
  const free = bavail * bsize
  if (free < needed)
    throw new Error(
      cannotStart(dir, 'full', `${Math.floor(free / MB)} MB are free, and Tamga needs ${Math.ceil(needed / MB)} MB`),
    )
  const probe = join(root, 'tamga.probe')
  try {
    writeFileSync(probe, Buffer.alloc(MB, 1), { mode: 0o600, flush: true })
  } catch (error) {
    const trouble = diskTroubleOf(error)
    throw trouble === null ? error : new Error(cannotStart(dir, trouble, (error as Error).message), { cause: error })
  } finally {
    rmSync(probe, { force: true })
  }
}

/** A sentence for whoever starts a server on a disk that takes no writes. */
export const cannotStart = (dir: string, trouble: DiskTrouble, how: string): string =>
  `The data folder "${dir}" cannot be opened: ${diskSentences[trouble]} (${how}). ` +
  'What is in it is whole. Free space, or make the disk writable, and start again.'
