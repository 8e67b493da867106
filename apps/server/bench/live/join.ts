import { atMost, figure, median, say, type Measure } from './figures.ts'
import type { Generator, Participant } from './generator.ts'
import { kinds, startServer, startTamga, type Server } from './servers.ts'
import type { Stage } from './stage.ts'

const TIMES = 7
/** Part of y-websocket-server's time that a join may take. */
const PART = 0.35
/** Writes in one update of that past. */
const EACH = 100

/** A document's past: so many annotations, each changed so often. */
export interface Past {
  readonly annotations: number
  readonly changes: number
}

interface Shelf {
  readonly server: Server
  readonly participant: Participant
}

/**
 * Puts one large, much edited document into a server of each kind. Ours is left by everybody, so that it is put away; the
 * others have somebody inside, since they forget a document or keep it as it is. Answers what measures the joins later.
 */
export async function prepareJoins(stage: Stage, generator: Generator, past: Past): Promise<() => Promise<Measure[]>> {
  const shelves: Shelf[] = []
  const tamga = await startTamga(stage)
  for (const kind of kinds) {
    const server = kind === 'tamga' ? tamga : await startServer(stage, kind)
    const [participant] = (await server.participants(1, 1)) as [Participant]
    if (kind !== 'tamga') await generator.ask('sit', { participants: [participant], group: 'join' })
    const begun = performance.now()
    await generator.ask('fill', { ...past, each: EACH, participant, acknowledges: server.acknowledges })
    say(`  ${server.name} has taken it in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    shelves.push({ server, participant })
  }
  return async () => {
    await tamga.process.stop()
    await tamga.process.again()
    const measures = await joins(generator, shelves, past)
    await generator.ask('rise', { group: 'join' })
    for (const { server } of shelves) await server.process.stop()
    return measures
  }
}

async function joins(
  generator: Generator,
  shelves: readonly Shelf[],
  { annotations, changes }: Past,
): Promise<Measure[]> {
  const times = shelves.map((): number[] => [])
  const first = await generator.ask('join', { participant: shelves[0]!.participant })
  for (let time = 0; time < TIMES; time++)
    for (const [i, { server, participant }] of shelves.entries()) {
      const { ms, bytes, keys } = await generator.ask('join', { participant })
      if (keys < annotations) throw new Error(`${server.name} has ${keys} keys of ${annotations}`)
      if (time === 0) say(`  ${server.name}: ${ms.toFixed(0)} ms, ${bytes} bytes, ${keys} keys`)
      times[i]!.push(ms)
    }
  const medians = times.map(median)
  const title = `join of ${annotations.toLocaleString('en')} records edited ${changes} times each`
  return [
    ...shelves.map(({ server }, i) =>
      i === 0
        ? atMost(`${server.name}: ${title}`, medians[i]!, 'ms', medians[kinds.indexOf('y-websocket')]! * PART)
        : figure(`${server.name}: ${title}`, medians[i]!, 'ms'),
    ),
    figure(`${shelves[0]!.server.name}: the first such join after a start`, first.ms, 'ms'),
  ]
}
