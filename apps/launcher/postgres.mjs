import { spawn, spawnSync } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { aptInstall } from './apt.mjs'
import { atEnd } from './children.mjs'
import { freePort, steadyPort } from './port.mjs'
import { Missing, Stop } from './stop.mjs'

const oldest = 15

/**
 * URL of a Postgres for tests: TEST_DATABASE_URL, or a server of our own on a free port with throw-away data, made
 * from the machine's binaries and stopped with us. `durable` has it write to disk what it commits, as one in earnest.
 */
export async function postgres({ durable = false } = {}) {
  if (process.env.TEST_DATABASE_URL) return process.env.TEST_DATABASE_URL
  const bin = await binaries()
  const folder = mkdtempSync(join(tmpdir(), 'tamga-postgres-'))
  const as = runner(folder)
  initialise(bin, folder, as)
  return serve(bin, folder, as, durable)
}

async function binaries() {
  const found = newest()
  if (found) return found
  await aptInstall('postgresql')
  const installed = newest()
  if (installed) return installed
  throw new Missing(`No Postgres ${oldest} or newer was found. Install one, or set TEST_DATABASE_URL to a database.`)
}

function newest() {
  const versioned = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr'].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'bin')) : [],
  )
  const known = [...versioned, ...(process.env.PATH ?? '').split(delimiter)]
    .filter((bin) => existsSync(join(bin, 'initdb')))
    .map((bin) => ({ bin, version: versionOf(bin) }))
    .filter(({ version }) => version >= oldest)
  return known.sort((a, b) => b.version - a.version)[0]?.bin
}

function versionOf(bin) {
  const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' })
  return Number(/\d+/.exec(stdout ?? '')?.[0] ?? 0)
}

/** Postgres refuses root, so root runs it as the user `postgres`, in a folder that this user may enter. */
function runner(folder) {
  if (process.getuid?.() !== 0) return { cwd: folder }
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  if (!line) throw new Missing('Postgres does not run as root, and there is no user `postgres` to run it as.')
  const [uid, gid] = [Number(line[1]), Number(line[2])]
  chownSync(folder, uid, gid)
  return { cwd: folder, uid, gid }
}

function initialise(bin, folder, as) {
  const args = ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N']
  const { status, stderr } = spawnSync(join(bin, 'initdb'), args, { ...as, encoding: 'utf8' })
  if (status !== 0) throw new Stop(`initdb failed: ${stderr}`)
}

async function serve(bin, folder, as, durable) {
  const port = await freePort()
  const child = await launch(bin, folder, as, port, durable)
  atEnd(async () => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })
  return urlAt(port)
}

const urlAt = (port) => `postgres://postgres@127.0.0.1:${port}/postgres`

async function launch(bin, folder, as, port, durable) {
  const log = join(folder, 'log')
  const fd = openSync(log, 'w')
  // The data is thrown away, so nothing needs to outlive a power cut.
  const speed = durable ? [] : ['fsync=off', 'full_page_writes=off']
  const settings = ['listen_addresses=127.0.0.1', 'max_connections=200', ...speed]
  const args = ['-D', join(folder, 'data'), '-p', `${port}`, '-k', folder, ...settings.flatMap((s) => ['-c', s])]
  const child = spawn(join(bin, 'postgres'), args, { ...as, stdio: ['ignore', fd, fd] })
  closeSync(fd)
  const ready = () => spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', `${port}`]).status === 0
  for (let tries = 0; !ready(); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Stop(`Postgres did not start: ${readFileSync(log, 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return child
}

/**
 * A Postgres of our own that may be killed, all its processes at once, and started again on what it had on disk. Always
 * one of this machine's binaries: a database that is named by TEST_DATABASE_URL is not ours to kill.
 */
export async function mortalPostgres() {
  const bin = await binaries()
  const folder = mkdtempSync(join(tmpdir(), 'tamga-postgres-'))
  const as = runner(folder)
  initialise(bin, folder, as)
  const port = await steadyPort()
  const start = () => launch(bin, folder, as, port, false)
  let child = await start()
  atEnd(async () => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    url: urlAt(port),
    kill: () => killWithChildren(child),
    start: async () => {
      // those killed hold what they shared until the system has taken them away
      for (let tries = 1; ; tries++)
        try {
          child = await start()
          return
        } catch (error) {
          if (tries === 20) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
    },
  }
}

async function killWithChildren(child) {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  child.kill('SIGKILL')
  for (const [pid, parent] of pairs) if (parent === child.pid) killIfThere(pid)
  await gone
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended a moment ago.
  }
}

/** SIGINT is Postgres's fast shutdown: sessions end, files are closed. */
function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    child.once('exit', () => resolve(clearTimeout(timer)))
    child.kill('SIGINT')
  })
}
