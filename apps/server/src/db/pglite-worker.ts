import fs, { fsyncSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

// The embedded database lives in a worker thread behind a socket, so that a long statement never stops the server.

/** What the worker is started with: the data folder and where to listen. */
export interface PgliteOptions {
  readonly dir: string
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number }
  /** Below so many free bytes of its disk nothing is written: Postgres needs some to end and to start. */
  readonly reserve?: number
}

/** What the worker tells of the disk when that changes: the error of a write, or null when writing goes on. */
export interface DiskReport {
  readonly kind: 'disk'
  readonly code: string | null
}

/** What of Emscripten's file system is touched: the stream operation that PGlite leaves out. */
interface HostFiles {
  stream_ops: { fsync?: (stream: { nfd: number }) => number }
}

const { dir, listen, reserve = 0 } = workerData as PgliteOptions
const port = parentPort!

// PGlite gives its files to everybody (0666), whatever the umask is. Nothing else in this thread changes modes.
const { chmodSync } = fs
fs.chmodSync = (path, mode) => chmodSync(path, Number(mode) & 0o700)

// What kept the last write from the disk. Postgres has one error for a full disk, and none for a quota.
const DISK = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']
let failed: string | null = null
function noting<A extends unknown[], R>(write: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return write(...args)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!DISK.includes(code)) throw error
      failed = code
      throw code === 'EDQUOT' ? Object.assign(error as Error, { code: 'ENOSPC' }) : error
    }
  }
}
fs.writeSync = noting(fs.writeSync) as typeof fs.writeSync
fs.openSync = noting(fs.openSync)
fs.mkdirSync = noting<Parameters<typeof fs.mkdirSync>, string | undefined>(fs.mkdirSync)
fs.writeFileSync = noting(fs.writeFileSync)
fs.truncateSync = noting(fs.truncateSync)
syncBuiltinESMExports()

// PGlite starts Postgres with -F (no fsync). Without that flag, and with a hook that reaches the disk, a commit is on it.
const startParams = [
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  ...['-c', 'wal_sync_method=fsync', '-c', 'shared_buffers=16MB', '-c', 'max_wal_size=128MB'],
]
let syncs = 0
const db = await PGlite.create({ dataDir: dir, startParams }).catch((error: Error) => {
  // it says only that it failed, which sounds like damage
  throw failed === null ? error : new Error(`the disk takes no writes (${failed})`, { cause: error })
})
const { filesystems } = db.Module.FS as unknown as { filesystems: { NODEFS: HostFiles } }
const hostFiles = filesystems.NODEFS
const syncFile = noting(fsyncSync)
hostFiles.stream_ops.fsync = ({ nfd }) => {
  syncFile(nfd)
  syncs++
  return 0
}
const execute = db.execProtocolRawStream.bind(db)

// --- the disk: before it is full the database is made read-only, since a Postgres that cannot write its log ends

/** How old what is known of the disk may be, while it takes writes and while it does not. */
const LOOK_MS = 100
const LOOK_AGAIN_MS = 1000
/** So much more must be free before writing goes on, so that it does not change with every row. */
const MARGIN = 8 * 1024 * 1024
/** A checkpoint writes a little itself. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024
const PROBE = join(dirname(dir), 'tamga.probe')
const PROBE_BYTES = 1024 * 1024
/** What keeps it from being written: the code of an error, or null. */
let trouble: string | null = null
let looked = -Infinity

/** Free bytes for whoever is not root. */
function free(): number {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}

/** Asked where no statement is under way: what is set in between belongs to nobody's transaction. */
async function lookAtDisk(): Promise<void> {
  const fresh = performance.now() - looked < (trouble === null ? LOOK_MS : LOOK_AGAIN_MS)
  if (failed === null && fresh) return
  let found = troubleNow()
  if (found === 'ENOSPC' && trouble === null && free() > CHECKPOINT_BYTES) {
    // what a checkpoint makes superfluous of the log is free again
    await quietly('checkpoint')
    found = troubleNow()
  }
  looked = performance.now()
  failed = null
  if (found === trouble) return
  await quietly(`set default_transaction_read_only = ${found === null ? 'off' : 'on'}`)
  trouble = found
  port.postMessage({ kind: 'disk', code: trouble } satisfies DiskReport)
}

function troubleNow(): string | null {
  if (failed !== null) return failed
  if (free() < reserve + (trouble === null ? 0 : MARGIN)) return 'ENOSPC'
  return trouble === null ? null : probe()
}

/** Quotas show in nothing but a write. */
function probe(): string | null {
  try {
    writeFileSync(PROBE, Buffer.alloc(PROBE_BYTES, 1), { mode: 0o600, flush: true })
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  } finally {
    rmSync(PROBE, { force: true })
  }
}

const SYNC = Buffer.from('S\0\0\0\x04', 'latin1')

/** Runs a statement of the worker's own, whose answer nobody reads. */
async function quietly(statement: string): Promise<void> {
  const text = Buffer.from(`${statement}\0`)
  const message = Buffer.alloc(5 + text.length)
  message.write('Q')
  message.writeInt32BE(4 + text.length, 1)
  text.copy(message, 5)
  const unread = { onRawData: () => undefined }
  await execute(message, unread)
  // after an error its ReadyForQuery comes with the next message only, and would be taken for that one's
  await execute(SYNC, unread)
}

/** ReadyForQuery, outside a transaction: the last bytes of an answer after which nothing is under way. */
const AT_REST = Buffer.from('Z\0\0\0\x05I', 'latin1')
let last = AT_REST

// A refusal of Postgres is an answer. What is thrown is the engine itself, broken (a stack that ran out, no memory): left
// to the socket server, all who ask from then on would wait for ever.
db.execProtocolRawStream = async (message, options) => {
  try {
    if (last.equals(AT_REST)) await lookAtDisk()
    await execute(message, {
      ...options,
      onRawData(data) {
        last = Buffer.concat([last, data.subarray(-AT_REST.length)]).subarray(-AT_REST.length)
        options?.onRawData?.(data)
      },
    })
  } catch (error) {
    // a disk that takes no writes ends it too
    if (failed !== null) port.postMessage({ kind: 'disk', code: failed } satisfies DiskReport)
    setImmediate(() => {
      throw error
    })
    throw error
  }
}
const server = new PGLiteSocketServer({ db, ...listen, maxConnections: 32 })
await server.start()
port.postMessage({ kind: 'ready' })

port.on('message', (message: 'stop' | 'syncs') => {
  if (message === 'syncs') port.postMessage({ kind: 'syncs', syncs })
  else void stop()
})

async function stop(): Promise<void> {
  await server.stop()
  await db.close()
  port.postMessage({ kind: 'stopped' })
  process.exit(0)
}
