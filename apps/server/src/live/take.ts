import {
  closeCodes,
  decodeUpdate,
  inspectUpdate,
  isFault,
  liveLimits,
  newClientsOf,
  type DecodedUpdate,
  type Refusal,
  type UpdateFault,
  type UpdateLimits,
} from '@tamga/collab'
import { can, type ProblemCode, type Role } from '@tamga/model'
import { clientTaken } from './announcements.ts'
import { applyTogether, type Applied, type Apply, type Settled, type Writer } from './apply.ts'
import type { Replica } from './replica.ts'
import { roleIn, type Participant } from './participant.ts'
import type { LayerStanding, Trx } from './store.ts'

/** What waits in a room's queue: a client's update, in the order of arrival. */
export interface Incoming {
  readonly participant: Participant
  readonly bytes: Uint8Array
  /** What the update may hold: more in the first step 2 of a connection. */
  readonly limits: UpdateLimits
  /** What was found to be wrong with it already. */
  readonly fault?: UpdateFault
  /** How many document messages the connection had sent with this one; 0 for a slice that is not the last of its message. */
  readonly n: number
}

/** What one room has for a flush. */
export interface Batch {
  readonly replica: Replica
  readonly items: readonly Incoming[]
}

/** What holds for one layer while a flush takes what it has. */
export interface FlushContext extends Pick<LayerStanding, 'closed' | 'decided'> {
  readonly shut: ProblemCode | null
  readonly locked: ReadonlySet<string>
}

/** What was taken from one room before it is written. */
export interface Taken {
  readonly context: FlushContext
  readonly applied: readonly Applied[]
  /** What it did to the document, in order: fewer pieces than there are in the log. */
  readonly updates: readonly Uint8Array[]
  readonly faults: Map<Participant, UpdateFault>
  readonly refusals: Map<Participant, Refusal[]>
  readonly also?: (trx: Trx) => Promise<unknown>
}

/** Of all that one connection may have refused: who gets there writes nothing sensible. */
const MOST_REFUSED = 1000

/** A longer update is a step 2: it repeats all deletes that its client knows of, and a little is new. */
const LONG = 2048

/** What an item's bytes are. */
export type Decoded = DecodedUpdate | UpdateFault

export const decode = ({ bytes, limits, fault }: Incoming): Decoded => fault ?? decodeUpdate(bytes, limits)

/**
 * The client ids that are written under here for the first time, each with its user: of those that its connection announced.
 * With `roles`, those of users who may not write are left out.
 */
export function claimsOf(
  { replica, items }: Batch,
  decoded: readonly Decoded[],
  roles?: Readonly<Record<string, Role>>,
): Map<number, string> {
  const claims = new Map<number, string>()
  for (const [i, { participant }] of items.entries()) {
    const update = decoded[i]!
    const { account, announced } = participant
    if (isFault(update) || (roles && !can(roleIn(roles, account), 'annotate'))) continue
    for (const id of newClientsOf(update, replica.doc))
      if (announced.has(id) && replica.ownerOf(id) === undefined && !claims.has(id)) claims.set(id, account.id)
  }
  return claims
}

/** Applies what one room has, each item for itself. `decoded` is what `decode` makes of each, its client ids are bound. */
export function takeAll(
  { replica, items }: Batch,
  decoded: readonly Decoded[],
  context: FlushContext,
  roles: Readonly<Record<string, Role>>,
): Taken {
  const taken = { context, applied: [] as Applied[], updates: [] as Uint8Array[] }
  const faults = new Map<Participant, UpdateFault>()
  const refusals = new Map<Participant, Refusal[]>()
  for (let at = 0; at < items.length;) {
    let ends = false
    const update = applyTogether(replica, (apply) => {
      for (; at < items.length && !ends; at++) {
        const item = items[at]!
        const { participant } = item
        if (faults.has(participant) || participant.expelled) continue
        const role = roleIn(roles, participant.account)
        const result = takeIn(replica, item, decoded[at]!, role, context, apply)
        if (result === null) continue
        if (isFault(result)) faults.set(participant, result)
        else {
          taken.applied.push(result)
          if (result.refusals.length > 0) addTo(refusals, participant, result)
          ends = result.rewritten || result.update!.length > LONG
        }
      }
    })
    if (update) taken.updates.push(update)
    // where the server wrote too, only the document's own update holds all; of what is long, it holds what was new
    if (ends) taken.applied.push({ ...taken.applied.pop()!, update })
  }
  return { ...taken, faults, refusals }
}

function addTo(refusals: Map<Participant, Refusal[]>, participant: Participant, { refusals: list }: Applied): void {
  refusals.set(participant, [...(refusals.get(participant) ?? []), ...list.map(({ refusal }) => refusal)])
}

const otherHistory = (client: number): UpdateFault => ({
  close: closeCodes.history,
  reason: `client ${client} is not the sender's, and the database lacks what it wrote`,
})

/**
 * May somebody bring new structs of a client id? Nothing is visible before it is durable: who has more of another's than the
 * database knows another history, as after a backup was restored, and is not believed in any of it.
 */
function faultOfClient(replica: Replica, { account, announced }: Participant, client: number): UpdateFault | null {
  const owner = replica.ownerOf(client)
  if (owner === account.id) return null
  if (!announced.has(client)) return otherHistory(client)
  // announced to another process, and claimed by somebody else first
  return owner === undefined ? null : clientTaken
}

/** One update of a client: a fault, null if it brings nothing, or what came of it. */
function takeIn(
  replica: Replica,
  item: Incoming,
  update: DecodedUpdate | UpdateFault,
  role: Role | null,
  { shut, locked }: Pick<Writer, 'shut' | 'locked'>,
  apply: Apply,
): (Applied & Settled) | UpdateFault | null {
  // before it is looked into: who may not write makes the server do nothing
  if (role === null || !can(role, 'annotate')) return faultOfReader(replica, item, update)
  if (isFault(update)) return update
  const { participant } = item
  // before it is walked through, which takes the longer the more clients are in it
  for (const client of newClientsOf(update, replica.doc)) {
    const fault = faultOfClient(replica, participant, client)
    if (fault) return fault
  }
  const found = inspectUpdate(update, replica.doc)
  if (isFault(found)) return found
  if (found.clients.length === 0 && !found.deletes) return null
  if (participant.refused > MOST_REFUSED) return { close: closeCodes.limits, reason: 'too much that may not stand' }
  const account = participant.account.id
  return { account, update: found.update, ...apply(found, { account, role, shut, locked }) }
}

const mayNotWrite: UpdateFault = { close: closeCodes.notYours, reason: 'may not write here' }

/**
 * What is wrong with an update of somebody who may only read. An honest one is the step 2 of a page that has the document:
 * it repeats what is deleted there and brings nothing, and its deletions are not looked at.
 */
function faultOfReader(
  replica: Replica,
  { participant, limits }: Incoming,
  update: DecodedUpdate | UpdateFault,
): UpdateFault | null {
  const isStepTwo = limits === liveLimits.stepTwo
  if (isFault(update)) return update.close === closeCodes.limits && !isStepTwo ? mayNotWrite : update
  const clients = newClientsOf(update, replica.doc)
  // the page of a reader may know another history as well
  for (const client of isStepTwo ? clients : []) {
    const fault = faultOfClient(replica, participant, client)
    if (fault) return fault
  }
  return clients.length > 0 || (update.deletes.size > 0 && !isStepTwo) ? mayNotWrite : null
}
