import './node-version.mjs'
import { build, built } from './build.mjs'
import { endTogether, runNode } from './children.mjs'
import { install } from './install.mjs'
import { command, Stop } from './stop.mjs'
import { asksForHelp, sectionOf, usageOf } from './usage.mjs'

await command(async () => {
  const args = process.argv.slice(2)
  const [verb] = args
  const usage = usageOf('cli')
  if (verb === undefined || verb.startsWith('-')) return console.log(sectionOf(usage))
  const section = sectionOf(usage, verb)
  if (section === undefined) throw new Stop(`There is no "${verb}".\n\n${sectionOf(usage)}`)
  if (asksForHelp(args)) return console.log(section)
  endTogether()
  await install()
  await build()
  return (await runNode(built.tamga, args, { env: { NODE_ENV: 'production' } })).code
})
