import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'

/** An exclusive lock of the kernel on a folder. It lasts until it is released or this process ends, however it ends. */
export interface KernelLock {
  /** The open descriptor that carries the lock; on Windows of a file in the folder, else of the folder itself. */
  readonly fd: number
  release(): void
}

/** Tries once to lock a folder: answers a descriptor that carries the lock, or null if another descriptor has it. */
export type LockMethod = (folder: string) => number | null

/**
 * Locks an existing folder for this process, or answers null if it is locked already. Throws the system's error if the
 * folder cannot be opened, and an Error with a sentence if this machine or the folder's file system has no such locks.
 * Costs two short child processes on Linux.
 */
export function takeKernelLock(folder: string, method = methodOf(process.platform)): KernelLock | null {
  const fd = method(folder)
  if (fd === null) return null
  // The proof: some file systems grant every lock. Who asks in between is refused by the lock that we hold.
  const second = method(folder)
  if (second === null) return { fd, release: () => closeSync(fd) }
  closeSync(second)
  closeSync(fd)
  throw new Error(
    `The file system of "${folder}" keeps no locks, so two servers could write there at once. ` +
      'Use a disk of this machine, in Docker a named volume, or a Postgres (DATABASE_URL).',
  )
}

const { O_RDONLY, O_RDWR, O_CREAT, O_NONBLOCK } = constants
/** Node hands flags on as they are; these two are named neither by it nor by every system. */
const BSD_EXLOCK = 0x20
const LIBUV_EXLOCK = 0x10000000

const methods: Readonly<Partial<Record<NodeJS.Platform, LockMethod>>> = {
  linux: lockByProgram,
  darwin: (folder) => openedOrBusy(() => openSync(folder, O_RDONLY | O_NONBLOCK | BSD_EXLOCK), 'EAGAIN'),
  win32: (folder) => openedOrBusy(() => openSync(join(folder, 'tamga.hold'), O_RDWR | O_CREAT | LIBUV_EXLOCK), 'EBUSY'),
}

/** How folders are locked on a platform. Throws an Error with a sentence where there is no way. */
export function methodOf(platform: NodeJS.Platform): LockMethod {
  const method = methods[platform]
  if (method) return method
  throw new Error(`Tamga cannot lock a data folder on ${platform}. Use a Postgres (DATABASE_URL) there.`)
}

function openedOrBusy(open: () => number, busy: string): number | null {
  try {
    return open()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === busy) return null
    throw error
  }
}

// Node has no flock(2). A child that gets our descriptor as its third locks what is open, not who opened it: the child
// ends and the lock stays.
const programs: readonly (readonly [string, readonly string[]])[] = [
  ['flock', ['-n', '-x', '3']],
  // 6: LOCK_EX | LOCK_NB
  ['perl', ['-e', 'open(F, "<&=3") or die; exit 0 if flock(F, 6); exit 1 if $!{EAGAIN}; die "flock: $!\\n"']],
]

function lockByProgram(folder: string): number | null {
  const fd = openSync(folder, O_RDONLY | constants.O_DIRECTORY)
  try {
    if (isLocked(folder, fd)) return fd
    closeSync(fd)
    return null
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** False if another descriptor has the lock. */
function isLocked(folder: string, fd: number): boolean {
  for (const [program, args] of programs) {
    const { error, status, signal, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe', fd] })
    if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') continue
    const said = error?.message ?? stderr.toString().trim()
    if (status === 0) return true
    if (status === 1 && said === '') return false
    throw new Error(`"${folder}" cannot be locked: ${program} ended with ${signal ?? status} (${said || 'no message'})`)
  }
  throw new Error(
    `"${folder}" cannot be locked: there is neither "flock" (util-linux or BusyBox) nor "perl" on the PATH. Install one of them.`,
  )
}
