import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { aptInstall } from './apt.mjs'
import { Missing, Stop } from './stop.mjs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/chromium-browser',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Path of a Chromium that runs: CHROMIUM_PATH, a usual place, or installed now; Missing says what to do. */
export async function chromium() {
  const asked = process.env.CHROMIUM_PATH
  if (asked) {
    if (!runs(asked)) throw new Stop(`CHROMIUM_PATH is ${asked}, and no Chromium runs from there.`)
    return asked
  }
  const found = places.find(runs)
  if (found) return found
  if (await aptInstall('chromium', 'fonts-dejavu-core')) return '/usr/bin/chromium'
  throw new Missing('No Chromium was found. Install Chromium or Chrome, or set CHROMIUM_PATH to its executable.')
}

function runs(path) {
  return existsSync(path) && spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0
}
