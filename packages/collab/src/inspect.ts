import { isPlain } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import { closeCodes, type CloseCode } from './close-codes.ts'
import { liveLimits } from './limits.ts'
import { readKey, ROOT } from './record.ts'

/** The server's own client id in every document, for corrections and its own writes. */
export const SERVER_CLIENT = 1

/** Ids below are the server's: no client may use one, so nobody can write in the server's name. */
const SERVER_CLIENTS = 1024

export const isServerClient = (client: number): boolean => client < SERVER_CLIENTS

/**
 * The client id under which the server wrote the base of an epoch's document, from the second epoch on. Who has that
 * document has something of this id; who has an older one has not.
 */
export const baseClient = (epoch: number): number => 2 + (epoch % (SERVER_CLIENTS - 2))

/** Why an update was not applied: the sender's socket is closed with `close`. `reason` is for the log, not for people. */
export interface UpdateFault {
  readonly close: CloseCode
  readonly reason: string
}

/** An update taken apart, nothing of it applied. */
export interface DecodedUpdate {
  readonly bytes: Uint8Array
  readonly blocks: number
  readonly structs: readonly (Y.Item | Y.GC | Y.Skip)[]
  readonly deletes: ReadonlyMap<number, readonly { readonly clock: number; readonly len: number }[]>
}

/** What an update would add to a document: for each client the clocks `[from, to)`, and whether it deletes what stands. */
export interface Inspection {
  readonly clients: readonly { readonly client: number; readonly from: number; readonly to: number }[]
  readonly deletes: boolean
}

export const isFault = (value: object): value is UpdateFault => 'close' in value

const malformed = (reason: string): UpdateFault => ({ close: closeCodes.malformed, reason })
const tooMuch = (reason: string): UpdateFault => ({ close: closeCodes.limits, reason })

/**
 * Takes an untrusted update apart before anything of it is applied: what cannot be decoded, what is too large, and every
 * struct that no honest client of ours makes is a fault.
 */
export function decodeUpdate(
  bytes: Uint8Array,
  maxBytes: number = liveLimits.updateBytes,
): DecodedUpdate | UpdateFault {
  if (bytes.length > maxBytes) return tooMuch(`${bytes.length} bytes in one update`)
  try {
    const { structs, ds } = decodeWhole(bytes)
    const blocks = decoding.readVarUint(decoding.createDecoder(bytes))
    return { bytes, blocks, structs, deletes: ds.clients }
  } catch (error) {
    // depth, lying counts and lengths, unknown kinds of content: decoding throws, memory stays
    return malformed(`no update: ${error instanceof Error ? error.message : 'undecodable'}`)
  }
}

/** Decodes an update that has nothing behind it. */
function decodeWhole(bytes: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  let rest: decoding.Decoder | undefined
  class Watched extends Y.UpdateDecoderV1 {
    constructor(decoder: decoding.Decoder) {
      super(decoder)
      rest = decoder
    }
  }
  const decoded = Y.decodeUpdateV2(bytes, Watched)
  if (rest && decoding.hasContent(rest)) throw new Error('more than an update')
  return decoded
}

/** The clients whose structs the document does not have yet. */
export const newClientsOf = (update: DecodedUpdate, doc: Y.Doc): number[] => [
  ...new Set(update.structs.filter((struct) => isNew(struct, doc)).map(({ id }) => id.client)),
]

/** How many structs a document keeps: what stands, and what is left of what was overwritten. */
export const structsOf = (doc: Y.Doc): number =>
  [...doc.store.clients.values()].reduce((sum, structs) => sum + structs.length, 0)

const isNew = ({ id, length }: Y.Item | Y.GC | Y.Skip, doc: Y.Doc) =>
  id.clock + length > Y.getState(doc.store, id.client)

/**
 * Judges a decoded update against the document it is meant for. Only what is new counts: what the document has already is
 * ignored by Yjs too. A fault means that nothing may be applied.
 */
