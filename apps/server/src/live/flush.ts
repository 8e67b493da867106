import {
  closeCodes,
  decodeUpdate,
  inspectUpdate,
  isFault,
  isServerClient,
  newClientsOf,
  type AwarenessEntry,
  type DecodedUpdate,
  type Refusal,
  type UpdateFault,
} from '@tamga/collab'
import { can, Problem, type ProblemCode, type Role } from '@tamga/model'
import * as Y from 'yjs'
import type pg from 'pg'
import { clientOf, transactInTwo } from '../db/in-two.ts'
import { poolOf } from '../db/open.ts'
import { projectScope, state } from '../facts.ts'
import { approvedOf, dropClosingOf, isAnyDecided, refreshGold } from '../gold/store.ts'
import type { World } from '../world.ts'
import { applyOwn, applyTogether, type Applied, type Apply, type Writer } from './apply.ts'
import { OtherEpoch, type LogRow, type Replica } from './replica.ts'
import { countsMoved, rowsOf, type LayerRows } from './rows.ts'
import type { Seat } from './seat.ts'
import { beginFlush, claimClients, holdLabels, isOneStatement, labelsOf, lockHead, standingOf } from './store.ts'
import { writeFlush } from './store.ts'
import type { FlushRows, Head, LayerStanding, Trx } from './store.ts'
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

/** What one room has for a flush. */
export interface Batch {
  readonly replica: Replica
  readonly items: readonly Incoming[]
}

/** What a committed flush has to tell one room. */
export interface Flushed {
  /** What everybody in the room lacks, in order. */
  readonly updates: readonly Uint8Array[]
  /** What this flush wrote itself: the log after `from`. Other processes lack it. */
  readonly rows: readonly LogRow[]
  readonly from: number
  readonly refusals: ReadonlyMap<Seat, readonly Refusal[]>
  /** Whose socket is closed, and why. */
  readonly faults: ReadonlyMap<Seat, UpdateFault>
  /** True if facts may have been stated. */
  readonly told: boolean
}

/** Of all that one connection may have refused: who gets there writes nothing sensible. */
const MOST_REFUSED = 1000

/** A longer update is a step 2: it repeats all deletes that its client knows of, and a little is new. */
const LONG = 2048

/**
 * Takes what clients sent into their layers, all in one transaction: lock the heads, catch up, ask membership and state,
 * claim client ids, inspect, apply with corrections, write log, annotations, changes and what was set aside, refresh gold,
 * state facts. Returns after the commit what each room has to tell; a room is missing whose head somebody else holds. If it
 * throws, nothing was written, and `replica.ahead` says whether a copy must be loaded anew.
 */
export function flush(world: World, batches: readonly Batch[]): Promise<Map<Batch, Flushed>> {
  const layers = batches.map(({ replica }) => replica.ground.layer)
  const lock = (client: pg.ClientBase) => beginFlush(client, layers, accountsIn(batches))
  return commit(world, lock, async (trx, held) => {
    const taken = new Map<Batch, Taken>()
    for (const batch of batches) {
      const layer = held.get(batch.replica.ground.layer)
      if (!layer) continue
      const begun = await begin(trx, batch, layer, layer)
      const decoded = batch.items.map(decode)
      await claim(trx, batch, decoded)
      taken.set(batch, takeAll(batch, decoded, begun, layer.roles ?? {}))
    }
    return taken
  })
}

/** The same path for one write of the server's own, in an account's name. */
export async function flushOwn(world: World, replica: Replica, account: string, write: Write): Promise<Flushed> {
  const batch: Batch = { replica, items: [] }
  const flushed = await commit(world, nothing, async (trx) => {
    const { layer, project } = replica.ground
    const head = await lockHead(trx, layer, world.kind)
    await holdLabels(trx, project)
    const begun = await begin(trx, batch, head, await standingOf(trx, layer))
    if (begun.shut) throw new Problem(begun.shut)
    const own = await applyOwn(replica, account, () => write.edit(replica.layer, trx))
    const also = write.also && ((inside: Trx) => write.also!(inside))
    const updates = own.update ? [own.update] : []
    const quiet = { faults: new Map<Seat, UpdateFault>(), refusals: new Map<Seat, Refusal[]>() }
    return new Map([[batch, { begun, applied: [own], updates, ...quiet, ...(also && { also }) }]])
  })
  return flushed.get(batch)!
}

