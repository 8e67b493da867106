import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root } from './root.mjs'

const children = JSON.stringify(new URL('./children.mjs', import.meta.url).href)
const sleeper = `console.log(process.pid); setTimeout(() => {}, 600_000)`
const launcher = `
  const { endTogether, run } = await import(${children})
  endTogether()
  await run(process.execPath, ['-e', ${JSON.stringify(sleeper)}])`

/** Stands for npm: it starts the launcher through a shell that stays in between, and can be killed. */
const npm = `
  const command = 'node --input-type=module -e "$LAUNCHER"; true'
  require('child_process').spawn('sh', ['-c', command], { stdio: 'inherit' })`

test.skipIf(process.platform === 'win32').each(['SIGKILL', 'SIGTERM'])(
  'what the launcher started ends within 2 s when npm gets %s',
  async (signal) => {
    const env = { ...process.env, LAUNCHER: launcher, npm_lifecycle_event: 'start' }
    const parent = spawn(process.execPath, ['-e', npm], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = Number(String((await once(parent.stdout, 'data'))[0]))
    expect(alive(pid)).toBe(true)
    const [asked, crowded] = [performance.now(), crowdedMs()]
    parent.kill(signal)
    while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(performance.now() - asked - (crowdedMs() - crowded)).toBeLessThan(2000)
  },
)

/** How long this machine had more to do than it has processors for: that is not our slowness. 0 where it does not say. */
function crowdedMs() {
  const pressure = '/proc/pressure/cpu'
  if (!existsSync(pressure)) return 0
  return Number(/^some .*total=(\d+)/.exec(readFileSync(pressure, 'utf8'))?.[1] ?? 0) / 1000
}

function alive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
