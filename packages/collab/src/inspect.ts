import { isPlain } from '@tamga/model'
import * as Y from 'yjs'
import { chainsOf, encodeUpdate, itemAt, type Chain } from './blocks.ts'
import { isServerClient } from './client-ids.ts'
import { malformed, tooMuch, type DecodedUpdate, type UpdateFault } from './decode.ts'
import { livingIn, type ClockRange, type Work } from './deletes.ts'
import { liveLimits } from './limits.ts'
import { readKey, ROOT } from './record.ts'

/** What an update would add to a document: for each client the clocks `[from, to)`, and whether it deletes what stands. */
export interface Inspection {
  readonly clients: readonly { readonly client: number; readonly from: number; readonly to: number }[]
  readonly deletes: boolean
  /** What it deletes, by client: of what stands, and of its own structs. */
  readonly deleted: ReadonlyMap<number, readonly ClockRange[]>
  /** The same as bytes for Yjs: only what the document lacks, and of the deletions only those of what stands. */
  readonly update: Uint8Array
}

/** The clients whose structs the document does not have yet. */
export const newClientsOf = (update: DecodedUpdate, doc: Y.Doc): number[] => [
  ...new Set(update.structs.filter((struct) => isNew(struct, doc)).map(({ id }) => id.client)),
]

/** How many structs a document keeps: what stands, and what is left of what was overwritten. */
export const structsOf = (doc: Y.Doc): number =>
  [...doc.store.clients.values()].reduce((sum, structs) => sum + structs.length, 0)

const isNew = ({ id, length }: Y.Item, doc: Y.Doc) => id.clock + length > Y.getState(doc.store, id.client)

/**
 * Judges a decoded update against the document it is meant for. Only what is new counts: what the document has already is
 * ignored by Yjs too. A fault means that nothing may be applied. Visits each struct of the update and of the document's
 * clients that it deletes from at most a few times; `work` counts them.
 */
export function inspectUpdate(update: DecodedUpdate, doc: Y.Doc, work: Work = { steps: 0 }): Inspection | UpdateFault {
  const chains = chainsOf(update.structs)
  const stateOf = (client: number) => Y.getState(doc.store, client)
  if (chains.size !== update.blocks) return malformed('a client twice, or a block without structs')
  const fresh = update.structs.filter((struct) => isNew(struct, doc))
  work.steps += update.structs.length
  for (const struct of fresh) {
    const reason = faultOfStruct(struct)
    if (reason) return malformed(reason)
    if (valueBytes(struct) > liveLimits.recordBytes) return tooMuch('a record too large')
  }
  const after = replay(chains, doc, work)
  if (!after) return malformed('a predecessor is missing')
  const clients = [...after].map(([client, to]) => ({ client, from: stateOf(client), to }))
  if (clients.some(({ from, to }) => to - from > liveLimits.clocks)) return tooMuch('a clock jumps too far')
  if (passesTooMany(fresh, doc, work)) return tooMuch('too many concurrent values')
  if (!deletesAreKnown(update, doc, after)) return malformed('deletes what is not there')
  const most = fresh.length + liveLimits.deletions
  const living = livingDeletes(update, doc, most, work)
  let deleted = 0
  for (const ranges of living.values()) deleted += ranges.length
  if (deleted > most) return tooMuch('deletes too much')
  const all = withNew(living, update, clients)
  return { clients, deletes: deleted > 0, deleted: all, update: encodeUpdate(chains, all, stateOf) }
}

type Chains = ReadonlyMap<number, Chain>

function faultOfStruct(struct: Y.Item): string | null {
  if (isServerClient(struct.id.client)) return 'a client id that nobody has'
  if (struct.rightOrigin !== null) return 'an item before another'
  if (struct.origin === null) {
    // decoded only: the parent is still the name of a root type, not the type
    if ((struct.parent as unknown) !== ROOT) return 'an unknown root'
    if (struct.parentSub === null || readKey(struct.parentSub) === null) return 'an unknown key'
  }
  return faultOfItem(struct)
}

function faultOfItem({ content }: Y.Item): string | null {
  // a value that its own author overwrote before it was sent
  if (content instanceof Y.ContentDeleted) return null
  if (!(content instanceof Y.ContentAny)) return 'content of another kind'
  if (content.arr.length !== 1) return 'several values under one key'
  return isPlain(content.arr[0]) ? null : 'a value that is not plain'
}

const valueBytes = ({ content }: Y.Item): number =>
  content instanceof Y.ContentAny ? new TextEncoder().encode(JSON.stringify(content.arr)).length : 0

