import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environment } from '../environment.mjs'
import { freePort } from '../port.mjs'
import { root } from '../root.mjs'

const runs = 5
const limit = 60_000

/** `npm start` on an installed and built tree, from the command to the first page: without data, then with. */
export default async function start({ atEnd }) {
  const folder = mkdtempSync(join(tmpdir(), 'tamga-bench-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const cold = []
  const warm = []
  for (let n = 0; n < runs; n++) {
    const data = join(folder, `${n}`)
    cold.push(await toFirstPage(data, atEnd))
    warm.push(await toFirstPage(data, atEnd))
  }
  return [measure('cold start (new database)', cold), measure('warm start', warm, 3)]
}

function measure(name, seconds, target) {
  const value = Number(median(seconds).toFixed(2))
  return { name, value, unit: 's', ...(target && { target, holds: value < target }) }
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

async function toFirstPage(data, atEnd) {
  const port = await freePort()
  const from = performance.now()
  const server = npmStart(['--port', `${port}`, '--data', data])
  const ended = new Promise((resolve) => server.once('exit', resolve))
  atEnd(() => server.kill('SIGTERM'))
  while (!(await answers(port))) {
    if (server.exitCode !== null || performance.now() - from > limit) throw new Error(`no page after ${limit} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - from) / 1000
  server.kill('SIGTERM')
  await ended
  await closed(port)
  return seconds
}

/** Through npm where npm started us, as a person starts it. */
function npmStart(args) {
  const npm = process.env.npm_execpath
  const call = npm ? [npm, 'start', '--', ...args] : ['apps/launcher/start.mjs', ...args]
  return spawn(process.execPath, call, { cwd: root, env: environment(), stdio: 'ignore' })
}

async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).ok
  } catch {
    return false
  }
}

async function closed(port) {
  while (await answers(port)) await new Promise((resolve) => setTimeout(resolve, 20))
}
