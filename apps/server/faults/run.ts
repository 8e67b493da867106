import { folderBase, postgresBase, type Base } from './base.ts'
import type { Launcher, Mortal } from './launcher.ts'
import { planOf, type Means, type Plan } from './plan.ts'
import { Round } from './round.ts'
import { failedOnce } from './seeds.ts'
import { twoServers } from './two-servers.ts'

/** How one round went. */
export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly message: string
}

/** What is asked for: so many rounds from this seed on, and the seeds that failed once if `known`. */
export interface Asked {
  readonly rounds: number
  readonly seed: number
  readonly known: boolean
  /** Also what takes long and is not drawn: two servers on one data folder. */
  readonly long?: boolean
}

/** Plays rounds, one after the other, and says how each went. */
export default async function run(launcher: Launcher, { rounds, seed, known, long }: Asked): Promise<Outcome[]> {
  const bases = new Map<Plan['base'], Promise<Base>>()
  const base = (which: Plan['base']) => {
    const there = bases.get(which) ?? (which === 'postgres' ? postgresBase(launcher) : folderBase(launcher))
    bases.set(which, there)
    return there
  }
  const redis = await launcher.redis()
  const means: Means = { redis: redis !== null, pglite: true }
  const named = known ? failedOnce.map(({ seed: one, name }) => ({ seed: one, name: `seed ${one}: ${name}` })) : []
  const drawn = Array.from({ length: rounds }, (_, i) => (seed + i) % 2 ** 31).map((one) => ({
    seed: one,
    name: `seed ${one}`,
  }))
  const outcomes: Outcome[] = []
  for (const { seed: one, name } of [...named, ...drawn]) {
    const plan = planOf(one, means)
    outcomes.push(await play(launcher, plan, await base(plan.base), redis, name))
  }
  if (long)
    for (const [name, act] of Object.entries(twoServers)) outcomes.push(await tried(`two servers: ${name}`, act))
  return outcomes
}

async function tried(name: string, act: () => Promise<void>): Promise<Outcome> {
  const start = performance.now()
  try {
    await act()
    console.log(`✓ ${name}, ${((performance.now() - start) / 1000).toFixed(1)} s`)
    return { name, ok: true, message: '' }
  } catch (error) {
    console.log(`✗ ${name}`)
    return { name: `faults, ${name}`, ok: false, message: (error as Error).message }
  }
}

async function play(launcher: Launcher, plan: Plan, base: Base, redis: Mortal | null, name: string): Promise<Outcome> {
  const { editors, faults, servers } = plan
  const start = performance.now()
  try {
    const said = await new Round(launcher, plan, base, redis).play()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(
      `✓ ${name}: ${plan.base}${servers > 1 ? ` × ${servers}` : ''}, ${editors.length} editors, ${said}, ${faults.length} faults, ${seconds} s`,
    )
    return { name, ok: true, message: '' }
  } catch (error) {
    console.log(`✗ ${name}`)
    return { name: `faults, ${name}`, ok: false, message: (error as Error).message }
  }
}
