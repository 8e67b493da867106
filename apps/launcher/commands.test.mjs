import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './root.mjs'

/** A command of the launcher, ended before it installs or starts anything. */
function command(name, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, `apps/launcher/${name}.mjs`), ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, said: stdout + stderr }
}

test.each([
  ['test', ['--sead', '1'], "Unknown option '--sead'"],
  ['test', ['--seed', 'abc'], '--seed takes a whole number of 32 bits, not "abc".'],
  ['test', ['--seed', '4294967296'], '--seed takes a whole number of 32 bits, not "4294967296".'],
  ['test', ['servers'], 'No such part: servers.'],
  ['faults', ['--rounds', 'many'], '--rounds takes a whole number below 2147483648, not "many".'],
  ['story', ['--seeds', '1.5'], '--seeds takes a whole number below 2147483648, not "1.5".'],
  ['story', ['--seed', '1e99'], '--seed takes a whole number below 2147483648, not "1e99".'],
  ['check', ['tslint'], 'No such check: tslint.'],
  ['dev', ['--port', 'http'], '--port takes a number from 1 to 65535, not "http".'],
  ['dev', ['--host', '0.0.0.0'], "Unknown option '--host'"],
  ['bench', ['nothing'], 'There is no benchmark "nothing".'],
  ['bench', [], 'NAME         one of: '],
  ['tamga', ['exprot'], 'There is no "exprot".'],
  ['test', ['--sead', '1'], 'With --help this command tells what it takes.'],
  ['bench', ['start', '--jason'], "Unknown option '--jason'"],
])('npm run %s -- %s is answered by a sentence', (name, args, says) => {
  const { status, said } = command(name, ...args)
  expect(said).toContain(says)
  expect(said).not.toMatch(/\n\s+at /)
  expect(status).toBe(1)
})

test.each([
  ['test', ['PARTS', '--grep', '--seed', '--help', 'CHROMIUM_PATH', 'TEST_DATABASE_URL', 'TEST_REDIS_URL', 'CI']],
  ['faults', ['--rounds', '--seed', '--help']],
  ['story', ['--seeds', '--seed', '--help']],
  ['dev', ['--port', '--data', '--no-demo', '--help', 'DATABASE_URL']],
  ['start', ['--port', '--host', '--data', '--no-demo', '--help', 'DATABASE_URL', 'PUBLIC_URL', 'REDIS_URL', 'LOG']],
  ['bench', ['NAME', 'start', 'live', '--json', '--help', 'BENCH_QUICK']],
  ['check', ['prettier', 'dependencies', '--help']],
  ['tamga', ['link', 'export', 'move', '--data', 'DATABASE_URL']],
])('npm run %s -- --help tells each option, before anything is installed', (name, options) => {
  const { status, said } = command(name, '--help')
  for (const option of options) expect(said).toContain(option)
  expect(status).toBe(0)
})

test.each([
  ['link', ['EMAIL', '--data', 'Example:']],
  ['export', ['PROJECT', '--out', '--format', '--policy', '--include', '--names', '--data', 'Example:']],
  ['move', ['--to', '--data', 'Example:']],
])('npm run tamga -- %s --help tells each option with an example, before anything is installed', (verb, options) => {
  const { status, said } = command('tamga', verb, '--help')
  for (const option of options) expect(said).toContain(option)
  expect(said).not.toContain('==')
  expect(status).toBe(0)
})

test.each([['start'], ['test'], ['faults'], ['dev'], ['check'], ['bench'], ['tamga']])(
  'npm run %s -- --help gives an example or says where one is',
  (name) => expect(command(name, '--help').said).toMatch(/Examples?:|with an example/),
)
