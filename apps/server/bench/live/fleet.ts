import { figure, median, say, type Measure } from './figures.ts'
import type { Generator } from './generator.ts'
import { heldRates } from './held.ts'
import { neverCame } from './propagation.ts'
import { runScene, titleOf, type Result, type Scene } from './run.ts'
import { startTamga, type Server, type Tamga } from './servers.ts'
import type { Stage } from './stage.ts'

const PROCESSES = 3
/** What three processes must hold, in times of one; where the machine gives them no more cores, what an update may cost. */
const [TIMES, COST] = [1.8, 1.3]

/** Several processes over one Postgres beside one process alone: people of one document sit at different processes. */
export async function fleet(
  stage: Stage,
  generator: Generator,
  scene: Scene,
  {
    rate,
    rounds,
    seconds,
    search,
  }: { rate: number; rounds: number; seconds: number; search: Parameters<typeof heldRates>[4] },
): Promise<Measure[]> {
  const { redis } = stage
  if (redis === null) return []
  const alone = await startTamga(stage)
  const first = await startTamga(stage, { redis })
  const all = [first]
  while (all.length < PROCESSES) all.push(await startTamga(stage, { redis, beside: first }))
  const together = joined(all)
  const results = [alone, together].map((): Result[] => [])
  for (let round = 1; round <= rounds; round++)
    for (const [i, server] of [alone, together].entries()) {
      const result = await runScene(stage, generator, server, scene, { rate, seconds, patience: 10_000 })
      say(`  round ${round}, ${server.name} at ${rate}/s: ${result.cpu.toFixed(3)} CPU s/1,000`)
      results[i]!.push(result)
    }
  const held = await heldRates(stage, generator, [alone, together], scene, search)
  for (const { process } of [alone, ...all]) await process.stop()
  const [one, three] = held.map((each) => each.rate) as [number, number]
  const [cpuOfOne, cpuOfThree] = results.map((some) => median(some.map(({ cpu }) => cpu))) as [number, number]
  const cost = cpuOfThree / cpuOfOne
  const title = `${titleOf(scene)}, ${PROCESSES} processes to one`
  return [
    figure(`${title}: held rate`, three / one, 'times'),
    {
      ...figure(`${title}: CPU per update at ${rate}/s (or a held rate ${TIMES} times as high)`, cost, 'times'),
      target: COST,
      holds: three / one >= TIMES || cost <= COST,
    },
    neverCame(`${titleOf(scene)}, ${PROCESSES} processes at ${rate}/s`, results[1]!),
  ]
}

/** Processes as one server: people take their participants at one after the other. */
const joined = (all: readonly Tamga[]): Server => ({
  name: `${all.length} processes`,
  acknowledges: true,
  process: all[0]!.process,
  cpu: () => all.reduce((sum, server) => sum + server.cpu(), 0),
  async participants(rooms, perRoom) {
    const layers = await all[0]!.ground.layers(rooms)
    return layers.flatMap((layer) =>
      Array.from({ length: perRoom }, (_, i) => all[i % all.length]!.participant(layer, i)),
    )
  },
})
