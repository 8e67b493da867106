import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** What `tamga.lock` tells of the process that has a data folder open. It decides nothing: the kernel's lock does. */
export interface Holder {
  readonly pid: number
  /** The name of its machine or container. */
  readonly host: string
  /** The folder as it was called there. */
  readonly path: string
  /** Where it answers, once it does. */
  readonly url?: string
  /** The socket on which the command line speaks to it. */
  readonly socket?: string
}

/** The file's own inode and time of birth, which no copy of it shares. */
interface Identity {
  readonly inode: string
  /** Nanoseconds; null where the file system does not keep it. */
  readonly born: string | null
}

/** What the release before wrote, and what decided there. */
interface OldHolder {
  readonly pid: number
  /** When the process began, as the kernel counts it; null where unknown. */
  readonly began: string | null
  readonly url?: string
}

/**
 * What a lock file says of a folder that nobody has locked: nothing there, left by a crash, brought here by a copy, or of
 * the release before, which took no lock of the kernel and runs, may run, or has ended.
 */
export type Trace =
  | { readonly kind: 'none' | 'crash' }
  | { readonly kind: 'copy'; readonly holder: Holder | null }
  | { readonly kind: 'old'; readonly holder: OldHolder; readonly runs: boolean | null }

const FILE = 'tamga.lock'

/** Writes the lock file whole or not at all. Answers what removes it again, unless it is no longer this one. */
export function writeLockFile(folder: string, holder: Holder): () => void {
  const file = join(folder, FILE)
  const own = `${file}.${process.pid}`
  let identity = writtenTo(own, holder, true)
  renameSync(own, file)
  // without a time of birth the system gives that of the last change, which is now another
  if (identity.born !== null && identityOf(file)?.born !== identity.born) {
    identity = writtenTo(own, holder, false)
    renameSync(own, file)
  }
  return () => {
    if (identityOf(file)?.inode === identity.inode) rmSync(file, { force: true })
  }
}

function writtenTo(file: string, holder: Holder, keepsBirth: boolean): Identity {
  rmSync(file, { force: true })
  const fd = openSync(file, 'wx', 0o600)
  try {
    const stat = fstatSync(fd, { bigint: true })
    const born = keepsBirth && stat.birthtimeNs > 0n ? `${stat.birthtimeNs}` : null
    const identity = { inode: `${stat.ino}`, born }
    // the release before reads `began`; null lets it take any living process of that number for the holder
    writeSync(fd, JSON.stringify({ ...holder, ...identity, began: null }))
    fsyncSync(fd)
    return identity
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}

function identityOf(file: string): Identity | null {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? { inode: `${stat.ino}`, born: `${stat.birthtimeNs}` } : null
}

/** Who has a folder open, as its lock file tells; null if it tells nothing. */
export function readHolder(folder: string): Holder | null {
  const content = contentOf(folder)
  return content && ({ host: hostname(), path: folder, ...content } as unknown as Holder)
}

/** Reads the lock file of a folder whose lock this process has just taken. */
export function traceIn(folder: string): Trace {
  const file = join(folder, FILE)
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (!stat) return { kind: 'none' }
  const content = contentOf(folder)
  if (content === null) return { kind: 'copy', holder: null }
  if (content.inode === undefined) {
    const holder = content as unknown as OldHolder
    return { kind: 'old', holder, runs: oldRuns(holder) }
  }
  const { inode, born } = content as unknown as Identity
  // a second name of the same file is a copy too, made of links
  const own = inode === `${stat.ino}` && (born === null || born === `${stat.birthtimeNs}`) && stat.nlink === 1n
  return own ? { kind: 'crash' } : { kind: 'copy', holder: readHolder(folder) }
}

function contentOf(folder: string): Record<string, unknown> | null {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, FILE), 'utf8'))
    const { pid } = content as { pid?: unknown }
    return typeof pid === 'number' && pid > 0 ? (content as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Whether a process of the release before runs; null if it may be in a namespace that this process does not see. */
function oldRuns({ pid, began }: OldHolder): boolean | null {
  if (isAlive(pid, began)) return true
  if (process.platform !== 'linux') return false
  // the first namespace sees the processes of all, under numbers of its own
  if (readlinkSync('/proc/self/ns/pid') !== FIRST_NAMESPACE) return null
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isWithin(name, pid, began))
}

/** linux/proc_ns.h: PROC_PID_INIT_INO. */
const FIRST_NAMESPACE = `pid:[${0xeffffffc}]`

function isAlive(pid: number, began: string | null): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const stat = statOf(pid)
  if (stat === null) return true
  return stat.state !== 'Z' && (began === null || stat.began === began)
}

/** True if a process of this machine has that number in its own namespace, and began then. */
function isWithin(name: string, pid: number, began: string | null): boolean {
  const stat = statOf(name)
  if (stat === null || stat.state === 'Z' || stat.began !== began) return false
  const [, inner] = /^NSpid:.*\t(\d+)$/m.exec(readText(`/proc/${name}/status`)) ?? []
  return inner === `${pid}`
}

/** Fields 3 and 22 of /proc/<pid>/stat: the state (Z: dead, not yet reaped) and when it began. Null where unknown. */
function statOf(pid: number | string): { state: string; began: string } | null {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === '') return null
  // the command's name before them may hold blanks, hence the last bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0]!, began: fields[19]! }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
