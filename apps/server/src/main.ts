import { join } from 'node:path'
import { FolderInUse } from './db/lock.ts'
import { hasReader, readEnv, usage, type Env } from './env.ts'
import { openLog, withoutPasswords } from './log.ts'
import { startServer, type Running } from './server.ts'

// dist/ lies three levels below the repository, beside the folders it serves
const here = import.meta.dirname
const parts = {
  worker: join(here, 'pglite-worker.js'),
  segmentWorker: join(here, 'segment-worker.js'),
  pagesDir: join(here, '../../web/dist'),
  seedsDir: join(here, '../../../seeds'),
}

/** After this long it ends as it is: what was called saved is. */
const LIMIT_MS = 20_000
/** A terminal's Ctrl-C comes twice, from the terminal and from the launcher. */
const TWICE_MS = 1000
const numbers = { SIGINT: 2, SIGTERM: 15 }

// what this process makes, and what its threads make, is its user's alone
process.umask(0o077)
// whoever read along is gone: no reason to end
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
const env = askedFor()
const log = openLog(env.log, (text) => process.stdout.write(text))
if (env.help) console.log(usage)
else await run(env)

function askedFor(): Env {
  try {
    return readEnv(process.argv.slice(2), process.env, hasReader(process))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // parseArgs explains at length; what is accepted stands in the help
    const mistyped = String(code).startsWith('ERR_PARSE_ARGS')
    console.error(mistyped ? `${message.split(/\.(?: |$)/)[0]}. npm start -- --help tells what it takes.` : message)
    process.exit(2)
  }
}

async function run(env: Env): Promise<void> {
  // until it serves there is nothing to close: the next start takes a half-made data folder up
  let stop: (() => Promise<void>) | null = null
  onSignals(() => stop?.())
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'the server fails')
    process.exit(1)
  })
  try {
    const server = await startServer(env, parts, log)
    stop = () => server.stop()
    greet(server)
    server.onLost((error) => end(`The database is gone: ${error.message}. Start Tamga again.`))
  } catch (error) {
    end(error instanceof FolderInUse ? inUse(error) : refusedBy(env, error as Error))
  }
}

/** For whoever started it; beside the log and not in it, since it holds links that let people in. */
function greet({ greeting, url }: Running): void {
  log.routine({ url }, `Tamga is ready: ${url}`)
  const out = env.log.json ? process.stderr : process.stdout
  out.write(`${greeting.join('\n')}\n`)
}

/** Ends with a sentence for whoever started it, and for whoever reads the log. */
function end(sentence: string): never {
  const said = withoutPasswords(sentence)
  console.error(said)
  if (env.log.json) log.fatal(said)
  process.exit(1)
}

/** The first signal ends in order, the second at once. */
function onSignals(stop: () => Promise<void> | undefined): void {
  let since: number | null = null
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (since !== null && performance.now() - since < TWICE_MS) return
    const stopped = since === null ? stop() : undefined
    if (!stopped) process.exit(128 + numbers[signal])
    since = performance.now()
    log.routine({ signal }, 'stopping')
    setTimeout(() => {
      log.error('not everything ended in time')
      process.exit(1)
    }, LIMIT_MS)
    stopped.then(
      () => {
        log.routine('stopped')
        process.exit(0)
      },
      (err: Error) => {
        log.error({ err }, 'it did not end in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
}

// a function declaration, since `run` is awaited above
function inUse({ message }: FolderInUse): string {
  return `${message} Use that one, stop it, or name another folder with --data.`
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
