import './node-version.mjs'
import { build, built } from './build.mjs'
import { endTogether, runNode } from './children.mjs'
import { install } from './install.mjs'
import { command } from './stop.mjs'

await command(async () => {
  endTogether()
  await install()
  await build()
  return (await runNode(built.tamga, process.argv.slice(2), { env: { NODE_ENV: 'production' } })).code
})
