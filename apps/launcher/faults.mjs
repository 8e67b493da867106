import './node-version.mjs'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { endTogether, stopping } from './children.mjs'
import { faultRounds } from './fault-rounds.mjs'
import { install } from './install.mjs'
import { wholeNumber } from './options.mjs'
import { command } from './stop.mjs'

const usage = `npm run test:faults -- [--rounds N] [--seed S]

  --rounds N  so many rounds, beside the seeds that failed once (default 20)
  --seed S    the first round's seed, a round's seed is one more than that before it (default: drawn anew); with it, and
              with no --rounds, that one round is played
  --help      this text

  Editors write over real sockets while servers, database and network fail; then all that the servers acknowledged is
  looked for in the database and on every screen. Needs a Postgres (15 or later) of this machine, to kill it.

  Example:
    npm run test:faults -- --rounds 50`

await command(async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  const alone = values.seed !== undefined && values.rounds === undefined
  const rounds = wholeNumber('--rounds', values.rounds ?? (alone ? '1' : '20'))
  const seed = wholeNumber('--seed', values.seed ?? `${randomInt(2 ** 31)}`)
  endTogether()
  await install()
  await build()
  console.log(`── seed ${seed} (the same rounds again: npm run test:faults -- --rounds ${rounds} --seed ${seed})`)
  const outcomes = await faultRounds({ rounds, seed, known: !alone, long: !alone })
  if (stopping()) return process.exitCode
  const failed = outcomes.filter(({ ok }) => !ok)
  for (const { name, message } of failed) console.log(`FAILED ${name}\n       ${message}`)
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`)
  return failed.length > 0 ? 1 : 0
})
