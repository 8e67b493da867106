import fs, { fsyncSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

// The embedded database lives in a worker thread behind a socket, so that a long statement never stops the server.

/** What the worker is started with: the data folder and where to listen. */
export interface PgliteOptions {
  readonly dir: string
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number }
}

/** What of Emscripten's file system is touched: the stream operation that PGlite leaves out. */
interface HostFiles {
  stream_ops: { fsync?: (stream: { nfd: number }) => number }
}

const { dir, listen } = workerData as PgliteOptions
const port = parentPort!

// PGlite gives its files to everybody (0666), whatever the umask is. Nothing else in this thread changes modes.
const { chmodSync } = fs
fs.chmodSync = (path, mode) => chmodSync(path, Number(mode) & 0o700)
syncBuiltinESMExports()

// PGlite starts Postgres with -F (no fsync). Without that flag, and with a hook that reaches the disk, a commit is on it.
const startParams = [
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  ...['-c', 'wal_sync_method=fsync', '-c', 'shared_buffers=16MB', '-c', 'max_wal_size=128MB'],
]
let syncs = 0
const db = await PGlite.create({ dataDir: dir, startParams })
const { filesystems } = db.Module.FS as unknown as { filesystems: { NODEFS: HostFiles } }
const hostFiles = filesystems.NODEFS
hostFiles.stream_ops.fsync = ({ nfd }) => {
  fsyncSync(nfd)
  syncs++
  return 0
}
// A refusal of Postgres is an answer. What is thrown is the engine itself, broken (a stack that ran out, no memory): left
// to the socket server, all who ask from then on would wait for ever.
const execute = db.execProtocolRawStream.bind(db)
db.execProtocolRawStream = async (...asked) => {
  try {
    return await execute(...asked)
  } catch (error) {
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
