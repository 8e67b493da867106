import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aptInstall } from './apt.mjs'
import { atEnd } from './children.mjs'
import { freePort, steadyPort } from './port.mjs'
import { Missing, Stop } from './stop.mjs'

/**
 * URL of a Redis for tests: TEST_REDIS_URL, or a server of our own on a free port that keeps nothing, made from the
 * machine's binary and stopped with us.
 */
export async function redis() {
  if (process.env.TEST_REDIS_URL) return process.env.TEST_REDIS_URL
  if (!isThere()) await aptInstall('redis-server')
  if (!isThere()) throw new Missing('No redis-server was found. Install one, or set TEST_REDIS_URL to a Redis.')
  return serve()
}

const binary = 'redis-server'

const isThere = () => spawnSync(binary, ['--version']).status === 0

/** A Redis of our own that may be killed, and started again with nothing in it. */
export async function mortalRedis() {
  if (!isThere()) await aptInstall('redis-server')
  if (!isThere()) throw new Missing('No redis-server was found: there are no rounds with several servers.')
  const folder = mkdtempSync(join(tmpdir(), 'tamga-redis-'))
  const port = await steadyPort()
  let child = await launch(folder, port)
  let starting = null
  atEnd(async () => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: async () => stop(child),
    // one that is being started already is the one
    start: () =>
      (starting ??= launch(folder, port)
        .then((one) => void (child = one))
        .finally(() => (starting = null))),
  }
}

async function serve() {
  const folder = mkdtempSync(join(tmpdir(), 'tamga-redis-'))
  const port = await freePort()
  const child = await launch(folder, port)
  atEnd(async () => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })
  return `redis://127.0.0.1:${port}`
}

async function launch(folder, port) {
  const log = join(folder, 'log')
  const fd = openSync(log, 'w')
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(binary, args, { cwd: folder, stdio: ['ignore', fd, fd] })
  closeSync(fd)
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Stop(`Redis did not start: ${readFileSync(log, 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return child
}

/** Whether a Redis says that it is ready at this port. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const done = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')))
    socket.once('error', () => done(false))
    socket.once('close', () => resolve(false))
  })
}

function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  return new Promise((resolve) => {
    child.once('exit', resolve)
    // there is nothing to save
    child.kill('SIGKILL')
  })
}
