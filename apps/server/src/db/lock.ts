import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the lock file of a data folder says: who holds it and where the server answers, once it does. */
export interface Holder {
  readonly pid: number
  /** When the process began, as the kernel counts it; tells a reused pid from the holder. Null where unknown. */
  readonly began: string | null
  readonly url?: string
  /** The socket on which the command line speaks to it. */
  readonly console?: string
}

/** A data folder of which this process is the only user. */
export interface FolderLock {
  /** Says in the lock file where this server can be reached. */
  announce(where: Pick<Holder, 'url' | 'console'>): void
  release(): void
}

/** Thrown when another live process holds the data folder: PGlite itself would lose rows without an error. */
export class FolderInUse extends Error {
  readonly holder: Holder
  constructor(dir: string, holder: Holder) {
    super(`${dir} is in use by process ${holder.pid}`)
    this.holder = holder
  }
}

/**
 * Takes the exclusive lock of a data folder, making the folder if need be. A lock whose process is dead (a crash, a
 * `kill -9`) is taken over. Throws `FolderInUse` otherwise.
 */
export function lockFolder(dir: string): FolderLock {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, 'tamga.lock')
  const me: Holder = { pid: process.pid, began: beganAt(process.pid) }
  for (let attempt = 0; !takeFile(file, me); attempt++) {
    const holder = readHolder(file)
    if (holder && isAlive(holder) && !isMe(holder)) throw new FolderInUse(dir, holder)
    if (attempt > 10) throw new Error(`cannot take over the lock ${file}`)
    setAside(file)
  }
  return {
    // whole or not at all: half a line would look like a lock that a crash left behind
    announce: (where) => renameSync(written(file, { ...me, ...where }), file),
    release: () => rmSync(file, { force: true }),
  }
}

function takeFile(file: string, me: Holder): boolean {
  const own = written(file, me)
  try {
    // unlike a new file, a link is there with all that it says
    linkSync(own, file)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // a disk without links
    return makeFile(file, me)
  } finally {
    rmSync(own, { force: true })
  }
}

function makeFile(file: string, me: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(me), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Writes what a lock says into a file beside it, and answers that file's name. */
function written(file: string, holder: Holder): string {
  const own = `${file}.${process.pid}`
  writeFileSync(own, JSON.stringify(holder), { mode: 0o600 })
  return own
}

/** Who holds the data folder now, or null. */
export function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return null
  }
}

// renamed first, so that of two starters only one removes it; and put back if it is no longer the one that was looked at
function setAside(file: string): void {
  const stale = `${file}.${process.pid}.stale`
  try {
    renameSync(file, stale)
    const holder = readHolder(stale)
    if (holder && isAlive(holder) && !isMe(holder)) linkSync(stale, file)
  } catch {
    // another starter was faster
  }
  rmSync(stale, { force: true })
}

function isAlive({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const stat = statOf(pid)
  if (stat === null) return true
  return stat.state !== 'Z' && (began === null || stat.began === began)
}

const isMe = ({ pid, began }: Holder) => pid === process.pid && began === null

const beganAt = (pid: number): string | null => statOf(pid)?.began ?? null

/** Fields 3 and 22 of /proc/<pid>/stat: the state (Z: dead, not yet buried) and when it began. Null off Linux. */
function statOf(pid: number): { state: string; began: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the command's name before them may hold blanks, hence the last bracket
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0]!, began: fields[19]! }
  } catch {
    return null
  }
}
