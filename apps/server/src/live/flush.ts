import type { Refusal, UpdateFault } from '@tamga/collab'
import { Problem, type Role } from '@tamga/model'
import type pg from 'pg'
import { clientOf, transactInTwo } from '../db/in-two.ts'
import { poolOf } from '../db/open.ts'
import { projectScope, state } from '../facts.ts'
import { approvedOf, dropClosingOf, isAnyDecided, refreshGold } from '../gold/store.ts'
import type { Services } from '../services.ts'
import { applyOwn } from './apply.ts'
import { Overtaken } from './failure.ts'
import { OtherEpoch, WentBack, type LogRow, type Replica } from './replica.ts'
import { countsMoved, rowsOf, type LayerRows } from './rows.ts'
import { accountsBehind, type Participant } from './participant.ts'
import { beginFlush, claimClients, holdLabels, isOneStatement, labelsOf, lockHead, standingOf } from './store.ts'
import { flushAtOnce, writeFlush } from './store.ts'
import type { FlushRows, Expected, Head, LayerStanding, Trx } from './store.ts'
import { claimsOf, decode, takeAll, type Batch, type FlushContext, type Decoded, type Taken } from './take.ts'
import type { Write } from './write.ts'

/** What a committed flush has to tell one room. */
export interface Flushed {
  /** What everybody in the room lacks, in order. */
  readonly updates: readonly Uint8Array[]
  /** What this flush wrote itself: the log after `from`. Other processes lack it. */
  readonly rows: readonly LogRow[]
  readonly from: number
  readonly refusals: ReadonlyMap<Participant, readonly Refusal[]>
  /** Whose socket is closed, and why. */
  readonly faults: ReadonlyMap<Participant, UpdateFault>
  /** True if facts may have been stated. */
  readonly told: boolean
}

/** So much is expected: more would be one statement that holds the embedded database's only session for too long. */
const EXPECTED_BYTES = 128 * 1024

/**
 * Takes what clients sent into their layers, all in one transaction: lock the heads, catch up, ask membership and state,
 * claim client ids, inspect, apply with corrections, write log, annotations, changes and what was set aside, refresh gold,
 * state facts; by a single statement where all that is asked can be expected. Returns after the commit what each room has to
 * tell; a room is missing whose head somebody else holds. If it throws, nothing was written or nobody knows (`failureOf`),
 * and `replica.ahead` says whether a copy must be loaded anew.
 */
export async function flush(services: Services, batches: readonly Batch[]): Promise<Map<Batch, Flushed>> {
  const decoded = new Map(batches.map((batch) => [batch, batch.items.map(decode)]))
  if (isExpected(decoded)) return flushExpected(services, decoded)
  const layers = batches.map(({ replica }) => replica.info.layer)
  const lock = (client: pg.ClientBase) => beginFlush(client, layers, accountsIn(batches))
  return commit(services, lock, async (trx, held) => {
    const taken = new Map<Batch, Taken>()
    for (const [batch, updates] of decoded) {
      const layer = held.get(batch.replica.info.layer)
      if (!layer) continue
      const context = await begin(trx, batch, layer, layer)
      batch.replica.learn(isPlain(layer), accountsIn([batch]), layer.roles ?? {})
      await claim(trx, batch, updates, layer.roles ?? {})
      taken.set(batch, takeAll(batch, updates, context, layer.roles ?? {}))
    }
    return taken
  })
}

/** Is all that a flush asks known from an earlier one, so that the database need only say whether it still holds? */
function isExpected(decoded: ReadonlyMap<Batch, readonly Decoded[]>): boolean {
  const isKnown = ([batch, updates]: readonly [Batch, readonly Decoded[]]) =>
    batch.replica.expects(accountsIn([batch])) && claimsOf(batch, updates).size === 0
  const sizes = [...decoded.keys()].flatMap(({ items }) => items.map(({ bytes }) => bytes.length))
  return sizes.reduce((sum, size) => sum + size, 0) <= EXPECTED_BYTES && [...decoded].every(isKnown)
}

/**
 * The same in a single statement: takes what clients sent as if everything stood where it did, and the database writes it
 * only if that is so. Throws `Overtaken` if not: the copies are ahead then, and the next attempt asks.
 */
