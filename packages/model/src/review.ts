import { z } from './zod.ts'

/** What a reviewer can say of one annotation. `carried` is written by the server when an unchanged span moves on. */
export const verdicts = ['approve', 'reject', 'carried'] as const
export type Verdict = (typeof verdicts)[number]

/** Why not: the closed list of reasons for a rejection, in the order of the keys 1 to 5. */
export const reasons = ['boundary', 'label', 'not_entity', 'guideline_gap', 'ambiguous'] as const
export const Reason = z.enum(reasons)
export type Reason = z.infer<typeof Reason>

/** One decision as far as states depend on it. */
export interface Ruling {
  readonly account: string
  readonly verdict: Verdict
  readonly digest: string
  /** Order of decisions within a layer: the later of two by one person counts. */
  readonly order: number
  /** Whoever decided had made the annotation or last changed its content. */
  readonly own: boolean
}

export const states = ['open', 'approved', 'rejected', 'disputed', 'partly', 'changed', 'gone'] as const
/** `pending` is the browser's own: not yet durable. It is no state of the stored annotation. */
export type State = (typeof states)[number]

export interface StateInput {
  readonly digest: string
  readonly gone: boolean
  readonly rulings: readonly Ruling[]
  readonly quorum: number
  /** May an own approval count? A setting of the project. */
  readonly ownApproval: boolean
}

/**
 * The state of an annotation from its digest and the decisions on it: computed, never stored.
 * A person's latest decision on a digest stands for that digest; decisions on other digests only say "changed".
 */
export function stateOf({ digest, gone, rulings, quorum, ownApproval }: StateInput): State {
  if (gone) return 'gone'
  if (rulings.length === 0) return 'open'
  const latest = latestByPerson(rulings, digest)
  if (latest.length === 0) return 'changed'
  const approvals = approvalsIn(latest, ownApproval)
  if (latest.some(({ verdict }) => verdict === 'reject')) return approvals > 0 ? 'disputed' : 'rejected'
  if (approvals >= quorum) return 'approved'
  return approvals > 0 ? 'partly' : 'open'
}

/** How many people approve exactly this digest, of those whose approval may count. */
export const approvalsOf = ({ digest, rulings, ownApproval }: Pick<StateInput, 'digest' | 'rulings' | 'ownApproval'>) =>
  approvalsIn(latestByPerson(rulings, digest), ownApproval)

const approvalsIn = (latest: readonly Ruling[], ownApproval: boolean): number =>
  latest.filter(({ verdict, own }) => verdict !== 'reject' && (ownApproval || !own)).length

function latestByPerson(rulings: readonly Ruling[], digest: string): Ruling[] {
  const byPerson = new Map<string, Ruling>()
  for (const ruling of rulings) {
    if (ruling.digest !== digest) continue
    const known = byPerson.get(ruling.account)
    if (!known || known.order < ruling.order) byPerson.set(ruling.account, ruling)
  }
  return [...byPerson.values()]
}

/** States that still need somebody: what a queue holds and what keeps an article from being signed off. */
const undecided = new Set<State>(['open', 'partly', 'changed', 'disputed'])
export const isUndecided = (state: State): boolean => undecided.has(state)
