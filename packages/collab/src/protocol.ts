import type { ProblemCode, ProblemDetails } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

/** The first number of every frame; one message a frame. 0, 1 and 3 are y-websocket's own. */
export const messages = {
  sync: 0,
  awareness: 1,
  queryAwareness: 3,
  ack: 120,
  refusal: 121,
  fact: 122,
  here: 123,
  disk: 124,
} as const

/** What the server did not let stand: the key of the document, why, and what a sentence about it needs. */
export interface Refusal {
  readonly key: string
  readonly code: ProblemCode
  readonly details: ProblemDetails
  /** The id under which the server keeps what was lost by it, for its writer; null if it keeps nothing. */
  readonly aside: string | null
}

/** Something that happened, as the server tells it: numbered without gaps within its scope. */
export interface FactMessage {
  readonly scope: string
  readonly n: number
  readonly kind: string
  readonly payload: unknown
}

/** Who is in which article: account ids by article id. */
export type Here = Readonly<Record<string, readonly string[]>>

export type Message =
  | { readonly type: 'step1'; readonly vector: Uint8Array }
  | { readonly type: 'step2' | 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly update: Uint8Array }
  | { readonly type: 'queryAwareness' }
  | { readonly type: 'ack'; readonly count: number }
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  | { readonly type: 'fact'; readonly fact: FactMessage }
  | { readonly type: 'here'; readonly here: Here }
  /** True while the server cannot store anything: what it has is kept and tried again. */
  | { readonly type: 'disk'; readonly full: boolean }

/** One message as the bytes of one frame. */
export function encodeMessage(message: Message): Uint8Array {
  const encoder = encoding.createEncoder()
  write(encoder, message)
  return encoding.toUint8Array(encoder)
}

const syncTypes = ['step1', 'step2', 'update'] as const

function write(encoder: encoding.Encoder, message: Message): void {
  switch (message.type) {
    case 'step1':
      return writeBytes(encoder, [messages.sync, 0], message.vector)
    case 'step2':
    case 'update':
      return writeBytes(encoder, [messages.sync, syncTypes.indexOf(message.type)], message.update)
    case 'awareness':
      return writeBytes(encoder, [messages.awareness], message.update)
    case 'queryAwareness':
      return encoding.writeVarUint(encoder, messages.queryAwareness)
    case 'ack':
      encoding.writeVarUint(encoder, messages.ack)
      return encoding.writeVarUint(encoder, message.count)
    case 'refusal':
      return writeJson(encoder, messages.refusal, message.refusal)
    case 'fact':
      return writeJson(encoder, messages.fact, factToJson(message.fact))
    case 'here':
      return writeJson(encoder, messages.here, message.here)
    case 'disk':
      encoding.writeVarUint(encoder, messages.disk)
      return encoding.writeVarUint(encoder, message.full ? 1 : 0)
  }
}

function writeBytes(encoder: encoding.Encoder, numbers: readonly number[], bytes: Uint8Array): void {
  for (const number of numbers) encoding.writeVarUint(encoder, number)
  encoding.writeVarUint8Array(encoder, bytes)
}

function writeJson(encoder: encoding.Encoder, type: number, value: unknown): void {
  encoding.writeVarUint(encoder, type)
  encoding.writeVarString(encoder, JSON.stringify(value))
}

const factToJson = ({ scope, n, kind, payload }: FactMessage) => [scope, n, kind, payload]

/** Reads one frame, or null if it is none of ours: cut short, too long, an unknown number, JSON of another shape. */
export function decodeMessage(frame: Uint8Array): Message | null {
  try {
    const decoder = decoding.createDecoder(frame)
    const message = read(decoder, decoding.readVarUint(decoder))
    return decoding.hasContent(decoder) ? null : message
  } catch {
    return null
  }
}

function read(decoder: decoding.Decoder, type: number): Message | null {
  switch (type) {
    case messages.sync:
      return readSync(decoder)
    case messages.awareness:
      return { type: 'awareness', update: decoding.readVarUint8Array(decoder) }
    case messages.queryAwareness:
      return { type: 'queryAwareness' }
    case messages.ack:
      return { type: 'ack', count: readAck(decoder) }
    case messages.refusal:
      return { type: 'refusal', refusal: readRefusal(decoder) }
    case messages.fact:
      return { type: 'fact', fact: readFact(decoder) }
    case messages.here:
      return { type: 'here', here: readHere(decoder) }
    case messages.disk:
      return { type: 'disk', full: readDisk(decoder) }
    default:
      return null
  }
}

function readSync(decoder: decoding.Decoder): Message | null {
  const type = syncTypes[decoding.readVarUint(decoder)]
  const bytes = decoding.readVarUint8Array(decoder)
  if (!type) return null
  return type === 'step1' ? { type, vector: bytes } : { type, update: bytes }
}

// The five below start behind the message's number, where y-websocket's `messageHandlers` are called.

/** How many document messages of this connection are durable. Throws on anything else. */
export const readAck = (decoder: decoding.Decoder): number => decoding.readVarUint(decoder)

/** Throws if it is no refusal. */
export function readRefusal(decoder: decoding.Decoder): Refusal {
  const { key, code, details, aside } = readJson(decoder) as Partial<Refusal>
  if (typeof key !== 'string' || typeof code !== 'string') throw new Error('not a refusal')
  return { key, code, details: details ?? {}, aside: aside ?? null }
}

/** Throws if it is no fact. */
export function readFact(decoder: decoding.Decoder): FactMessage {
  const value = readJson(decoder)
  if (!Array.isArray(value)) throw new Error('not a fact')
  const [scope, n, kind, payload] = value as unknown[]
  if (typeof scope !== 'string' || typeof n !== 'number' || typeof kind !== 'string') throw new Error('not a fact')
  return { scope, n, kind, payload }
}

/** Throws if it does not say who is where. */
export function readHere(decoder: decoding.Decoder): Here {
  const value = readJson(decoder)
  if (!Object.values(value).every((item) => Array.isArray(item))) throw new Error('not who is where')
  return value as Here
}

/** Whether the server's disk is full. Throws on anything else. */
export function readDisk(decoder: decoding.Decoder): boolean {
  const full = decoding.readVarUint(decoder)
  if (full > 1) throw new Error('not about the disk')
  return full === 1
}

function readJson(decoder: decoding.Decoder): object {
  const value: unknown = JSON.parse(decoding.readVarString(decoder))
  if (typeof value !== 'object' || value === null) throw new Error('not an object')
  return value
}
