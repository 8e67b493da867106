import { isId } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

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

/** One client's state in an awareness message; null says that it left. `bytes` is the length of its JSON. */
export interface AwarenessEntry {
  readonly client: number
  readonly clock: number
  readonly state: unknown
  readonly bytes: number
}

/** Reads the body of an awareness message, or null if it is malformed. */
export function decodeAwareness(update: Uint8Array): AwarenessEntry[] | null {
  try {
    const decoder = decoding.createDecoder(update)
    const entries: AwarenessEntry[] = []
    for (let left = decoding.readVarUint(decoder); left > 0; left--) entries.push(readEntry(decoder))
    return decoding.hasContent(decoder) ? null : entries
  } catch {
    return null
  }
}

function readEntry(decoder: decoding.Decoder): AwarenessEntry {
  const client = decoding.readVarUint(decoder)
  const clock = decoding.readVarUint(decoder)
  const from = decoder.pos
  const state: unknown = JSON.parse(decoding.readVarString(decoder))
  return { client, clock, state, bytes: decoder.pos - from }
}

/** The body of an awareness message. No entries make the shortest message there is, which keeps a connection alive. */
export function encodeAwareness(entries: readonly Omit<AwarenessEntry, 'bytes'>[]): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, entries.length)
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, JSON.stringify(state))
  }
  return encoding.toUint8Array(encoder)
}