/** What was taken from one room before it is written. */
export interface Taken {
  readonly begun: Begun
  readonly applied: readonly Applied[]
  /** What it did to the document, in order: fewer pieces than there are in the log. */
  readonly updates: readonly Uint8Array[]
  readonly faults: Map<Seat, UpdateFault>
  readonly refusals: Map<Seat, Refusal[]>
  readonly also?: (trx: Trx) => Promise<unknown>
}

const nothing = () => Promise.resolve()

/** Runs `take`, writes what it took, commits, and only then moves the copies on. */
async function commit<A>(
  world: World,
  first: (client: pg.ClientBase) => Promise<A>,
  take: (trx: Trx, answer: A) => Promise<ReadonlyMap<Batch, Taken>>,
): Promise<Map<Batch, Flushed>> {
  const done = await transactInTwo(poolOf(world.db), first, async (trx, answer) => {
    const taken = await take(trx, answer)
    const now = world.now()
    const written = new Map([...taken].map(([batch, { applied }]) => [batch, rowsOf(batch.replica, applied, now)]))
    const recount = await toRecount(trx, taken, written)
    const rows = allRows(taken, written, recount)
    if (taken.size === 0) return { last: nothing, value: { taken, written, opened: [] } }
    const isAll = recount.size === 0 && !mayFall(taken, written) && isOneStatement(rows)
    if (isAll) return { last: (client) => writeFlush(client, rows), value: { taken, written, opened: [] } }
    await writeFlush(clientOf(trx), rows)
    for (const { also } of taken.values()) await also?.(trx)
    const opened = await followGold(trx, taken, written, recount)
    for (const { replica } of opened)
      await state(trx, projectScope(replica.ground.project), [
        { kind: 'opened', payload: { article: replica.ground.article } },
      ])
    return { last: nothing, value: { taken, written, opened } }
  })
  return new Map([...done.taken].map(([batch, taken]) => [batch, settle(batch, taken, done.written.get(batch)!, done)]))
}

/** After the commit: the copy is what the database holds. */
export function settle(
  { replica }: Batch,
  taken: Taken,
  rows: LayerRows,
  { opened }: { opened: readonly Batch[] },
): Flushed {
  const { applied, faults, refusals, also } = taken
  const written = applied.flatMap(({ account, update }) => (update ? [{ account, data: update }] : []))
  const { unsent, seq: from } = replica
  const bytes = written.reduce((sum, { data }) => sum + data.length, 0)
  const seq = from + rows.log.length
  Object.assign(replica, { seq, ahead: false, unsent: [], tailBytes: replica.tailBytes + bytes })
  const told = also !== undefined || opened.some((batch) => batch.replica === replica)
  return { updates: [...unsent, ...taken.updates], rows: written, from, refusals, faults, told }
}

/** The layers in which something that was once decided is touched: gold and counts are found anew there. */
async function toRecount(
  trx: Trx,
  taken: ReadonlyMap<Batch, Taken>,
  written: ReadonlyMap<Batch, LayerRows>,
): Promise<ReadonlySet<Batch>> {
  const recount = new Set<Batch>()
  for (const [batch, { begun, also }] of taken) {
    const touched = written.get(batch)!.annotations.map(({ id }) => id)
    const { layer } = batch.replica.ground
    if (also || (begun.decided && (await isAnyDecided(trx, layer, touched)))) recount.add(batch)
  }
  return recount
}

/** True if a sign-off stands somewhere that something waiting may make fall. */
const mayFall = (taken: ReadonlyMap<Batch, Taken>, written: ReadonlyMap<Batch, LayerRows>): boolean =>
  [...taken].some(([batch, { begun }]) => begun.closed && written.get(batch)!.annotations.length > 0)

/** Brings gold, counts and sign-off into line. Answers the layers whose sign-off fell. */
async function followGold(
  trx: Trx,
  taken: ReadonlyMap<Batch, Taken>,
  written: ReadonlyMap<Batch, LayerRows>,
  recount: ReadonlySet<Batch>,
): Promise<Batch[]> {
  const opened: Batch[] = []
  for (const [batch, { begun }] of taken) {
    const { ground } = batch.replica
    const waits = written.get(batch)!.annotations.some(({ gone }) => !gone)
    const fell = recount.has(batch)
      ? (await refreshGold(trx, ground.layer)).opened
      : begun.closed && waits && (await dropClosingOf(trx, ground))
    if (fell && ground.owner === null) opened.push(batch)
  }
  return opened
}