async function flushExpected(
  services: Services,
  decoded: ReadonlyMap<Batch, readonly Decoded[]>,
): Promise<Map<Batch, Flushed>> {
  const context = { shut: null, closed: false, decided: false, locked: none }
  const taken = new Map<Batch, Taken>()
  for (const [batch, updates] of decoded)
    taken.set(batch, takeAll(batch, updates, context, Object.fromEntries(batch.replica.plainRoles!)))
  const written = writtenBy(taken, services.now())
  const rows = allRows(taken, written, new Set())
  if (!(await flushAtOnce(poolOf(services.db), expectedOf([...taken.keys()]), rows))) {
    for (const { replica } of taken.keys()) replica.plainRoles = null
    throw new Overtaken()
  }
  return settleAll({ taken, written, opened: [] })
}

function expectedOf(batches: readonly Batch[]): Expected {
  const layers = batches.map(({ replica: { info, epoch, seq, labelSet } }) => ({
    ...{ layer: info.layer, epoch, seq, label_set: labelSet },
  }))
  const members = batches.flatMap((batch) =>
    accountsIn([batch]).map((account) => ({
      ...{ project: batch.replica.info.project, account, role: batch.replica.plainRoles!.get(account)! },
    })),
  )
  return { layers, members }
}

/** The same path for one write of the server's own, in an account's name. */
export async function flushOwn(services: Services, replica: Replica, account: string, write: Write): Promise<Flushed> {
  const batch: Batch = { replica, items: [] }
  const flushed = await commit(services, nothing, async (trx) => {
    const { layer, project } = replica.info
    const head = await lockHead(trx, layer, services.kind)
    await holdLabels(trx, project)
    const context = await begin(trx, batch, head, await standingOf(trx, layer))
    if (context.shut) throw new Problem(context.shut)
    const own = await applyOwn(replica, account, () => write.edit(replica.layer, trx))
    const also = write.also && ((inside: Trx) => write.also!(inside))
    const updates = own.update ? [own.update] : []
    const quiet = { faults: new Map<Participant, UpdateFault>(), refusals: new Map<Participant, Refusal[]>() }
    return new Map([[batch, { context, applied: [own], updates, ...quiet, ...(also && { also }) }]])
  })
  return flushed.get(batch)!
}

const nothing = () => Promise.resolve()

/** Runs `take`, writes what it took, commits, and only then moves the copies on. */
async function commit<A>(
  services: Services,
  first: (client: pg.ClientBase) => Promise<A>,
  take: (trx: Trx, answer: A) => Promise<ReadonlyMap<Batch, Taken>>,
): Promise<Map<Batch, Flushed>> {
  const done = await transactInTwo(poolOf(services.db), first, async (trx, answer) => {
    const taken = await take(trx, answer)
    const written = writtenBy(taken, services.now())
    const recount = await toRecount(trx, taken, written)
    const rows = allRows(taken, written, recount)
    if (taken.size === 0) return { last: nothing, value: { taken, written, opened: [] } }
    const isAll = recount.size === 0 && !mayFall(taken, written) && isOneStatement(rows)
    if (isAll) return { last: (client) => writeFlush(client, rows), value: { taken, written, opened: [] } }
    await writeFlush(clientOf(trx), rows)
    for (const { also } of taken.values()) await also?.(trx)
    const opened = await followGold(trx, taken, written, recount)
    for (const { replica } of opened)
      await state(trx, projectScope(replica.info.project), [
        { kind: 'opened', payload: { article: replica.info.article } },
      ])
    return { last: nothing, value: { taken, written, opened } }
  })
  return settleAll(done)
}

const writtenBy = (taken: ReadonlyMap<Batch, Taken>, at: Date): Map<Batch, LayerRows> =>
  new Map([...taken].map(([batch, { applied }]) => [batch, rowsOf(batch.replica, applied, at)]))

interface Done {
  readonly taken: ReadonlyMap<Batch, Taken>
  readonly written: ReadonlyMap<Batch, LayerRows>
  /** The layers whose sign-off fell. */
  readonly opened: readonly Batch[]
}

