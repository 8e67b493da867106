import { join } from 'node:path'
import { FolderInUse } from './db/lock.ts'
import { readEnv, usage, type Env } from './env.ts'
import { startServer } from './server.ts'

// dist/ lies three levels below the repository, beside the folders it serves
const here = import.meta.dirname
const parts = {
  worker: join(here, 'pglite-worker.js'),
  pagesDir: join(here, '../../web/dist'),
  seedsDir: join(here, '../../../seeds'),
}

const env = askedFor()
if (env.help) console.log(usage)
else await run(env)

function askedFor(): Env {
  try {
    return readEnv(process.argv.slice(2), process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

async function run(env: Env): Promise<void> {
  try {
    const server = await startServer(env, parts)
    for (const line of server.greeting) console.log(line)
    const stop = () => void server.stop().then(() => process.exit(0))
    process.once('SIGINT', stop).once('SIGTERM', stop)
    server.onLost((error) => {
      console.error(`The database is gone: ${error.message}. Start Tamga again.`)
      process.exit(1)
    })
  } catch (error) {
    console.error(error instanceof FolderInUse ? inUse(env, error) : refusedBy(env, error as Error))
    process.exit(1)
  }
}

// a function declaration, since `run` is awaited above
function inUse(env: Env, { holder }: FolderInUse): string {
  const where = holder.url ? ` and answers at ${holder.url}` : ''
  return (
    `Another Tamga (process ${holder.pid}) holds the data folder "${env.data}"${where}. ` +
    'Use that one, stop it, or name another folder with --data.'
  )
}

/** What the system says is told with the folder or the address that is meant; every other error speaks for itself. */
function refusedBy({ data, databaseUrl, host, port }: Env, error: NodeJS.ErrnoException): string {
  if (['listen', 'getaddrinfo'].includes(error.syscall ?? ''))
    return (
      `Tamga cannot listen on port ${port} of ${host} (${error.message}). ` +
      'Name an address of this machine with --host, or another port with --port; those below 1024 are for root.'
    )
  const disk = ['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST']
  if (databaseUrl !== null || !disk.includes(error.code ?? '')) return error.message
  return (
    `The data folder "${data}" cannot be written (${error.message}). ` +
    'Name a folder of your own with --data, free space on its disk, or give yourself the right to write there.'
  )
}
