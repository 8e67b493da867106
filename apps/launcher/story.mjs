import './node-version.mjs'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endTogether, runNode, stopping } from './children.mjs'
import { install } from './install.mjs'
import { wholeNumber } from './options.mjs'
import { root } from './root.mjs'
import { command } from './stop.mjs'

const usage = `npm run story -- [--seeds N] [--seed S]

  --seeds N   so many stories, beside the seeds that failed once (default 1000)
  --seed S    the first story's seed, a story's seed is one more than that before it (default: drawn anew); with it, and
              with no --seeds, that one story is played
  --help      this text

  A story is several people on one article through one or two servers, step by step as its seed has it: they edit,
  undo, go offline, crash and come back, while servers fold documents and fail. At its end all must see what is stored,
  with nothing lost and everything under its author's name. It needs no database and plays some twenty in a second.
  npm test plays a few.`

await command(async () => {
  const { values } = parseArgs({
    options: { seeds: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  const isOne = values.seed !== undefined && values.seeds === undefined
  const seeds = wholeNumber('--seeds', values.seeds ?? (isOne ? '1' : '1000'))
  const seed = wholeNumber('--seed', values.seed ?? `${randomInt(2 ** 31)}`)
  endTogether()
  await install()
  console.log(`── seed ${seed} (the same stories again: npm run story -- --seeds ${seeds} --seed ${seed})`)
  const args = ['run', '--project=node', '--reporter', join(root, 'apps/launcher/story-reporter.mjs')]
  const { code } = await runNode(
    join(root, 'node_modules/vitest/vitest.mjs'),
    [...args, 'apps/server/src/live/convergence.once.test.ts'],
    { env: { STORY_SEEDS: `${seeds}`, TEST_SEED: `${seed}` }, stdio: ['ignore', 'inherit', 'inherit'], group: true },
  )
  return stopping() ? process.exitCode : code
})
