import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, Process } from './process.ts'

/**
 * Before all tests: the data folder of a demo that was started once and stopped. Servers under test start on copies of
 * it, named in E2E_TEMPLATE; making a database and its demo anew takes three times as long.
 */
export default async function template(): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-template-'))
  const server = new Process('server', ['--port', String(await freePort()), '--data', dir])
  await server.ready()
  await server.end('SIGTERM')
  process.env.E2E_TEMPLATE = dir
  return () => rmSync(dir, { recursive: true, force: true })
}
