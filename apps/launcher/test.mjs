import './node-version.mjs'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { runChecks } from './checks.mjs'
import { atEnd, endTogether, finish, runNode, stopping } from './children.mjs'
import { chromium } from './chromium.mjs'
import { faultRounds } from './fault-rounds.mjs'
import { install } from './install.mjs'
import { postgres } from './postgres.mjs'
import { redis } from './redis.mjs'
import { readPlaywright, readVitest } from './reports.mjs'
import { root } from './root.mjs'
import { command, Missing, Stop } from './stop.mjs'
import { Tally } from './tally.mjs'

const usage = `npm test -- [PARTS] [--grep TEXT] [--seed N]

  PARTS        any of check, unit, server, browser, e2e, faults (default: all; with --grep all but check and faults)
  --grep TEXT  only tests whose name has TEXT
  --seed N     the properties try the cases of an earlier run, which printed N (default: drawn anew)
  --help       this text

  CHROMIUM_PATH, TEST_DATABASE_URL, TEST_REDIS_URL
               a Chromium, a Postgres (15 or later) and a Redis in place of those that this machine has
  CI=true      what is missing fails instead of being skipped
  PICTURES=1   with e2e: takes the pictures of README.md anew

  Example:
    npm test -- server --grep "a decision"`

const parts = ['check', 'unit', 'server', 'browser', 'e2e', 'faults']
const tally = new Tally()
const reports = mkdtempSync(join(tmpdir(), 'tamga-reports-'))
atEnd(() => rmSync(reports, { recursive: true, force: true }))

await command(async () => {
  const { wanted, grep, seed, help } = options()
  if (help) return console.log(usage)
  endTogether()
  try {
    await stages(wanted, grep, seed)
  } catch (error) {
    if (!(error instanceof Stop) || stopping()) throw error
    tally.check('npm test', false, error.message)
  }
  if (stopping()) return process.exitCode
  await finish()
  tally.print()
  return tally.failed > 0 ? 1 : 0
})

async function stages(wanted, grep, seed) {
  await stage('install', install)
  const services = await stage('services', () => findServices(wanted))
  if (wanted('check')) await stage('checks', checks)
  await stage('vitest', () => vitest(wanted, { ...services, TEST_SEED: `${seed}` }, grep))
  const serves = (wanted('e2e') && services.CHROMIUM_PATH) || wanted('faults')
  if (!serves || !(await builds())) return
  if (wanted('e2e') && services.CHROMIUM_PATH) await stage('e2e', () => playwright(services, grep))
  if (wanted('faults')) await stage('faults', faults)
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { grep: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  })
  const unknown = positionals.filter((part) => !parts.includes(part))
  if (unknown.length > 0) throw new Stop(`No such part: ${unknown.join(', ')}.\n${usage}`)
  const all = values.grep === undefined ? parts : parts.filter((part) => part !== 'check' && part !== 'faults')
  const chosen = positionals.length > 0 ? positionals : all
  const wanted = (...names) => names.some((name) => chosen.includes(name))
  return { wanted, grep: values.grep, seed: readSeed(values.seed), help: values.help }
}

/** fast-check's seeds have 32 bits; one that is drawn leaves the sign out. */
function readSeed(value = `${randomInt(2 ** 31)}`) {
  const seed = Number(value)
  if (value === '' || (seed | 0) !== seed) throw new Stop(`--seed takes a whole number of 32 bits, not "${value}".`)
  return seed
}

/** Runs one stage and prints how long it took; nothing more is begun after a signal. */
async function stage(name, body) {
  if (stopping()) throw new Stop('Stopped.')
  const start = performance.now()
  const result = await body()
  console.log(`── ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

/** What the tests need from the machine, as environment variables. */
async function findServices(wanted) {
  const services = {}
  const find = async (variable, seek) => {
    try {
      services[variable] = await seek()
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      tally.missing(variable, error.message)
    }
  }
  if (wanted('browser', 'e2e')) await find('CHROMIUM_PATH', chromium)
  if (wanted('server', 'e2e')) await find('TEST_DATABASE_URL', postgres)
  if (wanted('server', 'e2e')) await find('TEST_REDIS_URL', redis)
  return services
}

async function checks() {
  for (const { name, ok } of await runChecks()) tally.check(name, ok)
}

async function vitest(wanted, env, grep) {
  const projects = [
    ...(wanted('unit') ? ['node', 'launcher'] : []),
    ...(wanted('server') ? ['pglite', ...(env.TEST_DATABASE_URL ? ['postgres'] : [])] : []),
    ...(wanted('browser') && env.CHROMIUM_PATH ? ['browser'] : []),
  ]
  if (projects.length === 0) return
  console.log(`── seed ${env.TEST_SEED} (the same cases again: npm test -- --seed ${env.TEST_SEED})`)
  const report = join(reports, 'vitest.json')
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  args.push(...projects.map((name) => `--project=${name}`), ...(grep ? ['-t', grep, '--passWithNoTests'] : []))
  const { code } = await runNode(join(root, 'node_modules/vitest/vitest.mjs'), args, runner(env))
  addReport('Vitest', report, readVitest, code)
}

async function builds() {
  try {
    await stage('build', build)
  } catch (error) {
    tally.check('build', false, error.message)
    return false
  }
  tally.check('build', true)
  return true
}

/** The rounds of the fault suite that failed once; each counts as a test. `npm run test:faults` draws others. */
async function faults() {
  try {
    const outcomes = await faultRounds({ rounds: 0, seed: 0, known: true })
    for (const { name, ok, message } of outcomes) tally.check(name, ok, message)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    tally.missing('faults', error.message)
  }
}

async function playwright(services, grep) {
  const report = join(reports, 'e2e.json')
  const args = [
    'test',
    '--config',
    'e2e/playwright.config.ts',
    ...(grep ? ['--grep', grep, '--pass-with-no-tests'] : []),
  ]
  const { code } = await runNode(
    join(root, 'node_modules/@playwright/test/cli.js'),
    args,
    runner({ ...services, E2E_REPORT: report }),
  )
  addReport('Playwright', report, readPlaywright, code)
}

/** Runners start workers, browsers and servers of their own: a group ends together. */
function runner(env) {
  return { env, stdio: ['ignore', 'inherit', 'inherit'], group: true }
}

/** A runner that failed without a failed test (an error outside any test, no report) is a failure of its own. */
function addReport(name, file, read, code) {
  const found = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : undefined
  if (found) tally.add(found)
  if (code !== 0 && !found?.failed) tally.check(name, false, `ended with code ${code}, see above`)
}
