import {
  closeCodes,
  decodeUpdate,
  inspectUpdate,
  isFault,
  isServerClient,
  liveLimits,
  newClientsOf,
  type AwarenessEntry,
  type DecodedUpdate,
  type Refusal,
  type UpdateFault,
  type UpdateLimits,
} from '@tamga/collab'
import { can, type ProblemCode, type Role } from '@tamga/model'
import * as Y from 'yjs'
import { applyTogether, type Applied, type Apply, type Settled, type Writer } from './apply.ts'
import type { Replica } from './replica.ts'
import { roleIn, type Participant } from './participant.ts'
import type { LayerStanding, Trx } from './store.ts'

/** What waits in a room's queue: a client's update (or only its first use of a client id), in the order of arrival. */
export interface Incoming {
  readonly participant: Participant
  /** Presence under a client id that is used for the first time, where there is no update. */
  readonly presence: AwarenessEntry | null
  readonly bytes: Uint8Array | null
  /** What the update may hold: more in the first step 2 of a connection. */
  readonly limits: UpdateLimits
  /** How many document messages the connection had sent with this one. */
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

/** What an item's bytes are; null if it has none. */
export type Decoded = DecodedUpdate | UpdateFault | null

export const decode = ({ bytes, limits }: Incoming): Decoded => bytes && decodeUpdate(bytes, limits)

/** The client ids that are used here for the first time, each with its user. */
export function claimsOf({ replica, items }: Batch, decoded: readonly Decoded[]): Map<number, string> {
  const claims = new Map<number, string>()
  for (const [i, { participant, presence }] of items.entries()) {
    const update = decoded[i] ?? null
    const used = update ? (isFault(update) ? [] : newClientsOf(update, replica.doc)) : presence ? [presence.client] : []
    // what is beyond a connection's limit is not bound: it closes the connection below
    for (const id of used)
      if (isFree(replica, id) && !claims.has(id) && !participant.uses(id)) claims.set(id, participant.account.id)
  }
  return claims
}

// an id that has a clock but no owner is the server's, or older than the table
const isFree = ({ clients, doc }: Replica, id: number) =>
  !isServerClient(id) && id < 2 ** 32 && !clients.has(id) && Y.getState(doc.store, id) === 0

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
        const { participant, presence } = item
        const given = decoded[at]
        if (faults.has(participant) || participant.expelled) continue
        const role = roleIn(roles, participant.account)
        const result = given ? takeIn(replica, item, given, role, context, apply) : participant.uses(presence!.client)
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

const forged = (client: number): UpdateFault => ({
  close: closeCodes.malformed,
  reason: `client ${client} is another's`,
})

/** Is a client id the sender's own, and not one too many? Presence alone asks no more. */
const own = ({ clients }: Replica, participant: Participant, client: number): UpdateFault | null =>
  participant.uses(client) ?? (clients.get(client) === participant.account.id ? null : forged(client))

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
    const fault = own(replica, participant, client)
    if (fault) return fault
  }
  const found = inspectUpdate(update, replica.doc)
  if (isFault(found)) return found
  if (found.clients.length === 0 && !found.deletes) return null
  if (participant.refused > MOST_REFUSED) return { close: closeCodes.limits, reason: 'too much that may not stand' }
  const account = participant.account.id
  return { account, update: found.update, ...apply(found.update, { account, role, shut, locked }) }
}

const mayNotWrite: UpdateFault = { close: closeCodes.notYours, reason: 'may not write here' }

/**
 * What is wrong with an update of somebody who may only read. An honest one is the step 2 of a page that has the document:
 * it repeats what is deleted there and brings nothing, and its deletions are not looked at.
 */
function faultOfReader(
  { doc }: Replica,
  { limits }: Incoming,
  update: DecodedUpdate | UpdateFault,
): UpdateFault | null {
  const isStepTwo = limits === liveLimits.stepTwo
  if (isFault(update)) return update.close === closeCodes.limits && !isStepTwo ? mayNotWrite : update
  return newClientsOf(update, doc).length > 0 || (update.deletes.size > 0 && !isStepTwo) ? mayNotWrite : null
}
