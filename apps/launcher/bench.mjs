import './node-version.mjs'
import { writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, built } from './build.mjs'
import { atEnd, endTogether } from './children.mjs'
import { environment } from './environment.mjs'
import { filesUnder } from './fingerprint.mjs'
import { install } from './install.mjs'
import { installed } from './peers.mjs'
import { steadyPort } from './port.mjs'
import { postgres } from './postgres.mjs'
import { redis } from './redis.mjs'
import { root } from './root.mjs'
import { command, Stop } from './stop.mjs'

const files = ['apps', 'packages'].flatMap((folder) =>
  filesUnder(folder, (path) => /\/bench\/[^/]+\.bench\.(ts|mjs)$/.test(path)),
)
const nameOf = (path) => basename(path).replace(/\.bench\.(ts|mjs)$/, '')

const usage = () => `npm run bench -- NAME [--json FILE]

  NAME         one of: ${files.map(nameOf).join(', ')}
  --json FILE  keeps the figures: [{name, value, unit, target, holds}]
  --help       this text

  BENCH_QUICK=1  a short look whether all of it runs, where a benchmark takes long

  Ends with 1 when a figure misses its target.

  Example:
    npm run bench -- start --json start.json`

/**
 * A benchmark is a module `bench/NAME.bench.ts` (or .mjs) of an app or package. Its default export measures and
 * answers `[{name, value, unit, target?, holds?}]`; this command prints them, and fails when one does not hold.
 */
await command(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage())
  const file = find(positionals[0])
  endTogether()
  await install()
  await build()
  const { runnerImport } = await import('./vite.mjs')
  const { module } = await runnerImport(join(root, file), { configFile: false, logLevel: 'warn' })
  const measures = await module.default({
    ...{ atEnd, environment, freePort: steadyPort, installed, redis, server: built.server },
    postgres: () => postgres({ durable: true }),
  })
  for (const measure of measures) console.log(sentence(measure))
  if (values.json) {
    writeFileSync(resolve(process.env.INIT_CWD ?? root, values.json), `${JSON.stringify(measures, null, 2)}\n`)
  }
  return measures.every(({ holds }) => holds !== false) ? 0 : 1
})

function find(name) {
  const file = files.find((path) => nameOf(path) === name)
  if (!file) throw new Stop(`There is no benchmark ${JSON.stringify(name ?? '')}.\n${usage()}`)
  return file
}

function sentence({ name, value, unit, target, holds }) {
  const verdict = holds === undefined ? '' : ` (target ${target} ${unit}: ${holds ? 'holds' : 'MISSED'})`
  return `${name}: ${value} ${unit}${verdict}`
}
