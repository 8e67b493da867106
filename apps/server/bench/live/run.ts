import type { Generator, Run, Writing } from './generator.ts'
import type { Server } from './servers.ts'
import type { Stage } from './stage.ts'

/** So many documents with so many people each, who together write so many updates a second. */
export interface Scene {
  readonly rooms: number
  readonly people: number
}

export const titleOf = ({ rooms, people }: Scene): string => `${rooms} × ${people}`

export interface Result extends Run {
  /** CPU seconds of the server for 1,000 updates. */
  readonly cpu: number
  /** The same of Postgres. */
  readonly databaseCpu: number
}

/** Gathers people on new documents, lets them write, and sends them away. */
export async function runScene(
  stage: Stage,
  generator: Generator,
  server: Server,
  { rooms, people }: Scene,
  write: Writing,
): Promise<Result> {
  await generator.ask('gather', { participants: await server.participants(rooms, people), perRoom: people })
  await quiet(() => server.cpu())
  const before = { server: server.cpu(), database: stage.databaseCpu() ?? 0 }
  const run = await generator.ask('write', write)
  const used = server.cpu() - before.server
  const databaseUsed = (stage.databaseCpu() ?? 0) - before.database
  await generator.ask('disperse', {})
  await quiet(() => server.cpu())
  return { ...run, cpu: (used * 1000) / run.sent, databaseCpu: (databaseUsed * 1000) / run.sent }
}

/** Waits until a process has nothing to do: joins are answered, what was written is worked off. */
async function quiet(cpu: () => number): Promise<void> {
  for (let last = cpu(), tries = 0; tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = cpu()
    if (now - last <= 0.01) return
    last = now
  }
}
