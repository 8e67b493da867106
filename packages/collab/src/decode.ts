import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import { closeCodes, type CloseCode } from './close-codes.ts'
import { mergeRanges, type ClockRange, type Work } from './deletes.ts'
import { liveLimits, type UpdateLimits } from './limits.ts'

/** Why an update was not applied: the sender's socket is closed with `close`. `reason` is for the log, not for people. */
export interface UpdateFault {
  readonly close: CloseCode
  readonly reason: string
}

export const isFault = (value: object): value is UpdateFault => 'close' in value

export const malformed = (reason: string): UpdateFault => ({ close: closeCodes.malformed, reason })
export const tooMuch = (reason: string): UpdateFault => ({ close: closeCodes.limits, reason })

/** An update taken apart, nothing of it applied. */
export interface DecodedUpdate {
  readonly blocks: number
  readonly structs: readonly Y.Item[]
  /** What is deleted, by client: in order, neither touching nor overlapping. */
  readonly deletes: ReadonlyMap<number, readonly ClockRange[]>
}

/**
 * Takes an untrusted update apart before anything of it is applied: what cannot be decoded, what is too large, and content
 * of a kind that no client of ours writes is a fault. The work is bounded by the limits: it ends where one is passed.
 */
export function decodeUpdate(
  bytes: Uint8Array,
  limits: UpdateLimits = liveLimits.update,
  work: Work = { steps: 0 },
): DecodedUpdate | UpdateFault {
  if (bytes.length > limits.bytes) return tooMuch(`${bytes.length} bytes in one update`)
  const decoder = new BoundedDecoder(decoding.createDecoder(bytes), limits, work)
  try {
    const blocks = decoding.readVarUint(decoding.createDecoder(bytes))
    // Yjs makes its decoder itself: a constructor that answers an object makes that object
    const Given = function () {
      return decoder
    } as unknown as typeof Y.UpdateDecoderV1
    const { structs, ds } = Y.decodeUpdateV2(bytes, Given)
    if (decoding.hasContent(decoder.restDecoder)) return malformed('more than an update')
    const deletes = mergeDeletes(ds.clients, limits, work)
    // no other kind of struct is decoded
    return isMerged(deletes) ? { blocks, structs: structs as Y.Item[], deletes } : deletes
  } catch (error) {
    if (error instanceof Beyond) return tooMuch(error.message)
    // depth, lying counts and lengths: decoding throws, memory stays
    return malformed(`no update: ${error instanceof Error ? error.message : 'undecodable'}`)
  }
}

type Deletes = DecodedUpdate['deletes']
const isMerged = (value: Deletes | UpdateFault): value is Deletes => value instanceof Map

function mergeDeletes(
  clients: ReadonlyMap<number, readonly ClockRange[]>,
  limits: UpdateLimits,
  work: Work,
): Deletes | UpdateFault {
  const deletes = new Map<number, readonly ClockRange[]>()
  let clocks = 0
  for (const [client, ranges] of clients) {
    const merged = mergeRanges(ranges, work)
    if (!merged) return tooMuch('ranges out of order')
    for (const { len } of merged) clocks += len
    if (clocks > limits.deletedClocks) return tooMuch(`${clocks} clocks deleted in one update`)
    if (merged.length > 0) deletes.set(client, merged)
  }
  return deletes
}

/** A limit is passed: nothing more is decoded. */
class Beyond extends Error {}

/** What an item may hold: a value, or what is left of one that its own author overwrote before it was sent. */
const ANY = 8
const DELETED = 1
const KIND = 31

/** Counts what it decodes, and stops at a limit, or at a kind of content of which nobody needs to know more. */
class BoundedDecoder extends Y.UpdateDecoderV1 {
  readonly #limits: UpdateLimits
  readonly #work: Work
  #structs = 0
  #blocks = 0
  #ranges = 0

  constructor(decoder: decoding.Decoder, limits: UpdateLimits, work: Work) {
    super(decoder)
    this.#limits = limits
    this.#work = work
  }

  override readInfo(): number {
    this.#count(++this.#structs, this.#limits.structs, 'structs')
    if (this.restDecoder.pos > this.#limits.structBytes)
      throw new Beyond(`over ${this.#limits.structBytes} bytes of structs`)
    const info = super.readInfo()
    const kind = info & KIND
    if (kind !== ANY && kind !== DELETED) throw new Error(`content of kind ${kind}`)
    return info
  }

  override readClient(): number {
    this.#count(++this.#blocks, this.#limits.structs, 'blocks')
    return super.readClient()
  }

  override resetDsCurVal(): void {
    this.#count(++this.#ranges, this.#limits.ranges, 'ranges')
    super.resetDsCurVal()
  }

  override readDsClock(): number {
    this.#count(++this.#ranges, this.#limits.ranges, 'ranges')
    return super.readDsClock()
  }

  #count(n: number, most: number, what: string): void {
    this.#work.steps++
    if (n > most) throw new Beyond(`over ${most} ${what} in one update`)
  }
}
