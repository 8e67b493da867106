import { Chance } from './chance.ts'

/** What an editor or a reviewer does next. `a` and `b` are its dice: which annotation, which words, which label. */
export interface Act {
  readonly at: number
  readonly kind: ActKind
  readonly a: number
  readonly b: number
}

export type ActKind =
  | 'make'
  | 'several'
  | 'burst'
  | 'relabel'
  | 'phantom'
  | 'move'
  | 'note'
  | 'remove'
  | 'restore'
  | 'doubt'
  | 'undo'
  | 'redo'
  | 'leave'
  | 'return'
  | 'crash'

export interface EditorPlan {
  /** Which of the accounts it signs in with: several editors may share one. */
  readonly person: number
  readonly acts: readonly Act[]
}

/** What befalls the servers, their database and the network, in milliseconds since the round began. */
export type Fault = { readonly at: number } & (
  | { readonly kind: 'kill-server'; readonly server: number; readonly ms: number }
  | { readonly kind: 'kill-postgres'; readonly ms: number }
  | { readonly kind: 'kill-redis'; readonly ms: number }
  | { readonly kind: 'kill-all'; readonly ms: number }
  | { readonly kind: 'freeze-server'; readonly server: number; readonly ms: number }
  | { readonly kind: 'cut'; readonly share: number; readonly how: Cut }
  | { readonly kind: 'delay'; readonly ms: number; readonly by: number }
  | {
      readonly kind: 'strike'
      readonly ms: number
      readonly table: StruckTable
      readonly code: string
      readonly share: number
      readonly commit: boolean
    }
  /** A backup is taken, and put back so long after it. */
  | { readonly kind: 'restore'; readonly ms: number }
  | { readonly kind: 'end-sessions' }
  | { readonly kind: 'read-only'; readonly ms: number }
  | { readonly kind: 'hold-head'; readonly ms: number }
)

/** `off`: both ways at once. `half`: only what the client says is cut. `torn`: in the middle of a frame. */
export type Cut = 'off' | 'half' | 'torn'

export const struckTables = ['layer_log', 'annotation', 'change', 'layer_head', 'layer_client', 'article_stats'].concat(
  ['fact', 'clock', 'gold', 'decision', 'set_aside', 'layer_snapshot'],
)
export type StruckTable = (typeof struckTables)[number]

/** Errors of every kind that a database has: a value, a conflict, a lock, no room, one that nobody knows. */
const codes = ['22001', '22P02', '23505', '23514', '40001', '40P01', '55P03', '53100', '53200', '53300', 'P0001']

export interface Plan {
  readonly seed: number
  readonly base: 'postgres' | 'pglite'
  readonly servers: number
  readonly ms: number
  readonly editors: readonly EditorPlan[]
  /** Decisions of the reviewer. */
  readonly decisions: readonly Act[]
  readonly faults: readonly Fault[]
}

export const PEOPLE = 4

/** What this machine has for the round. */
export interface Means {
  readonly redis: boolean
  readonly pglite: boolean
}

/** The acts and faults of a round: the same for the same seed. */
export function planOf(seed: number, { redis, pglite }: Means): Plan {
  const chance = new Chance(seed)
  const [which, writing, failing, restoring] = [chance.fork(), chance.fork(), chance.fork(), chance.fork()]
  const drawn = which.weigh({ postgres: 5, pglite: 1, shared: 2 })
  const base = drawn === 'pglite' && pglite ? 'pglite' : 'postgres'
  const servers = drawn === 'shared' && redis ? which.whole(2, 3) : 1
  const ms = which.whole(2200, 3600)
  return {
    ...{ seed, base, servers, ms },
    editors: Array.from({ length: writing.whole(2, 6) }, () => editorOf(writing.fork(), ms)),
    decisions: actsOf(writing.fork(), ms, 150, 400, { make: 1 }),
    faults: [...faultsOf(failing, ms, base, servers), ...restoreOf(restoring, ms)],
  }
}

const usual: Readonly<Record<ActKind, number>> = {
  ...{ make: 40, several: 6, burst: 0.15, relabel: 16, phantom: 2, move: 9, note: 7 },
  ...{ remove: 9, restore: 4, doubt: 3, undo: 6, redo: 3, leave: 2.5, return: 6, crash: 1.5 },
}

function editorOf(chance: Chance, ms: number): EditorPlan {
  return { person: chance.whole(0, PEOPLE - 1), acts: actsOf(chance.fork(), ms, 20, chance.whole(60, 220), usual) }
}

function actsOf(
  chance: Chance,
  ms: number,
  least: number,
  most: number,
  weights: Readonly<Partial<Record<ActKind, number>>>,
) {
  const acts: Act[] = []
  for (let at = chance.whole(0, most); at < ms; at += chance.whole(least, most))
    acts.push({ at, kind: chance.weigh(weights), a: chance.next(), b: chance.next() })
  return acts
}

function faultsOf(chance: Chance, ms: number, base: Plan['base'], servers: number): Fault[] {
  const weights: Partial<Record<Exclude<Fault['kind'], 'restore'>, number>> = {
    ...{ 'kill-server': 4, 'freeze-server': 1.5, cut: 5, delay: 2 },
    ...(base === 'postgres' && { strike: 12, 'kill-postgres': 3, 'end-sessions': 2, 'read-only': 1, 'hold-head': 1.5 }),
    ...(servers > 1 && { 'kill-redis': 3, 'kill-all': 1.5 }),
  }
  const faults: Fault[] = []
  const most = chance.whole(500, 1100)
  for (let at = chance.whole(100, 700); at < ms; at += chance.whole(120, most))
    faults.push({ at, ...faultOf(chance, chance.weigh(weights), servers) })
  return faults
}

/** In one round of four a backup is put back, once. */
function restoreOf(chance: Chance, ms: number): Fault[] {
  if (!chance.hits(0.25)) return []
  return [{ at: chance.whole(300, Math.round(ms / 2)), kind: 'restore', ms: chance.whole(300, 1200) }]
}

function faultOf(chance: Chance, kind: Exclude<Fault['kind'], 'restore'>, servers: number) {
  const server = chance.whole(0, servers - 1)
  switch (kind) {
    case 'kill-server':
    case 'kill-all':
    case 'kill-postgres':
    case 'kill-redis':
      return { kind, server, ms: chance.whole(0, 400) }
    case 'freeze-server':
      return { kind, server, ms: chance.whole(200, 2000) }
    case 'cut':
      return { kind, share: chance.pick([0.3, 0.6, 1]), how: chance.pick(['off', 'half', 'torn'] as const) }
    case 'delay':
      return { kind, ms: chance.whole(200, 1200), by: chance.whole(20, 300) }
    case 'strike': {
      const strike = { table: chance.pick(struckTables), code: chance.pick(codes), commit: chance.hits(0.25) }
      return { kind, ...strike, ms: chance.whole(150, 1200), share: chance.pick([0.1, 0.3, 0.6, 1]) }
    }
    case 'end-sessions':
      return { kind }
    case 'read-only':
    case 'hold-head':
      return { kind, ms: chance.whole(150, 900) }
  }
}
