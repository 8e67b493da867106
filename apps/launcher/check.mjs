import './node-version.mjs'
import { endTogether, stopping } from './children.mjs'
import { checks, runChecks } from './checks.mjs'
import { install } from './install.mjs'
import { command, Stop } from './stop.mjs'
import { asksForHelp } from './usage.mjs'

const usage = `npm run check -- [NAMES]

  NAMES   any of ${checks.map(({ name }) => name).join(', ')} (default: all)
  --help  this text

  Types, lint, format and the rules of who may import whom.

  Example:
    npm run check -- prettier`

await command(async () => {
  const asked = process.argv.slice(2)
  if (asksForHelp(asked)) return console.log(usage)
  const unknown = asked.filter((name) => !checks.some((check) => check.name === name))
  if (unknown.length > 0)
    throw new Stop(`No such check: ${unknown}. There are ${checks.map((c) => c.name).join(', ')}.`)
  endTogether()
  await install()
  const results = await runChecks(asked)
  return stopping() ? process.exitCode : results.every(({ ok }) => ok) ? 0 : 1
})