function allRows(
  taken: ReadonlyMap<Batch, Taken>,
  written: ReadonlyMap<Batch, LayerRows>,
  recount: ReadonlySet<Batch>,
): FlushRows {
  const all = [...written.values()]
  const counts = [...taken].flatMap(([batch, { applied }]) => {
    const { article, owner } = batch.replica.ground
    const n = owner !== null || recount.has(batch) ? 0 : countsMoved(batch.replica, applied)
    return n === 0 ? [] : [{ article, annotated: n, waiting: n, approved: 0 }]
  })
  return {
    log: all.flatMap(({ log }) => log),
    changes: all.flatMap(({ changes }) => changes),
    annotations: all.flatMap(({ annotations }) => annotations),
    asides: all.flatMap(({ asides }) => asides),
    counts,
    heads: [...written].map(([{ replica }, { log }]) => ({
      layer: replica.ground.layer,
      was: replica.seq,
      upto: replica.seq + log.length,
    })),
  }
}

/** What holds for one layer in this transaction. */
interface Begun extends Pick<LayerStanding, 'closed' | 'decided'> {
  readonly shut: ProblemCode | null
  readonly locked: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

/** With the head locked: catches up with other processes and says what may be written now. */
async function begin(trx: Trx, { replica }: Batch, head: Head, standing: LayerStanding): Promise<Begun> {
  const { layer, project } = replica.ground
  if (head.epoch !== replica.epoch) throw new OtherEpoch(layer, replica.epoch, head.epoch)
  await replica.catchUp(trx, head.seq)
  const { state, withdrawn, label_set: labelSet, locks_approved: locks, closed, decided } = standing
  if (labelSet !== replica.labelSet) {
    replica.labels = await labelsOf(trx, project, labelSet)
    replica.labelSet = labelSet
  }
  const shut = state !== 'open' ? ('frozen' as const) : withdrawn ? ('article_withdrawn' as const) : null
  return { shut, closed, decided, locked: locks && decided ? await approvedOf(trx, layer) : none }
}

const accountsIn = (batches: readonly Batch[]): string[] => [
  ...new Set(batches.flatMap(({ items }) => items.map(({ seat }) => seat.account.id))),
]

type Decoded = DecodedUpdate | UpdateFault | null

export const decode = ({ bytes, maxBytes }: Incoming): Decoded => bytes && decodeUpdate(bytes, maxBytes)

/** Binds every client id that is used here for the first time to its user. */
async function claim(trx: Trx, { replica, items }: Batch, decoded: readonly Decoded[]): Promise<void> {
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
  !isServerClient(id) && id < 2 ** 32 && !clients.has(id) && Y.getState(doc.store, id) === 0

/** Applies what one room has, each item for itself. `decoded` is what `decode` makes of each, its client ids are claimed. */
export function takeAll(
  { replica, items }: Batch,
  decoded: readonly Decoded[],
  begun: Begun,
  roles: Readonly<Record<string, Role>>,
): Taken {
  const taken = { begun, applied: [] as Applied[], updates: [] as Uint8Array[] }
  const faults = new Map<Seat, UpdateFault>()
  const refusals = new Map<Seat, Refusal[]>()
  for (let at = 0; at < items.length;) {
    let ends = false
    const update = applyTogether(replica, (apply) => {
      for (; at < items.length && !ends; at++) {
        const { seat, presence } = items[at]!
        const given = decoded[at]
        if (faults.has(seat) || seat.expelled) continue
        const role = roles[seat.account.id] ?? null
        const result = given ? takeIn(replica, seat, given, role, begun, apply) : seat.uses(presence!.client)
        if (result === null) continue
        if (isFault(result)) faults.set(seat, result)
        else {
          taken.applied.push(result)
          if (result.refusals.length > 0) addTo(refusals, seat, result)
          ends = result.refusals.length > 0 || result.update!.length > LONG
        }
      }
    })
    if (update) taken.updates.push(update)
    // of what was refused the log keeps what became of it, and nothing of the value; of what is long, what was new
    if (ends) taken.applied.push({ ...taken.applied.pop()!, update })
  }
  return { ...taken, faults, refusals }
}

function addTo(refusals: Map<Seat, Refusal[]>, seat: Seat, { refusals: list }: Applied): void {
  refusals.set(seat, [...(refusals.get(seat) ?? []), ...list.map(({ refusal }) => refusal)])
}

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
  { shut, locked }: Pick<Writer, 'shut' | 'locked'>,
  apply: Apply,
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
  if (seat.refused > MOST_REFUSED) return { close: closeCodes.limits, reason: 'too much that may not stand' }
  const account = seat.account.id
  const settled = apply(update.bytes, { account, role, shut, locked })
  seat.refused += settled.refusals.length
  return { account, update: update.bytes, ...settled }
}
