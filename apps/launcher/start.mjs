import './node-version.mjs'
import { build } from './build.mjs'
import { endTogether, run, stopping } from './children.mjs'
import { install } from './install.mjs'
import { serverCommand } from './server.mjs'
import { command, Stop } from './stop.mjs'
import { asksForHelp, usageOf } from './usage.mjs'

/** The server ends by itself before, also when somebody downloads slowly. */
const patience = 21_000

// The options (--port, --host, --data, --no-demo, --help) are the server's.
await command(async () => {
  if (asksForHelp(process.argv.slice(2))) return console.log(usageOf('server'))
  endTogether()
  await install()
  await build()
  if (stopping()) return process.exitCode
  const server = await run(process.execPath, serverCommand(process.argv.slice(2)), {
    env: { NODE_ENV: 'production' },
    patience,
  })
  if (server.signal && !stopping())
    throw new Stop(
      `The server was ended by ${server.signal}, which it did not ask for (out of memory?). ` +
        'What was called saved is kept: start again.',
    )
  return server.code
})
