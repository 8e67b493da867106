import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import type { Launcher } from '../live/stage.ts'

/** Which database the server stands on. */
export type Kind = 'embedded' | 'Postgres'

/** A server of its own over a new database, with the demo's project in it. */
export interface Server {
  readonly kind: Kind
  readonly origin: string
  stop(): Promise<void>
}

/** Starts a server, and resolves when its demo can be entered. */
export async function startServer(launcher: Launcher, kind: Kind): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'tamga-hostile-'))
  const port = await launcher.freePort()
  const url = kind === 'Postgres' ? await launcher.postgres() : ''
  const child = spawn(execPath, [launcher.server, '--port', `${port}`, '--data', folder], {
    env: launcher.environment({ DATABASE_URL: url, REDIS_URL: '', PUBLIC_URL: '', NODE_ENV: 'production' }),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await ended
    clearTimeout(timer)
    rmSync(folder, { recursive: true, force: true })
  }
  launcher.atEnd(stop)
  const origin = `http://127.0.0.1:${port}`
  const hasDemo = async () => {
    const session = (await (await fetch(`${origin}/api/session`)).json()) as { demo: unknown[] }
    return session.demo.length > 0
  }
  for (const end = Date.now() + 180_000; !(await hasDemo().catch(() => false));) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`The server on ${kind} did not start.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { kind, origin, stop }
}