export function inspectUpdate(update: DecodedUpdate, doc: Y.Doc): Inspection | UpdateFault {
  const chains = chainsOf(update)
  if (chains.size !== update.blocks) return malformed('a client twice, or a block without structs')
  const fresh = update.structs.filter((struct) => isNew(struct, doc))
  for (const struct of fresh) {
    const reason = faultOfStruct(struct)
    if (reason) return malformed(reason)
    if (struct instanceof Y.Item && valueBytes(struct) > liveLimits.recordBytes) return tooMuch('a record too large')
  }
  const after = replay(chains, doc)
  if (!after) return malformed('a predecessor is missing')
  const clients = [...after].map(([client, to]) => ({ client, from: Y.getState(doc.store, client), to }))
  if (clients.some(({ from, to }) => to - from > liveLimits.clocks)) return tooMuch('a clock jumps too far')
  if (!deletesAreKnown(update, doc, after)) return malformed('deletes what is not there')
  return { clients, deletes: deletesSomething(update, doc) }
}

type Chains = ReadonlyMap<number, readonly (Y.Item | Y.GC | Y.Skip)[]>

function chainsOf({ structs }: DecodedUpdate): Chains {
  const chains = new Map<number, (Y.Item | Y.GC | Y.Skip)[]>()
  for (const struct of structs) {
    const chain = chains.get(struct.id.client)
    if (chain) chain.push(struct)
    else chains.set(struct.id.client, [struct])
  }
  return chains
}

const MAX_CLIENT = 2 ** 32 - 1

function faultOfStruct(struct: Y.Item | Y.GC | Y.Skip): string | null {
  if (!(struct instanceof Y.Item)) return 'a struct without content'
  if (isServerClient(struct.id.client) || struct.id.client > MAX_CLIENT) return 'a client id that nobody has'
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
 * null if one never comes: Yjs would park such an update for ever.
 */
function replay(chains: Chains, doc: Y.Doc): Map<number, number> | null {
  const after = new Map<number, number>()
  const clockOf = (client: number) => after.get(client) ?? Y.getState(doc.store, client)
  const next = new Map<number, number>()
  const isThere = ({ client, clock }: Y.ID) => clock < clockOf(client)
  for (let moved = true; moved;) {
    moved = false
    for (const [client, chain] of chains) {
      let at = next.get(client) ?? 0
      for (let struct = chain[at]; struct; struct = chain[++at]) {
        const end = struct.id.clock + struct.length
        if (end <= clockOf(client)) continue
        if (struct.id.clock > clockOf(client)) return null
        if (struct instanceof Y.Item && struct.origin && !isThere(struct.origin)) break
        after.set(client, end)
        moved = true
      }
      next.set(client, at)
    }
  }
  return [...chains].every(([client, chain]) => next.get(client) === chain.length) ? after : null
}

function deletesAreKnown({ deletes }: DecodedUpdate, doc: Y.Doc, after: ReadonlyMap<number, number>): boolean {
  for (const [client, ranges] of deletes) {
    const known = after.get(client) ?? Y.getState(doc.store, client)
    if (ranges.some(({ clock, len }) => clock + len > known)) return false
  }
  return true
}

/** True if anything that stands in the document now would be deleted. */
function deletesSomething({ deletes }: DecodedUpdate, doc: Y.Doc): boolean {
  for (const [client, ranges] of deletes) {
    const structs = doc.store.clients.get(client)
    if (structs && ranges.some((range) => hitsLiving(structs, range))) return true
  }
  return false
}

type Stored = readonly (Y.Item | Y.GC)[]

function hitsLiving(structs: Stored, { clock, len }: { clock: number; len: number }): boolean {
  const last = structs.at(-1)!
  if (len === 0 || clock >= last.id.clock + last.length) return false
  for (let i = Y.findIndexSS(structs as (Y.Item | Y.GC)[], clock); i < structs.length; i++) {
    const struct = structs[i]!
    if (struct.id.clock >= clock + len) return false
    if (!struct.deleted) return true
  }
  return false
}
