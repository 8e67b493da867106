import { covers, type LabelSet } from '@tamga/model'
import type { DropReason } from './format.ts'
import type { Drop, Placed } from './placement.ts'
import type { Policy } from './policy.ts'

/** The spans that stand, level by level (no two of one level share a token), and those that had to give way. */
export interface Settled {
  readonly levels: readonly (readonly Placed[])[]
  readonly dropped: readonly Drop[]
}

export function settle(placed: readonly Placed[], policy: Policy, labels: LabelSet): Settled {
  const sorted = [...placed].sort(orderOf(policy, labels))
  return policy === 'columns' ? { levels: stack(sorted), dropped: [] } : choose(sorted)
}

/** Each span one level deeper than the deepest it meets, so that an inner one is always below all that hold it. */
function stack(sorted: readonly Placed[]): Placed[][] {
  const depths: number[] = []
  const levels: Placed[][] = []
  for (const span of sorted) {
    let level = 0
    for (let i = span.tokens[0]; i < span.tokens[1]; i++) level = Math.max(level, depths[i] ?? 0)
    for (let i = span.tokens[0]; i < span.tokens[1]; i++) depths[i] = level + 1
    ;(levels[level] ??= []).push(span)
  }
  return levels
}

/** The first in order stands; what shares a token with one that stands gives way to it. */
function choose(sorted: readonly Placed[]): Settled {
  const holders: (Placed | undefined)[] = []
  const standing: Placed[] = []
  const dropped: Drop[] = []
  for (const span of sorted) {
    const other = firstHolder(holders, span)
    if (other) {
      dropped.push({ annotation: span.annotation, reason: reasonBetween(span, other), inside: other.annotation.id })
      continue
    }
    standing.push(span)
    for (let i = span.tokens[0]; i < span.tokens[1]; i++) holders[i] = span
  }
  return { levels: [standing], dropped }
}

function firstHolder(holders: readonly (Placed | undefined)[], { tokens: [first, after] }: Placed): Placed | undefined {
  for (let i = first; i < after; i++) if (holders[i]) return holders[i]
  return undefined
}

function reasonBetween({ tokens }: Placed, other: Placed): DropReason {
  const inOther = covers(other.tokens, tokens)
  const holdsOther = covers(tokens, other.tokens)
  if (inOther && holdsOther) return 'same_tokens'
  return inOther ? 'nested' : holdsOther ? 'holds' : 'crossing'
}

type Order = (a: Placed, b: Placed) => number

/** Total orders: the same spans are settled alike whatever order they come in. */
function orderOf(policy: Policy, labels: LabelSet): Order {
  const ranks = new Map(labels.labels.map(({ id }, i) => [id, i]))
  const byLabel: Order = (a, b) => (ranks.get(a.label) ?? ranks.size) - (ranks.get(b.label) ?? ranks.size)
  const byReading = inTurn(byPlace, byExactness, byLabel, byId)
  if (policy === 'longest') return inTurn(byLength, byReading)
  if (policy === 'priority') return inTurn(byLabel, byLength, byReading)
  return byReading
}

const inTurn =
  (...orders: Order[]): Order =>
  (a, b) => {
    for (const order of orders) {
      const by = order(a, b)
      if (by !== 0) return by
    }
    return 0
  }

const byPlace: Order = (a, b) => a.tokens[0] - b.tokens[0] || b.tokens[1] - a.tokens[1]
const byLength: Order = (a, b) => b.extent[1] - b.extent[0] - (a.extent[1] - a.extent[0])
const byExactness: Order = (a, b) => Number(a.clip !== null) - Number(b.clip !== null)
const byId: Order = (a, b) => (a.annotation.id < b.annotation.id ? -1 : a.annotation.id > b.annotation.id ? 1 : 0)
