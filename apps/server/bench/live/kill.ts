import { atMost, figure, say, type Measure } from './figures.ts'
import type { Generator, Participant } from './generator.ts'
import { startServer, type Server } from './servers.ts'
import type { Stage } from './stage.ts'

const RATE = 200
/** How long somebody who was told to be in step is watched for what it still lacked. */
const WATCHED = 1500

interface Toll {
  written: number
  acked: number
  lostOfAcked: number
  lostOfSeen: number
  syncedTooSoon: number
}

/** What is lost when a server is killed while two people write: of what it said it had, and of what others saw. */
export async function kills(
  stage: Stage,
  generator: Generator,
  rounds: { ours: number; theirs: number },
): Promise<Measure[]> {
  const ours = await toll(generator, await startServer(stage, 'tamga'), rounds.ours)
  const yws = await toll(generator, await startServer(stage, 'y-websocket', { stores: true }), rounds.theirs)
  const hocuspocus = await toll(generator, await startServer(stage, 'hocuspocus', { stores: true }), rounds.theirs)
  const title = `of ${ours.acked} acknowledged in ${rounds.ours} × kill -9`
  return [
    atMost(`Tamga: lost ${title}`, ours.lostOfAcked, 'updates', 0),
    atMost(`Tamga: lost of what others saw`, ours.lostOfSeen, 'updates', 0),
    atMost(`Tamga: "synced" before loaded`, ours.syncedTooSoon, 'rounds', 0),
    figure(`y-websocket-server with LevelDB: lost of what others saw`, yws.lostOfSeen, 'updates'),
    figure(`y-websocket-server with LevelDB: "synced" before loaded`, yws.syncedTooSoon, 'rounds'),
    figure(`hocuspocus with a store: lost of ${hocuspocus.acked} acknowledged`, hocuspocus.lostOfAcked, 'updates'),
    figure(`hocuspocus with a store: "synced" before loaded`, hocuspocus.syncedTooSoon, 'rounds'),
  ]
}

async function toll(generator: Generator, server: Server, rounds: number): Promise<Toll> {
  const all: Toll = { written: 0, acked: 0, lostOfAcked: 0, lostOfSeen: 0, syncedTooSoon: 0 }
  for (let round = 1; round <= rounds; round++) {
    const [participant] = (await server.participants(1, 1)) as [Participant]
    await generator.ask('storm', { participant, rate: RATE })
    await new Promise((resolve) => setTimeout(resolve, 800 + Math.random() * 1500))
    await server.process.kill()
    const { written, acked, seen } = await generator.ask('calm', {})
    await server.process.again()
    const { first, later } = await generator.ask('look', { participant, ms: WATCHED })
    const kept = new Set(later)
    const lost = (keys: readonly number[]) => keys.filter((key) => !kept.has(key)).length
    const one = {
      ...{ written: written.length, acked: acked.length, lostOfAcked: lost(acked), lostOfSeen: lost(seen) },
      syncedTooSoon: later.length > first.length ? 1 : 0,
    }
    say(`  ${server.name}, round ${round}: ${JSON.stringify(one)}`)
    for (const key of Object.keys(all) as (keyof Toll)[]) all[key] += one[key]
  }
  await server.process.stop()
  return all
}
