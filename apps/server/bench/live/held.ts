import type { Generator } from './generator.ts'
import { say } from './figures.ts'
import { runScene, titleOf, type Result, type Scene } from './run.ts'
import type { Server } from './servers.ts'
import type { Stage } from './stage.ts'

/** A rate is held if half of what was due came within so many milliseconds, nine tenths within as many, and all of it. */
const [HALF, NINE_TENTHS] = [50, 250]
const [LEAST, MOST] = [16, 16_000]
/** So late a generator does not make the rate it was asked for. */
const LATE = 50

/** How a highest rate is looked for. */
export interface Search {
  /** The first rate that is tried. */
  readonly first: number
  /** How long each try takes, and how often a rate must fail to be too high. */
  readonly seconds: number
  readonly tries: number
  /** How close, as a factor, a rate that is held must come to one that is not. */
  readonly close: number
}

export interface Held {
  readonly rate: number
  /** CPU seconds of the server for 1,000 updates at that rate. */
  readonly cpu: number
  readonly databaseCpu: number
  /** True if the next step failed because the generator could not keep up, so that the server might hold more. */
  readonly limited: boolean
}

/** The highest rate that each server holds, tried in turns so that all of them meet the same hours. */
export async function heldRates(
  stage: Stage,
  generator: Generator,
  servers: readonly Server[],
  scene: Scene,
  asked: Search,
): Promise<Held[]> {
  const searches = servers.map((server) =>
    search(asked, async (rate) => {
      const { seconds } = asked
      const result = await runScene(stage, generator, server, scene, { rate, seconds, patience: 2 * NINE_TENTHS })
      say(`  ${titleOf(scene)} ${server.name} at ${Math.round(rate)}/s: ${verdictOf(result)}`)
      return result
    }),
  )
  const found: Held[] = []
  while (searches.some((_, i) => !found[i]))
    for (const [i, one] of searches.entries()) {
      if (found[i]) continue
      const { done, value } = await one.next()
      if (done) found[i] = value
    }
  return found
}

async function* search(
  { first, tries, close }: Search,
  tryAt: (rate: number) => Promise<Result>,
): AsyncGenerator<void, Held> {
  let low: Held = { rate: 0, cpu: NaN, databaseCpu: NaN, limited: false }
  let high = Infinity
  for (let rate = first; ;) {
    let held = false
    for (let time = 0; time < tries && !held; time++) {
      const result = await tryAt(rate)
      yield
      held = holds(result)
      if (held) low = { rate, cpu: result.cpu, databaseCpu: result.databaseCpu, limited: false }
      else low = { ...low, limited: isLate(result) }
      if (isHopeless(result)) break
    }
    if (!held) high = rate
    if (high / low.rate < close || high <= LEAST || low.rate >= MOST) return low
    rate = low.rate === 0 ? rate / 2 : high === Infinity ? rate * 2 : Math.sqrt(low.rate * high)
  }
}

const holds = ({ fromDue, missing, closed }: Result): boolean =>
  missing === 0 && closed.length === 0 && fromDue.p50! <= HALF && fromDue.p90! <= NINE_TENTHS

const isHopeless = ({ missing, fromDue }: Result): boolean => missing > 0 && (fromDue.p50 ?? Infinity) > 4 * HALF

const isLate = ({ late }: Result): boolean => late.p90! > LATE

const verdictOf = (result: Result): string =>
  `${holds(result) ? 'held' : 'not held'}, half within ${ms(result.fromDue.p50)}, nine tenths within ${ms(result.fromDue.p90)}, ` +
  `${result.missing} missing, ${result.cpu.toFixed(3)} CPU s/1,000${isLate(result) ? ', generator late' : ''}` +
  (result.closed.length > 0 ? `, closed with ${[...new Set(result.closed)].join()}` : '')

const ms = (value: number | null): string => (value === null ? 'never' : `${value.toFixed(1)} ms`)
