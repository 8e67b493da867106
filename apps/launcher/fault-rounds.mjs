import { join } from 'node:path'
import { built } from './build.mjs'
import { atEnd } from './children.mjs'
import { environment } from './environment.mjs'
import { steadyPort } from './port.mjs'
import { mortalPostgres } from './postgres.mjs'
import { mortalRedis } from './redis.mjs'
import { root } from './root.mjs'
import { serverCommand } from './server.mjs'
import { Missing } from './stop.mjs'

/** Plays rounds of the fault suite against the built server: `[{name, ok, message}]`. */
export async function faultRounds(asked) {
  const { runnerImport } = await import('./vite.mjs')
  const suite = join(root, 'apps/server/faults/run.ts')
  const { module } = await runnerImport(suite, { configFile: false, logLevel: 'warn' })
  const means = { atEnd, environment, steadyPort, serverCommand, server: built.server }
  const reports = join(root, 'test-results/faults')
  return module.default({ ...means, reports, postgres: mortalPostgres, redis }, asked)
}

async function redis() {
  try {
    return await mortalRedis()
  } catch (error) {
    if (!(error instanceof Missing) || process.env.CI === 'true') throw error
    console.error(error.message)
    return null
  }
}