const settleAll = ({ taken, written, opened }: Done): Map<Batch, Flushed> =>
  new Map([...taken].map(([batch, one]) => [batch, settle(batch, one, written.get(batch)!, opened)]))

/** After the commit: the copy is what the database holds. */
export function settle({ replica }: Batch, taken: Taken, rows: LayerRows, opened: readonly Batch[]): Flushed {
  const { applied, faults, refusals, also } = taken
  const written = applied.flatMap(({ account, update }) => (update ? [{ account, data: update }] : []))
  const { unsent, seq: from } = replica
  const bytes = written.reduce((sum, { data }) => sum + data.length, 0)
  const seq = from + rows.log.length
  Object.assign(replica, { seq, ahead: false, unsent: [], tailBytes: replica.tailBytes + bytes })
  // what came with it may have been a decision
  if (also) replica.plainRoles = null
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
  for (const [batch, { context, also }] of taken) {
    const touched = written.get(batch)!.annotations.map(({ id }) => id)
    const { layer } = batch.replica.info
    if (also || (context.decided && (await isAnyDecided(trx, layer, touched)))) recount.add(batch)
  }
  return recount
}

/** True if a sign-off stands somewhere that something waiting may make fall. */
const mayFall = (taken: ReadonlyMap<Batch, Taken>, written: ReadonlyMap<Batch, LayerRows>): boolean =>
  [...taken].some(([batch, { context }]) => context.closed && written.get(batch)!.annotations.length > 0)

/** Brings gold, counts and sign-off into line. Answers the layers whose sign-off fell. */
async function followGold(
  trx: Trx,
  taken: ReadonlyMap<Batch, Taken>,
  written: ReadonlyMap<Batch, LayerRows>,
  recount: ReadonlySet<Batch>,
): Promise<Batch[]> {
  const opened: Batch[] = []
  for (const [batch, { context }] of taken) {
    const { info } = batch.replica
    const waits = written.get(batch)!.annotations.some(({ gone }) => !gone)
    const fell = recount.has(batch)
      ? (await refreshGold(trx, info.layer)).opened
      : context.closed && waits && (await dropClosingOf(trx, info))
    if (fell && info.owner === null) opened.push(batch)
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
    const { article, owner } = batch.replica.info
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
      layer: replica.info.layer,
      was: replica.seq,
      upto: replica.seq + log.length,
    })),
  }
}

const none: ReadonlySet<string> = new Set()

/** With the head locked: catches up with other processes and says what may be written now. */
async function begin(trx: Trx, { replica }: Batch, head: Head, standing: LayerStanding): Promise<FlushContext> {
  const { layer, project } = replica.info
  if (head.epoch !== replica.epoch) throw new OtherEpoch(layer, replica.epoch, head.epoch)
  if (head.seq < replica.seq) throw new WentBack(layer, replica.seq, head.seq)
  await replica.catchUp(trx, head.seq)
  const { state, withdrawn, label_set: labelSet, locks_approved: locks, closed, decided } = standing
  if (labelSet !== replica.labelSet) {
    replica.labels = await labelsOf(trx, project, labelSet)
    replica.labelSet = labelSet
  }
  const shut = state !== 'open' ? ('frozen' as const) : withdrawn ? ('article_withdrawn' as const) : null
  return { shut, closed, decided, locked: locks && decided ? await approvedOf(trx, layer) : none }
}

/** Nothing about the layer asks for more than its rows. */
const isPlain = ({ state, withdrawn, closed, decided }: LayerStanding): boolean =>
  state === 'open' && !withdrawn && !closed && !decided

/** Binds every client id that is used here for the first time to its user. */
async function claim(
  trx: Trx,
  batch: Batch,
  decoded: readonly Decoded[],
  roles: Readonly<Record<string, Role>>,
): Promise<void> {
  const claims = claimsOf(batch, decoded, roles)
  if (claims.size === 0) return
  const { replica } = batch
  replica.ahead = true
  const owners = await claimClients(trx, replica.info.layer, replica.epoch, claims)
  for (const [client, account] of owners) replica.clients.set(client, account)
}

const accountsIn = (batches: readonly Batch[]): string[] => [
  ...new Set(batches.flatMap(({ items }) => items.flatMap(({ participant }) => accountsBehind(participant.account)))),
]
