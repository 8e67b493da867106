import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, Process } from './process.ts'
import { makeDatabase } from './server.ts'

/**
 * Before all tests: a demo that was started once and stopped, as a data folder and, where there is a Postgres, as a
 * database. Servers under test start on copies of them, named in E2E_TEMPLATE and E2E_TEMPLATE_DATABASE; making a
 * database and its demo anew takes three times as long.
 */
export default async function template(): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-template-'))
  await makeDemo(['--data', dir])
  process.env.E2E_TEMPLATE = dir
  const database = process.env.TEST_DATABASE_URL ? await makeDatabase() : null
  if (database) {
    await makeDemo([], { DATABASE_URL: database.url })
    process.env.E2E_TEMPLATE_DATABASE = new URL(database.url).pathname.slice(1)
  }
  return async () => {
    rmSync(dir, { recursive: true, force: true })
    await database?.drop()
  }
}

async function makeDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const server = new Process('server', ['--port', String(await freePort()), ...args], env)
  await server.ready()
  await server.end('SIGTERM')
}
