import { atLeast, atMost, chapter, figure, type Measure } from './live/figures.ts'
import { fleet } from './live/fleet.ts'
import { startGenerator, type Generator } from './live/generator.ts'
import { heldRates } from './live/held.ts'
import { prepareJoins } from './live/join.ts'
import { kills } from './live/kill.ts'
import { memory } from './live/memory.ts'
import { propagation } from './live/propagation.ts'
import { runScene, titleOf, type Scene } from './live/run.ts'
import { kinds, startServer, type Server } from './live/servers.ts'
import { openStage, type Launcher, type Stage } from './live/stage.ts'

/** BENCH_QUICK=1 looks whether anything is broken, in two or three minutes: its figures are rough. */
const quick = process.env.BENCH_QUICK === '1'
const length = quick ? { rounds: 1, seconds: 2 } : { rounds: 3, seconds: 4 }
const past = { annotations: quick ? 2000 : 10_000, changes: 10 }
const search = quick ? { seconds: 1, tries: 1, close: 1.5 } : { seconds: 2.5, tries: 2, close: 1.12 }

const [pair, table, hall, house]: readonly Scene[] = [
  { rooms: 1, people: 2 },
  { rooms: 1, people: 20 },
  { rooms: 1, people: 100 },
  { rooms: 50, people: 2 },
]

/** The live room beside y-websocket-server and hocuspocus, each in a process of its own; ours writes to Postgres first. */
export default async function live(launcher: Launcher): Promise<Measure[]> {
  const stage = await openStage(launcher)
  const generator = startGenerator()
  stage.atEnd(() => generator.stop())
  chapter('A large document is written into each server')
  const joins = await prepareJoins(stage, generator, past)
  const servers: Server[] = []
  for (const kind of kinds) servers.push(await startServer(stage, kind))
  chapter('Warming up')
  for (const server of servers)
    await runScene(stage, generator, server, table!, { rate: 300, seconds: 3, patience: 5000 })
  chapter('Propagation at an easy rate')
  const spread = await propagation(stage, generator, servers, scenes, length)
  chapter('The highest rate that is held')
  const held = await heldMeasures(stage, generator, servers)
  for (const { process } of servers) await process.stop()
  chapter('Three processes beside one')
  const many = await fleet(stage, generator, house!, { rate: 500, ...length, search: { first: 2000, ...search } })
  chapter('Memory')
  const kept = await memory(stage, generator)
  chapter('Killed while people write')
  const killed = await kills(stage, generator, quick ? { ours: 2, theirs: 1 } : { ours: 5, theirs: 2 })
  chapter('Joining the large document')
  return [...spread, ...held, ...many, ...kept, ...(await joins()), ...killed]
}

const scenes = [
  { scene: pair!, rate: 200, judged: true },
  { scene: table!, rate: 200, judged: true },
  { scene: hall!, rate: 200, judged: true },
  { scene: house!, rate: 500, judged: false },
]

/** What ours must hold, in times of y-websocket-server's rate and of hocuspocus's; at most so much of the better's CPU. */
const demands = [
  { scene: hall!, first: 800, ofYws: 6, ofHocuspocus: 1, cpu: 0.7 },
  { scene: table!, first: 2000, ofYws: 1.5, ofHocuspocus: null, cpu: null },
  { scene: house!, first: 4000, ofYws: 0.9, ofHocuspocus: null, cpu: null },
]

async function heldMeasures(stage: Stage, generator: Generator, servers: readonly Server[]): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const { scene, first, ofYws, ofHocuspocus, cpu } of demands) {
    const [ours, yws, hocuspocus] = await heldRates(stage, generator, servers, scene, { first, ...search })
    const title = `${titleOf(scene)} held rate`
    const note = ours!.limited ? ' (the load generator was the limit)' : ''
    measures.push(
      figure(`${title}, Tamga${note}`, ours!.rate, 'updates/s'),
      figure(`${title}, y-websocket-server`, yws!.rate, 'updates/s'),
      figure(`${title}, hocuspocus`, hocuspocus!.rate, 'updates/s'),
      atLeast(`${title}, to y-websocket-server's`, ours!.rate / yws!.rate, 'times', ofYws),
      ...(ofHocuspocus
        ? [atLeast(`${title}, to hocuspocus's`, ours!.rate / hocuspocus!.rate, 'times', ofHocuspocus)]
        : []),
      figure(`${title}, CPU of Tamga`, ours!.cpu, 's per 1,000 updates'),
      figure(`${title}, CPU of its Postgres`, ours!.databaseCpu, 's per 1,000 updates'),
      figure(`${title}, CPU of y-websocket-server`, yws!.cpu, 's per 1,000 updates'),
      figure(`${title}, CPU of hocuspocus`, hocuspocus!.cpu, 's per 1,000 updates'),
      ...(cpu
        ? [atMost(`${title}, CPU to the better's`, ours!.cpu / Math.min(yws!.cpu, hocuspocus!.cpu), 'times', cpu)]
        : []),
    )
  }
  return measures
}
