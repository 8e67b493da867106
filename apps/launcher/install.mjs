import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './children.mjs'
import { fingerprint } from './fingerprint.mjs'
import { root } from './root.mjs'
import { Stop } from './stop.mjs'
import { mustBeWritable } from './writable.mjs'

const stamp = join(root, 'node_modules/.tamga-installed')

/** Installs what the lockfile says, unless that was done before and no manifest changed since. */
export async function install() {
  const wanted = fingerprint(manifests())
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  mustBeWritable()
  console.error('Installing dependencies (once, and when the lockfile changes) …')
  const { code } = await pnpm(['install', '--frozen-lockfile', '--reporter=append-only', ...trust()])
  if (code !== 0) {
    throw new Stop(
      `Installing the dependencies into ${join(root, 'node_modules')} failed (see above). ` +
        'The first time needs the npm registry in reach and 400 MB of disk; then start again, it goes on where it ended.',
    )
  }
  writeFileSync(stamp, wanted)
}

function manifests() {
  const workspaces = ['apps', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`),
  )
  return ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...workspaces]
}

/** CI verifies each entry of the lockfile against the registry, which takes some seconds; others trust the commit. */
const trust = () => (process.env.CI ? [] : ['--trust-lockfile'])

/** Through the npm that started us, which needs neither a pnpm on PATH nor a shell. */
function pnpm(args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const npm = process.env.npm_execpath
  const options = { env: { CI: 'true' }, stdio: ['ignore', process.stderr, 'inherit'], group: true }
  if (npm && /npm-cli\.[cm]?js$/.test(npm)) {
    return run(process.execPath, [npm, 'exec', '--yes', '--', packageManager, ...args], options)
  }
  return run(process.platform === 'win32' ? 'npx.cmd' : 'npx', ['--yes', packageManager, ...args], options)
}