/**
 * Walks the new structs in an order in which each one's predecessor is there, as Yjs would. Returns the clocks after, or
 * null if one never comes: Yjs would park such an update for ever. A chain that waits is looked at again when that which
 * it waits for is there, so each struct is visited at most twice.
 */
function replay(chains: Chains, doc: Y.Doc, work: Work): Map<number, number> | null {
  const after = new Map<number, number>()
  const next = new Map<number, number>()
  const waiting = new Map<Y.Item, number[]>()
  const clockOf = (client: number) => after.get(client) ?? Y.getState(doc.store, client)
  const ready = [...chains.keys()]
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const chain = chains.get(client)!
    let at = next.get(client) ?? 0
    for (let struct = chain[at]; struct; struct = chain[++at]) {
      work.steps++
      const end = struct.id.clock + struct.length
      if (end <= clockOf(client)) continue
      if (struct.id.clock > clockOf(client)) return null
      const { origin } = struct
      if (origin && origin.clock >= clockOf(origin.client)) {
        const needed = itemAt(chains.get(origin.client) ?? [], origin.clock)
        if (!needed) return null
        const others = waiting.get(needed)
        if (others) others.push(client)
        else waiting.set(needed, [client])
        break
      }
      after.set(client, end)
      for (const other of waiting.get(struct) ?? []) ready.push(other)
    }
    next.set(client, at)
  }
  return [...chains].every(([client, chain]) => next.get(client) === chain.length) ? after : null
}

/**
 * True if Yjs would pass too many values of the document to find the places of these structs: it walks through all that
 * were written under the same key after the one that a struct follows. A page that writes over what stands passes none.
 */
function passesTooMany(fresh: readonly Y.Item[], doc: Y.Doc, work: Work): boolean {
  const { _map: tails } = doc.getMap(ROOT)
  const lengths = new Map<string, number>()
  let passed = 0
  for (const struct of fresh) {
    if (struct.origin) passed += stepsToEnd(storedAt(doc, struct.origin), liveLimits.conflictSteps - passed)
    else {
      const key = struct.parentSub!
      const length = lengths.get(key) ?? stepsToStart(tails.get(key), liveLimits.conflictSteps)
      lengths.set(key, length)
      passed += length
    }
    if (passed > liveLimits.conflictSteps) return true
  }
  work.steps += passed
  return false
}

/** The item of the document that holds a clock; null if it comes with the update itself. */
function storedAt({ store }: Y.Doc, { client, clock }: Y.ID): Y.Item | null {
  if (clock >= Y.getState(store, client)) return null
  const structs = store.clients.get(client)!
  const struct = structs[Y.findIndexSS(structs, clock)]
  return struct instanceof Y.Item ? struct : null
}

function stepsToEnd(from: Y.Item | null, most: number): number {
  let steps = 0
  for (let item = from?.right ?? null; item && steps <= most; item = item.right) steps++
  return steps
}

function stepsToStart(from: Y.Item | undefined, most: number): number {
  let steps = 0
  for (let item = from ?? null; item && steps <= most; item = item.left) steps++
  return steps
}

function deletesAreKnown({ deletes }: DecodedUpdate, doc: Y.Doc, after: ReadonlyMap<number, number>): boolean {
  for (const [client, ranges] of deletes) {
    const known = after.get(client) ?? Y.getState(doc.store, client)
    const last = ranges.at(-1)!
    if (last.clock + last.len > known) return false
  }
  return true
}

type Deletes = Map<number, ClockRange[]>

/** What would be deleted of that which stands in the document now; it stops behind `most`. */
function livingDeletes({ deletes }: DecodedUpdate, doc: Y.Doc, most: number, work: Work): Deletes {
  const living: Deletes = new Map()
  let left = most
  for (const [client, ranges] of deletes) {
    const found = livingIn(doc.store.clients.get(client) ?? [], ranges, left, work)
    if (found.length > 0) living.set(client, found)
    left -= found.length
    if (left < 0) break
  }
  return living
}

/** With what an update deletes of its own structs. */
function withNew(living: Deletes, { deletes }: DecodedUpdate, clients: Inspection['clients']): Deletes {
  for (const { client, from } of clients) {
    const own = (deletes.get(client) ?? []).flatMap(({ clock, len }) => {
      const start = Math.max(clock, from)
      return start < clock + len ? [{ clock: start, len: clock + len - start }] : []
    })
    if (own.length > 0) living.set(client, [...(living.get(client) ?? []), ...own])
  }
  return living
}
