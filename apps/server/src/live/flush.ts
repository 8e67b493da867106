import {
  closeCodes,
  decodeUpdate,
  inspectUpdate,
  isFault,
  newClientsOf,
  SERVER_CLIENT,
  type AwarenessEntry,
  type DecodedUpdate,
  type Refusal,
  type UpdateFault,
} from '@tamga/collab'
import { can, Problem, type Role } from '@tamga/model'
import * as Y from 'yjs'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import type { World } from '../world.ts'
import { applyOwn, applyUpdate, type Applied, type Writer } from './apply.ts'
import type { Replica } from './replica.ts'
import { rowsOf } from './rows.ts'
import type { Seat } from './seat.ts'
import { advanceHead, appendChanges, appendLog, claimClients, holdLabels, labelsOf, lockHead } from './store.ts'
import { putAnnotations, rolesOf, standingOf, type Trx } from './store.ts'
import type { Write } from './write.ts'

/** What waits in a room's queue: a client's update (or only its first use of a client id), in the order of arrival. */
export interface Incoming {
  readonly seat: Seat
  /** Presence under a client id that is used for the first time, where there is no update. */
  readonly presence: AwarenessEntry | null
  readonly bytes: Uint8Array | null
  readonly maxBytes: number
  /** How many document messages the connection had sent with this one. */
  readonly n: number
}

/** What a committed flush has to tell. */
export interface Flushed {
  /** What everybody in the room lacks, in order. */
  readonly updates: readonly Uint8Array[]
  readonly refusals: ReadonlyMap<Seat, readonly Refusal[]>
  /** Whose socket is closed, and why. */
  readonly faults: ReadonlyMap<Seat, UpdateFault>
  /** True if facts were stated. */
  readonly told: boolean
}

/**
 * Takes what clients sent into the layer, in one transaction: lock the head, catch up, ask membership and state, claim
 * client ids, inspect, apply with corrections, write log, annotations and changes, refresh gold, state facts. Returns
 * after the commit; if it throws, nothing was written and `replica.ahead` says whether the copy must be loaded anew.
 */
export const flush = (world: World, replica: Replica, items: readonly Incoming[]): Promise<Flushed> =>
  inTransaction(world, replica, async (trx, begun) => {
    const roles = await rolesOf(trx, replica.ground.project, [...new Set(items.map(({ seat }) => seat.account.id))])
    const decoded = items.map(({ bytes, maxBytes }) => bytes && decodeUpdate(bytes, maxBytes))
    await claim(trx, replica, items, decoded)
    const faults = new Map<Seat, UpdateFault>()
    const refusals = new Map<Seat, Refusal[]>()
    const applied: Applied[] = []
    for (const [i, { seat, presence }] of items.entries()) {
      if (faults.has(seat) || seat.expelled) continue
      const update = decoded[i]
      const role = roles.get(seat.account.id) ?? null
      const result = update ? takeIn(replica, seat, update, role, begun.shut) : own(replica, seat, presence!.client)
      if (result === null) continue
      if (isFault(result)) faults.set(seat, result)
      else {
        applied.push(result)
        if (result.refusals.length > 0) refusals.set(seat, [...(refusals.get(seat) ?? []), ...result.refusals])
      }
    }
    return { applied, faults, refusals }
  })

/** The same path for one write of the server's own, in an account's name. */
export const flushOwn = (world: World, replica: Replica, account: string, write: Write): Promise<Flushed> =>
  inTransaction(world, replica, async (trx, { shut }) => {
    if (shut) throw new Problem(shut)
    const applied = [await applyOwn(replica, account, () => write.edit(replica.layer, trx))]
    const rest = write.also && { also: (inside: Trx) => write.also!(inside) }
    return { applied, faults: new Map(), refusals: new Map(), ...rest }
  })

interface Taken {
  readonly applied: readonly Applied[]
  readonly faults: Map<Seat, UpdateFault>
  readonly refusals: Map<Seat, Refusal[]>
  readonly also?: Write['also']
}

type Begun = Awaited<ReturnType<typeof begin>>

