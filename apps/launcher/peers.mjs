import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './children.mjs'
import { fingerprint } from './fingerprint.mjs'
import { root } from './root.mjs'
import { Stop } from './stop.mjs'
import { mustBeWritable } from './writable.mjs'

/**
 * Installs a package that is none of the workspace's, by its own lockfile, unless that was done before; answers its
 * folder. For what only a benchmark compares us with.
 */
export async function installed(folder) {
  const place = join(root, folder)
  const stamp = join(place, 'node_modules/.tamga-installed')
  const wanted = fingerprint([`${folder}/package.json`, `${folder}/package-lock.json`])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return place
  mustBeWritable()
  console.error(`Installing ${folder} (once) …`)
  const { code } = await npm(['ci', '--prefix', place, '--ignore-scripts', '--no-audit', '--no-fund'])
  if (code !== 0) throw new Stop(`Installing ${folder} failed (see above). It needs the npm registry in reach.`)
  writeFileSync(stamp, wanted)
  return place
}

/** The npm that started us, where one did. */
function npm(args) {
  const file = process.env.npm_execpath
  const options = { stdio: ['ignore', process.stderr, 'inherit'], group: true }
  if (file && /npm-cli\.[cm]?js$/.test(file)) return run(process.execPath, [file, ...args], options)
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options)
}
