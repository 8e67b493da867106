import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { environment } from './environment.mjs'
import { root } from './root.mjs'

const running = new Map()
const endings = []
let finishing = Promise.resolve()
let ended = false

/** A child that was told to stop and has not after this long is killed: everything ends within 2 s that asks for no more. */
const usualPatience = 1700

/**
 * Runs a command in the repository's folder until it ends.
 * `stdio` as in spawn; with 'pipe' the output comes back as one text. `group` gives the command a process group, so
 * that what it starts in turn can be ended with it. `patience`: how many milliseconds it may take to end when told to.
 */
export function run(file, args, { env = {}, stdio = 'inherit', group = false, patience = usualPatience } = {}) {
  const detached = group && process.platform !== 'win32'
  const child = spawn(file, args, { cwd: root, env: environment(env), stdio, detached, windowsHide: true })
  const send = (signal) => (detached ? process.kill(-child.pid, signal) : child.kill(signal))
  running.set(child, { send, patience })
  const output = []
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => output.push(chunk))
  return new Promise((resolve) => {
    const done = (code, signal) => {
      running.delete(child)
      resolve({ code: code ?? 1, signal, output: Buffer.concat(output).toString() })
    }
    child.once('error', (error) => {
      output.push(Buffer.from(`${file}: ${error.message}\n`))
      done(1, null)
    })
    child.once('close', done)
  })
}

/** Runs a script of an installed package, or any file, under this very Node. */
export const runNode = (script, args, options) => run(process.execPath, [script, ...args], options)

/** Registers what must be undone before this process ends, however it ends short of being killed. */
export function atEnd(undo) {
  endings.push(undo)
}

/** Undoes what atEnd registered, last first; a second call waits for the first. */
export function finish() {
  finishing = finishing.then(async () => {
    for (const undo of endings.splice(0).reverse()) await undo()
  })
  return finishing
}

/** True once a signal came: the command should start nothing more. */
export const stopping = () => ended

/**
 * Lets every child end with us: on Ctrl-C, on SIGTERM, and when the npm that started us is gone (npm forwards no
 * SIGTERM, and a server left behind would hold the data folder's lock).
 */
export function endTogether() {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => void end(signal))
  if (!process.env.npm_lifecycle_event) return
  const npm = npmAbove()
  setInterval(() => npmAbove() !== npm && !ended && void end('SIGTERM'), 200).unref()
}

/** Process id of the npm that started us, or another one once it is gone; some shells stay in between. */
function npmAbove() {
  if (!existsSync(`/proc/${process.ppid}/stat`)) return process.ppid
  const [, name, rest] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8'))
  const parentOfParent = Number(rest.split(' ')[1])
  return /^(ba|da|z)?sh$/.test(name) ? parentOfParent : process.ppid
}

async function end(signal) {
  // a second Ctrl-C is for those who have no patience
  if (ended) return signalAll(signal)
  ended = true
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
  process.exitCode = codes[signal]
  signalAll(signal)
  const told = Date.now()
  const waiting = () => [...running.values()].some(({ patience }) => Date.now() < told + patience)
  while (waiting()) await new Promise((resolve) => setTimeout(resolve, 20))
  signalAll('SIGKILL')
  await finish()
  process.exit(codes[signal])
}

function signalAll(signal) {
  for (const { send } of running.values()) {
    try {
      send(signal)
    } catch {
      // It ended a moment ago.
    }
  }
}
