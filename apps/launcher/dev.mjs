import './node-version.mjs'
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { unstamp } from './build.mjs'
import { atEnd, endTogether } from './children.mjs'
import { environment } from './environment.mjs'
import { install } from './install.mjs'
import { freePort } from './port.mjs'
import { root } from './root.mjs'
import { serverCommand } from './server.mjs'
import { command, Stop } from './stop.mjs'

const usage = `npm run dev -- [options]

  --port N    the port of the pages (default 5173, or the next free one)
  --data DIR  the folder of the embedded database (default data)
  --take-copy open a data folder that was copied while a server had it open
  --no-demo   without the demo project and its people
  --help      this text

  DATABASE_URL  a Postgres (15 or later) in place of the embedded database

  Example:
    npm run dev -- --data scratch`

await command(async () => {
  const { help, pagesPort, forServer } = options()
  if (help) return console.log(usage)
  endTogether()
  await install()
  // what is built from here on is no build that npm start may take for its own
  unstamp()
  const port = await freePort()
  process.env.TAMGA_DEV_PORT = `${port}`
  const { servePages, watchServer } = await import('./vite.mjs')
  const pages = await servePages(pagesPort)
  console.log(`Pages with hot reload: ${pages} (the server behind them: port ${port})`)
  const server = restartable(['--port', `${port}`, ...forServer], (said) =>
    process.stdout.write(said.replaceAll(`http://127.0.0.1:${port}`, pages)),
  )
  atEnd(server.stop)
  await watchServer(server.restart)
  await new Promise(() => {})
})

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      'take-copy': { type: 'boolean' },
      'no-demo': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const pagesPort = values.port === undefined ? undefined : Number(values.port)
  if (pagesPort !== undefined && !(pagesPort > 0 && pagesPort < 65_536 && Number.isInteger(pagesPort)))
    throw new Stop(`--port takes a number from 1 to 65535, not "${values.port}".`)
  const flags = ['take-copy', 'no-demo'].filter((flag) => values[flag]).map((flag) => `--${flag}`)
  const forServer = [...(values.data ? ['--data', values.data] : []), ...flags]
  return { help: values.help, pagesPort, forServer }
}

/**
 * The built server as a child that can be replaced; the next one starts when the last one let go of the data. What it
 * prints goes to `say`.
 */
function restartable(args, say) {
  let child
  let turn = Promise.resolve()
  const stop = () =>
    new Promise((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', resolve)
      child.kill('SIGTERM')
    })
  const start = () => {
    child = spawn(process.execPath, serverCommand(args), {
      cwd: root,
      // its output passes through here, and is for a person all the same
      env: environment({ LOG: process.env.LOG || 'text' }),
      stdio: ['inherit', 'pipe', 'inherit'],
    })
    child.stdout.on('data', (said) => say(String(said)))
  }
  return { stop, restart: () => (turn = turn.then(stop).then(start)) }
}
