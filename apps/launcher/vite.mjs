// Imported only after the dependencies are installed.
import { createBuilder, createServer } from 'vite'
import { root } from './root.mjs'
import { Stop } from './stop.mjs'

const configFile = `${root}vite.config.ts`

/** Builds the server whenever one of its sources changes, calling `onBuilt` after each build that succeeded. */
export async function watchServer(onBuilt) {
  const builder = await createBuilder({ configFile, logLevel: 'warn' })
  const { build } = builder.environments.ssr.config
  build.watch = {}
  // a server may just be starting from what is there
  build.emptyOutDir = false
  const watcher = await builder.build(builder.environments.ssr)
  let failed = false
  watcher.on('event', ({ code }) => {
    if (code === 'START') failed = false
    if (code === 'ERROR') failed = true // Vite has printed it.
    if (code === 'END' && !failed) onBuilt()
  })
}

/** Serves the pages with hot reload, on this port if one is asked for; answers their origin. */
export async function servePages(port) {
  const server = await createServer({
    configFile,
    logLevel: 'warn',
    ...(port && { server: { port, strictPort: true } }),
  })
  await server.listen().catch(({ message }) => {
    throw new Stop(`The pages cannot be served: ${message}. Name another port with --port.`)
  })
  return new URL(server.resolvedUrls.local[0]).origin
}

export { runnerImport } from 'vite'
