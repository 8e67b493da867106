import './node-version.mjs'
import { spawn } from 'node:child_process'
import { atEnd, endTogether } from './children.mjs'
import { environment } from './environment.mjs'
import { install } from './install.mjs'
import { freePort } from './port.mjs'
import { root } from './root.mjs'
import { serverCommand } from './server.mjs'
import { command } from './stop.mjs'

await command(async () => {
  endTogether()
  await install()
  const port = await freePort()
  process.env.TAMGA_DEV_PORT = `${port}`
  const { servePages, watchServer } = await import('./vite.mjs')
  const server = restartable(['--port', `${port}`, ...process.argv.slice(2)])
  atEnd(server.stop)
  await watchServer(server.restart)
  console.log(`Pages with hot reload: ${await servePages()} (the server behind them: port ${port})`)
  await new Promise(() => {})
})

/** The built server as a child that can be replaced; the next one starts when the last one let go of the data. */
function restartable(args) {
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
      env: environment(),
      stdio: 'inherit',
    })
  }
  return { stop, restart: () => (turn = turn.then(stop).then(start)) }
}
