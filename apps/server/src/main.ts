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
    console.error(error instanceof FolderInUse ? inUse(env, error) : (error as Error).message)
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
