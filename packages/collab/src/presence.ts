import { isId } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { malformed, tooMuch, type UpdateFault } from './decode.ts'
import { liveLimits } from './limits.ts'

/** What a page says of itself: the selection as it was made (code units; anchor may lie behind head) and the chosen annotation. */
export interface Presence {
  readonly at: readonly [anchor: number, head: number] | null
  readonly chosen: string | null
}

/** What others are told: who it is comes from the server, never from the page. */
export interface SharedPresence extends Presence {
  readonly account: string
  readonly name: string
  readonly colour: number
}

/** Reads what a page says of itself; what is no presence counts as nowhere. */
export function readPresence(value: unknown): Presence {
  const { at, chosen } = fieldsOf(value)
  return { at: readSelection(at), chosen: isId(chosen) ? chosen : null }
}

/** Reads what the server tells of others, or null. */
export function readSharedPresence(value: unknown): SharedPresence | null {
  const { account, name, colour } = fieldsOf(value)
  if (typeof account !== 'string' || typeof name !== 'string' || typeof colour !== 'number') return null
  return { ...readPresence(value), account, name, colour }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function readSelection(value: unknown): Presence['at'] {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [anchor, head] = value as unknown[]
  return isOffset(anchor) && isOffset(head) ? [anchor, head] : null
}

const isOffset = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0

/** One client's state in an awareness message; null says that it left. */
export interface AwarenessEntry {
  readonly client: number
  readonly clock: number
  readonly state: unknown
}

/** Reads the body of an awareness message that is trusted, or null if it is malformed. */
export function decodeAwareness(update: Uint8Array): AwarenessEntry[] | null {
  try {
    return readEntries(update, { most: Infinity, bytes: Infinity, isWanted: () => true })
  } catch {
    return null
  }
}

/**
 * Reads what a client says of itself. It is bounded before it is read: the whole, the number of entries, and each state that
 * is wanted. Entries of others, which a y-websocket client sends back, are passed over unread.
 */
export function decodeOwnAwareness(
  update: Uint8Array,
  isWanted: (client: number) => boolean,
): AwarenessEntry[] | UpdateFault {
  const { presenceFrameBytes, presenceEntries: most, presenceBytes: bytes } = liveLimits
  if (update.length > presenceFrameBytes) return tooMuch('a presence message too large')
  try {
    return readEntries(update, { most, bytes, isWanted })
  } catch (error) {
    return error instanceof TooLarge ? tooMuch(error.message) : malformed('no awareness')
  }
}

/** More than a presence message may hold. */
class TooLarge extends Error {}

interface Bounds {
  readonly most: number
  readonly bytes: number
  readonly isWanted: (client: number) => boolean
}

function readEntries(update: Uint8Array, bounds: Bounds): AwarenessEntry[] {
  const decoder = decoding.createDecoder(update)
  const count = decoding.readVarUint(decoder)
  if (count > bounds.most) throw new TooLarge(`${count} entries in one presence message`)
  const entries: AwarenessEntry[] = []
  for (let left = count; left > 0; left--) {
    const entry = readEntry(decoder, bounds)
    if (entry) entries.push(entry)
  }
  if (decoding.hasContent(decoder)) throw new Error('more than an awareness message')
  return entries
}

function readEntry(decoder: decoding.Decoder, { bytes, isWanted }: Bounds): AwarenessEntry | null {
  const client = decoding.readVarUint(decoder)
  const clock = decoding.readVarUint(decoder)
  const json = decoding.readVarUint8Array(decoder)
  if (!isWanted(client)) return null
  if (json.length > bytes) throw new TooLarge(`${json.length} bytes of presence`)
  const state: unknown = JSON.parse(new TextDecoder().decode(json))
  return { client, clock, state }
}

/** The body of an awareness message. No entries make the shortest message there is, which keeps a connection alive. */
export function encodeAwareness(entries: readonly AwarenessEntry[]): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, entries.length)
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, JSON.stringify(state))
  }
  return encoding.toUint8Array(encoder)
}
