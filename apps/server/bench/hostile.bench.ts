import { hostileFrames } from '../src/live/test-frames.ts'
import { hostileRequests } from './hostile/requests.ts'
import { openScene, type Scene } from './hostile/scene.ts'
import { startServer } from './hostile/server.ts'
import { atMost, chapter, figure, median, say, type Measure } from './live/figures.ts'
import type { Launcher } from './live/stage.ts'

/** What no message and no request may add to another person's acknowledgement, in 19 of 20 repetitions. */
const TARGET_MS = 50
/** BENCH_QUICK=1 takes a short look: few repetitions, and every sixth frame. */
const quick = process.env.BENCH_QUICK === '1'
const REPETITIONS = quick ? 3 : 20
/** Five edits a second. */
const BETWEEN_MS = 200

/**
 * One editor writes five times a second while somebody else sends what no honest client sends. The delay of a repetition is
 * its longest acknowledgement less the median of those with nothing sent; the figure is the 19th of 20.
 */
export default async function hostile(launcher: Launcher): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const kind of ['Postgres', 'embedded'] as const) {
    chapter(`A server on ${kind} begins`)
    const server = await startServer(launcher, kind)
    const scene = await openScene(server)
    const still = await quiet(scene)
    measures.push(figure(`${kind}: acknowledged with nothing sent (median)`, still, 'ms'))
    for (const act of actsOf(scene)) {
      const delays: number[] = []
      for (let i = 0; i < REPETITIONS; i++) delays.push((await repetition(scene, act)) - still)
      const value = delays.sort((a, b) => a - b)[Math.max(0, Math.ceil(REPETITIONS * 0.95) - 1)]!
      measures.push(atMost(`${kind}: ${act.name}`, value, 'ms', TARGET_MS))
      if (value > TARGET_MS) say(`${kind}: ${act.name}: ${Math.round(value)} ms`)
    }
    scene.end()
    await server.stop()
  }
  return measures
}

/** Something that somebody does: what is prepared before the repetition begins, and what is sent in it. */
interface Act {
  readonly name: string
  readonly prepare: () => Promise<{ readonly send: () => Promise<unknown> | void; readonly end: () => void }>
}

function actsOf(scene: Scene): Act[] {
  const frames = hostileFrames.filter((_, i) => !quick || i % 6 === 0)
  const requests = hostileRequests.filter((_, i) => !quick || i % 3 === 0)
  return scene.others.flatMap(({ name, person }) => [
    ...frames.map((hostile) => ({
      name: `${hostile.name}, from a ${name}`,
      prepare: async () => {
        const line = await scene.lineOf(person)
        const frame = hostile.frame({ client: line.client, ...scene.aim() })
        return { send: () => line.sendFrame(frame), end: () => line.end() }
      },
    })),
    ...requests.map((request) => ({
      name: `${request.name}, from a ${name}`,
      prepare: () => {
        const { method, path, body } = request.make(scene)
        return Promise.resolve({ send: () => person.request(method, path, body), end: () => undefined })
      },
    })),
  ])
}

async function quiet({ editor }: Scene): Promise<number> {
  const took: number[] = []
  for (let i = 0; i < (quick ? 20 : 100); i++) {
    took.push(await editor.write())
    await pause(BETWEEN_MS)
  }
  return median(took)
}

/** The longest acknowledgement of the edits before, with and after what somebody sends. */
async function repetition({ editor }: Scene, act: Act): Promise<number> {
  if (!editor.stands) await editor.join()
  const { send, end } = await act.prepare()
  const sent = Promise.resolve(send()).catch(() => undefined)
  const first = editor.write()
  await pause(BETWEEN_MS)
  const second = editor.write()
  const longest = Math.max(await first, await second)
  await sent
  end()
  return longest
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