async function inTransaction(
  world: World,
  replica: Replica,
  take: (trx: Trx, begun: Begun) => Promise<Taken>,
): Promise<Flushed> {
  const { done, seq } = await world.db.transaction().execute(async (trx) => {
    const begun = await begin(trx, world, replica)
    const { applied, faults, refusals, also } = await take(trx, begun)
    const rows = rowsOf(replica, applied, world.now())
    await appendLog(trx, rows.log)
    await putAnnotations(trx, rows.annotations)
    await appendChanges(trx, rows.changes)
    await also?.(trx)
    const told = (rows.annotations.length > 0 || also !== undefined) && (await tell(trx, replica, begun))
    // last, so that a transaction which an error has already ended cannot seem committed
    await advanceHead(trx, replica.ground.layer, replica.seq, replica.seq + rows.log.length)
    const updates = applied.flatMap(({ update }) => update ?? [])
    return { done: { updates, refusals, faults, told: told || also !== undefined }, seq: replica.seq + rows.log.length }
  })
  const { unsent } = replica
  Object.assign(replica, { seq, ahead: false, unsent: [] })
  return { ...done, updates: [...unsent, ...done.updates] }
}

async function begin(trx: Trx, world: World, replica: Replica) {
  const { ground } = replica
  const head = await lockHead(trx, ground.layer, world.kind)
  if (head.epoch !== replica.epoch) throw new Error(`${ground.layer} is at epoch ${head.epoch}, not ${replica.epoch}`)
  if (head.seq > replica.seq) await replica.catchUp(trx, head.seq)
  await holdLabels(trx, ground.project)
  const standing = await standingOf(trx, ground.layer)
  if (standing.labelSet !== replica.labelSet) {
    replica.labels = await labelsOf(trx, ground.project, standing.labelSet)
    replica.labelSet = standing.labelSet
  }
  const shut =
    standing.state !== 'open' ? ('frozen' as const) : standing.withdrawn ? ('article_withdrawn' as const) : null
  return { shut, counts: standing.counts }
}

/** Brings gold and counts into line and says what pages must know. True if anything was said. */
async function tell(trx: Trx, { ground }: Replica, begun: Begun): Promise<boolean> {
  const { opened, counts } = await refreshGold(trx, ground.layer)
  const { article, project, owner } = ground
  const { annotated, waiting, approved } = counts
  const was = begun.counts
  const moved = annotated !== was.annotated || waiting !== was.waiting || approved !== was.approved
  if (owner !== null) return false
  const facts = [
    ...(opened ? [{ kind: 'opened', payload: { article } }] : []),
    ...(moved ? [{ kind: 'counts', payload: { article, annotated, waiting, approved } }] : []),
  ]
  await state(trx, projectScope(project), facts)
  return facts.length > 0
}

/** Binds every client id that is used here for the first time to its user. */
async function claim(
  trx: Trx,
  replica: Replica,
  items: readonly Incoming[],
  decoded: readonly (DecodedUpdate | UpdateFault | null)[],
): Promise<void> {
  const claims = new Map<number, string>()
  for (const [i, { seat, presence }] of items.entries()) {
    const update = decoded[i] ?? null
    const used = update ? (isFault(update) ? [] : newClientsOf(update, replica.doc)) : presence ? [presence.client] : []
    // what is beyond a connection's limit is not bound: it closes the connection below
    for (const id of used) if (isFree(replica, id) && !claims.has(id) && !seat.uses(id)) claims.set(id, seat.account.id)
  }
  if (claims.size === 0) return
  replica.ahead = true
  const owners = await claimClients(trx, replica.ground.layer, replica.epoch, claims)
  for (const [client, account] of owners) replica.clients.set(client, account)
}

// an id that has a clock but no owner is the server's, or older than the table
const isFree = ({ clients, doc }: Replica, id: number) =>
  id !== SERVER_CLIENT && id < 2 ** 32 && !clients.has(id) && Y.getState(doc.store, id) === 0

const forged = (client: number): UpdateFault => ({
  close: closeCodes.malformed,
  reason: `client ${client} is another's`,
})

/** Is a client id the sender's own, and not one too many? Presence alone asks no more. */
const own = ({ clients }: Replica, seat: Seat, client: number): UpdateFault | null =>
  seat.uses(client) ?? (clients.get(client) === seat.account.id ? null : forged(client))

/** One update of a client: a fault, null if it brings nothing, or what came of it. */
function takeIn(
  replica: Replica,
  seat: Seat,
  update: DecodedUpdate | UpdateFault,
  role: Role | null,
  shut: Writer['shut'],
): Applied | UpdateFault | null {
  if (isFault(update)) return update
  // before it is walked through, which takes the longer the more clients are in it
  for (const client of newClientsOf(update, replica.doc)) {
    const fault = own(replica, seat, client)
    if (fault) return fault
  }
  const found = inspectUpdate(update, replica.doc)
  if (isFault(found)) return found
  if (found.clients.length === 0 && !found.deletes) return null
  if (role === null || !can(role, 'annotate')) return { close: closeCodes.notYours, reason: 'may not write here' }
  return applyUpdate(replica, update.bytes, { account: seat.account.id, role, shut })
}
