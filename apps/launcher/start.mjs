import './node-version.mjs'
import { build, built } from './build.mjs'
import { endTogether, runNode, stopping } from './children.mjs'
import { install } from './install.mjs'
import { command } from './stop.mjs'

const usage = `npm start [-- OPTIONS]   installs and builds what changed, then serves Tamga

  --port N      port to listen on (default 4173, or the next free one)
  --host A      address to listen on (default 127.0.0.1; beyond loopback there are no demo people)
  --data DIR    folder of the embedded database (default data)
  --no-demo     do not load the demo project
  --help        this text

DATABASE_URL=postgres://… uses that Postgres in place of the embedded database.`

await command(async () => {
  const args = process.argv.slice(2)
  if (args.includes('--help')) return console.log(usage)
  endTogether()
  await install()
  await build()
  if (stopping()) return process.exitCode
  return (await runNode(built.server, args, { env: { NODE_ENV: 'production' } })).code
})
