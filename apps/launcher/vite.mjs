// Imported only after the dependencies are installed.
import { createBuilder, createServer } from 'vite'
import { root } from './root.mjs'

const configFile = `${root}vite.config.ts`

/** Builds the server whenever one of its sources changes, calling `onBuilt` after each build that succeeded. */
export async function watchServer(onBuilt) {
  const builder = await createBuilder({ configFile, logLevel: 'warn' })
  builder.environments.ssr.config.build.watch = {}
  const watcher = await builder.build(builder.environments.ssr)
  let failed = false
  watcher.on('event', ({ code }) => {
    if (code === 'START') failed = false
    if (code === 'ERROR') failed = true // Vite has printed it.
    if (code === 'END' && !failed) onBuilt()
  })
}

/** Serves the pages with hot reload; answers their address. */
export async function servePages() {
  const server = await createServer({ configFile, logLevel: 'warn' })
  await server.listen()
  return server.resolvedUrls.local[0]
}

export { runnerImport } from 'vite'
