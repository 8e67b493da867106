import { fstatSync, mkdirSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { requireSpace } from './disk.ts'
import { requireLocalFileSystem } from './file-system.ts'
import { takeKernelLock, type KernelLock } from './kernel-lock.ts'
import { readHolder, traceIn, writeLockFile, type Holder } from './lock-file.ts'

/** A data folder of which this process is the only user. */
export interface FolderLock {
  /** The path of the folder for this process: on Linux it leads to this very folder, also after a renaming. */
  readonly root: string
  /** Says in the lock file where this server can be reached. */
  announce(where: Pick<Holder, 'url' | 'socket'>): void
  release(): void
}

/** Thrown when another process has the data folder open: PGlite itself would lose rows without an error. */
export class FolderInUse extends Error {
  /** Null if its lock file is missing. */
  readonly holder: Holder | null
  constructor(dir: string, holder: Holder | null) {
    super(`${describe(holder)} holds the data folder "${dir}"${holder?.url ? ` and answers at ${holder.url}` : ''}.`)
    this.holder = holder
  }
}

function describe(holder: Holder | null): string {
  if (!holder) return 'Another process'
  const elsewhere = holder.host === hostname() ? '' : ` on "${holder.host}"`
  return `Another Tamga (process ${holder.pid}${elsewhere})`
}

export interface LockOptions {
  /** Opens a folder that is a copy, or that a Tamga of the release before may have open in another container. */
  readonly takeCopy?: boolean
  /** How long to wait for a holder that is just ending; a second if it is left out. */
  readonly patienceMs?: number
}

const PATIENCE_MS = 1000
/** A look costs a child process. */
const LOOK_MS = 100

/**
 * Locks a data folder for this process, making the folder if need be. The lock is the kernel's, on the folder itself: it
 * ends with its process, and nothing else ends it. Throws `FolderInUse` after a second if another process has it; an Error
 * with a sentence if the folder is a copy, its disk takes no writes, or its file system keeps no locks.
 */
export async function lockFolder(dir: string, options: LockOptions = {}): Promise<FolderLock> {
  const { takeCopy = false, patienceMs = PATIENCE_MS } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  requireLocalFileSystem(dir)
  const lock = await taken(dir, patienceMs, () => new FolderInUse(dir, readHolder(dir)))
  let inner: KernelLock | null = null
  try {
    const root = rootOf(dir, lock)
    requireOwn(dir, root, takeCopy)
    requireSpace(dir, root)
    inner = await takenWithin(dir, root, patienceMs)
    return locked(dir, root, inner ? [inner, lock] : [lock])
  } catch (error) {
    inner?.release()
    lock.release()
    throw error
  }
}

/** Locks the database's folder too: it may be a link or a mount that another data folder has as well. */
async function takenWithin(dir: string, root: string, patienceMs: number): Promise<KernelLock | null> {
  // there the lock is a file, which does not belong among the database's
  if (process.platform === 'win32') return null
  const data = join(root, 'db')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  requireLocalFileSystem(data)
  return taken(data, patienceMs, () => new FolderInUse(join(dir, 'db'), null))
}

/** Waits for the lock while its holder may be ending. */
async function taken(folder: string, patienceMs: number, inUse: () => FolderInUse): Promise<KernelLock> {
  const end = performance.now() + patienceMs
  for (;;) {
    const lock = takeKernelLock(folder)
    if (lock) return lock
    if (performance.now() >= end) throw inUse()
    await pause(LOOK_MS)
  }
}

function locked(dir: string, root: string, locks: readonly KernelLock[]): FolderLock {
  const me: Holder = { pid: process.pid, host: hostname(), path: resolve(dir) }
  let remove = writeLockFile(root, me)
  return {
    root,
    announce: (where) => void (remove = writeLockFile(root, { ...me, ...where })),
    release() {
      remove()
      for (const lock of locks) lock.release()
    },
  }
}

/** Files below the descriptor's own path stay in the folder that is locked, whatever is put under its name. */
function rootOf(dir: string, { fd }: KernelLock): string {
  const root = `/proc/self/fd/${fd}`
  const held = fstatSync(fd)
  const found = process.platform === 'linux' ? statSync(root, { throwIfNoEntry: false }) : undefined
  return found?.ino === held.ino && found.dev === held.dev ? root : dir
}

/** Throws if the lock file says that the folder is a copy, or that the release before has it open. */
function requireOwn(dir: string, root: string, takeCopy: boolean): void {
  const trace = traceIn(root)
  if (trace.kind === 'old') {
    const { holder, runs } = trace
    if (runs === true) throw new FolderInUse(dir, { host: hostname(), path: resolve(dir), ...holder })
    if (runs === false || takeCopy) return
    throw new Error(
      `An older Tamga (process ${holder.pid}) had the data folder "${dir}" open and did not end in order; ` +
        'it may still run in another container. Make sure that it does not, then start once with --take-copy.',
    )
  }
  if (trace.kind !== 'copy' || takeCopy) return
  const origin = trace.holder ? ` of "${trace.holder.path}" on "${trace.holder.host}"` : ''
  throw new Error(
    `The data folder "${dir}" is a copy${origin} that was made while a server had it open, or after that was killed. ` +
      'Such a copy may not be whole: better stop that server and copy again. ' +
      'To use this one as it is, start once with --take-copy.',
  )
}
