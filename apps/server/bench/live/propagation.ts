import { atMost, figure, median, say, type Measure } from './figures.ts'
import type { Generator } from './generator.ts'
import { runScene, titleOf, type Result, type Scene } from './run.ts'
import type { Server } from './servers.ts'
import type { Stage } from './stage.ts'

const PATIENCE = 10_000

/** Milliseconds that durability may add at the median, and times that the slowest hundredth may take. */
const [ADDED, TIMES] = [2, 2]

/** How soon others have an update at an easy rate, and what it costs. The first server is ours, the others its measure. */
export async function propagation(
  stage: Stage,
  generator: Generator,
  servers: readonly Server[],
  scenes: readonly { scene: Scene; rate: number; judged: boolean }[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Measure[]> {
  const results = scenes.map(() => servers.map((): Result[] => []))
  for (let round = 1; round <= rounds; round++)
    for (const [s, { scene, rate }] of scenes.entries())
      for (const [i, server] of servers.entries()) {
        const result = await runScene(stage, generator, server, scene, { rate, seconds, patience: PATIENCE })
        results[s]![i]!.push(result)
        const { p50, p99 } = result.fromSent
        say(
          `  round ${round}, ${titleOf(scene)} ${server.name} at ${rate}/s: p50 ${p50!.toFixed(2)} ms, ` +
            `p99 ${p99!.toFixed(1)} ms, ${result.cpu.toFixed(3)} CPU s/1,000${lossOf(result)}`,
        )
      }
  return scenes.flatMap(({ scene, rate, judged }, s) =>
    measuresOf(`${titleOf(scene)} at ${rate}/s`, judged, servers, results[s]!),
  )
}

function measuresOf(
  title: string,
  judged: boolean,
  servers: readonly Server[],
  results: readonly (readonly Result[])[],
): Measure[] {
  const of = (value: (result: Result) => number) => results.map((some) => median(some.map(value)))
  const p50 = of(({ fromSent }) => fromSent.p50!)
  const p99 = of(({ fromSent }) => fromSent.p99!)
  const cpu = of((result) => result.cpu)
  const best = ([, ...theirs]: readonly number[]) => Math.min(...theirs)
  return servers.flatMap(({ name }, i) => {
    const [half, last] = [`${title}, ${name}: propagation p50`, `${title}, ${name}: propagation p99`]
    const own = i === 0 && judged
    return [
      own ? atMost(half, p50[i]!, 'ms', best(p50) + ADDED) : figure(half, p50[i]!, 'ms'),
      own ? atMost(last, p99[i]!, 'ms', best(p99) * TIMES) : figure(last, p99[i]!, 'ms'),
      figure(`${title}, ${name}: CPU`, cpu[i]!, 's per 1,000 updates'),
      ...(i === 0
        ? [
            figure(`${title}, its Postgres: CPU`, of((r) => r.databaseCpu)[0]!, 's per 1,000 updates'),
            neverCame(`${title}, ${name}`, results[0]!),
          ]
        : []),
    ]
  })
}

/** Of all that was to come to somebody, what did not. */
export const neverCame = (title: string, results: readonly Result[]): Measure =>
  atMost(
    `${title}: updates that never came`,
    results.reduce((sum, { missing }) => sum + missing, 0),
    'deliveries',
    0,
  )

const lossOf = ({ missing }: Result): string => (missing > 0 ? `, ${missing} never came` : '')
