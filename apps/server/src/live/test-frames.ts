import {
  closeCodes,
  encodeAwareness,
  encodeMessage,
  liveLimits,
  ROOT,
  type CloseCode,
  type Message,
} from '@tamga/collab'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

// What no honest client sends, for the suite that counts what it costs and for the benchmark that takes the time of it.

/** Whom a frame is written for: the sender's own client id, and what stands in the layer's document. */
export interface Aim {
  readonly client: number
  /** A client id of somebody else, of whom the document holds `clocks` values. */
  readonly victim: number
  readonly clocks: number
}

/** The client ids that a sender announces: as many as it may. */
export const announcedBy = ({ client }: Aim): number[] =>
  Array.from({ length: liveLimits.clientsPerConnection }, (_, i) => client + i)

/** One frame beyond a bound, or an attack of a known kind. */
export interface HostileFrame {
  readonly name: string
  readonly frame: (aim: Aim) => Uint8Array
  /** How the socket of somebody who may write is closed for it; null if it may be sent. */
  readonly close: CloseCode | null
}

/** A bound of frames: `frame(n)` holds so many of what it limits. */
export interface FrameBound {
  readonly name: string
  readonly most: number
  /** How one over it is closed, if not by the limits. */
  readonly over?: CloseCode
  readonly frame: (n: number, aim: Aim) => Message
}

type Write = (e: encoding.Encoder) => void

interface Block {
  readonly client: number
  readonly clock?: number
  readonly structs: readonly Write[]
}

const numbers = (e: encoding.Encoder, ...all: readonly number[]) => all.forEach((n) => encoding.writeVarUint(e, n))

function updateOf(
  blocks: readonly Block[],
  deletes: ReadonlyMap<number, readonly (readonly [number, number])[]> = new Map(),
) {
  const e = encoding.createEncoder()
  numbers(e, blocks.length)
  for (const { client, clock = 0, structs } of blocks) {
    numbers(e, structs.length, client, clock)
    for (const write of structs) write(e)
  }
  numbers(e, deletes.size)
  for (const [client, ranges] of deletes) numbers(e, client, ranges.length, ...ranges.flat())
  return encoding.toUint8Array(e)
}

const KEY = 'hostile000000000'
const keyOf = (n: number) => `hostile${n.toString(36).padStart(9, '0')}`
const record = (text = 'loc') => ['span', [[0, 8]], text, [], null]

/** A value under a key; `kind` is Yjs's number of the content. */
const value =
  (key: string, content: unknown = record()): Write =>
  (e) => {
    encoding.writeUint8(e, 8 | 32)
    numbers(e, 1)
    encoding.writeVarString(e, ROOT)
    encoding.writeVarString(e, key)
    numbers(e, 1)
    encoding.writeAny(e, content as never)
  }

/** A value, or what is left of `len`, behind another of the same key. */
const behind =
  (client: number, clock: number, len: number | null = null): Write =>
  (e) => {
    encoding.writeUint8(e, (len === null ? 8 : 1) | 128)
    numbers(e, client, clock, ...(len === null ? [1] : [len]))
    if (len === null) encoding.writeAny(e, 'x')
  }

const overwritten =
  (key: string, len: number): Write =>
  (e) => {
    encoding.writeUint8(e, 1 | 32)
    numbers(e, 1)
    encoding.writeVarString(e, ROOT)
    encoding.writeVarString(e, key)
    numbers(e, len)
  }

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const update = (bytes: Uint8Array): Message => ({ type: 'update', update: bytes })
const deleting = (client: number, ranges: readonly (readonly [number, number])[]) =>
  updateOf([], new Map([[client, ranges]]))
const padded = (bytes: number) => update(new Uint8Array(bytes).fill(1))

/** Every bound that a frame has by itself: at it nothing is wrong with the frame's size, one over it is refused. */
export const frameBounds: readonly FrameBound[] = [
  {
    name: 'structs of an update',
    most: liveLimits.update.structs,
    frame: (n, { client }) =>
      update(updateOf([{ client, structs: many(n, (i) => (i ? behind(client, i - 1) : value(KEY))) }])),
  },
  {
    name: 'ranges of deletions',
    most: liveLimits.update.ranges - 1,
    frame: (n, { victim }) =>
      update(
        deleting(
          victim,
          many(n, () => [0, 0] as const),
        ),
      ),
  },
  {
    name: 'bytes of a record',
    most: liveLimits.recordBytes,
    frame: (n, { client }) => update(updateOf([{ client, structs: [value(KEY, 'x'.repeat(n - '[""]'.length))] }])),
  },
  {
    name: 'clocks of one client',
    most: liveLimits.clocks,
    frame: (n, { client }) => update(updateOf([{ client, structs: [overwritten(KEY, n)] }])),
  },
  {
    name: 'deletions of what stands',
    most: liveLimits.deletions,
    frame: (n, { victim }) =>
      update(
        deleting(
          victim,
          many(n, (i) => [(n % 2 ? 2000 : 1000) + i * 2, 1] as const),
        ),
      ),
  },
  {
    name: 'structs that cannot be taken in parts',
    most: liveLimits.slice.uncutStructs,
    frame: (n, { client }) => {
      // the first value's successor comes last
      const between = many(n - 1, (i) => value(keyOf(i + 1), 1))
      return update(updateOf([{ client, structs: [overwritten(KEY, 1), ...between, behind(client, 0)] }]))
    },
  },
  {
    name: 'client ids of one connection',
    most: liveLimits.clientsPerConnection,
    // an id that nobody announced
    over: closeCodes.history,
    frame: (n, { client }) => update(updateOf(many(n, (i) => ({ client: client + i, structs: [value(keyOf(i))] })))),
  },
  {
    name: 'entries of a presence message',
    most: liveLimits.presenceEntries,
    frame: (n, { victim }) => ({
      type: 'awareness',
      update: encodeAwareness(many(n, () => ({ client: victim, clock: 1, state: null }))),
    }),
  },
  {
    name: 'bytes of one presence',
    most: liveLimits.presenceBytes,
    frame: (n, { client }) => ({
      type: 'awareness',
      update: encodeAwareness([{ client, clock: 1, state: 'x'.repeat(n - 2) }]),
    }),
  },
  {
    name: 'bytes of a presence message',
    most: liveLimits.presenceFrameBytes,
    frame: (n, { victim }) => {
      const empty = encodeAwareness([{ client: victim, clock: 1, state: 'x'.repeat(20_000) }]).length - 20_000
      return {
        type: 'awareness',
        update: encodeAwareness([{ client: victim, clock: 1, state: 'x'.repeat(n - empty) }]),
      }
    },
  },
  {
    name: 'clients in a state vector',
    most: liveLimits.vectorEntries,
    frame: (n) => ({ type: 'step1', vector: Y.encodeStateVector(new Map(many(n, (i) => [i + 5000, 0]))) }),
  },
  {
    name: 'bytes of a state vector',
    most: liveLimits.vectorBytes,
    frame: (n) => ({ type: 'step1', vector: new Uint8Array(n) }),
  },
]

const deep =
  (depth: number): Write =>
  (e) => {
    encoding.writeUint8(e, 8 | 32)
    numbers(e, 1)
    encoding.writeVarString(e, ROOT)
    encoding.writeVarString(e, KEY)
    numbers(e, 1)
    // an array with one item, which is an array with one item
    encoding.writeUint8Array(
      e,
      new Uint8Array(depth * 2).map((_, i) => (i % 2 ? 1 : 117)),
    )
    encoding.writeUint8(e, 126)
  }

const { malformed, limits } = closeCodes
const attack = (name: string, close: CloseCode | null, make: (aim: Aim) => Message): HostileFrame => ({
  name,
  close,
  frame: (aim) => encodeMessage(make(aim)),
})

/** As many ranges as fit into an update. */
const RANGES = Math.floor((liveLimits.update.bytes - 100) / 5)

/** Frames that cost much in little: each is tried by everybody who may have a socket. */
export const attacks: readonly HostileFrame[] = [
  attack('thirteen thousand equal ranges', limits, ({ victim, clocks }) =>
    update(
      deleting(
        victim,
        many(RANGES, () => [0, clocks] as const),
      ),
    ),
  ),
  attack('thousands of overlapping ranges', limits, ({ victim, clocks }) =>
    update(
      deleting(
        victim,
        many(RANGES, (i) => [i % clocks, clocks - (i % clocks)] as const),
      ),
    ),
  ),
  attack('as many equal ranges as an update may hold', limits, ({ victim, clocks }) =>
    update(
      deleting(
        victim,
        many(liveLimits.update.ranges - 1, () => [0, clocks] as const),
      ),
    ),
  ),
  attack('a deletion of all that stands', limits, ({ victim, clocks }) => update(deleting(victim, [[0, clocks]]))),
  attack('a deletion of a hundred values', null, ({ victim }) => update(deleting(victim, [[0, liveLimits.deletions]]))),
  attack('a thousand clients without structs', malformed, () =>
    update(updateOf(many(1000, (i) => ({ client: 5000 + i, structs: [] })))),
  ),
  attack('a thousand clients that wait for the next', closeCodes.history, ({ client }) =>
    update(
      updateOf(
        many(1000, (i) => ({ client: client + i, structs: [i === 999 ? value(KEY) : behind(client + i + 1, 0)] })),
      ),
    ),
  ),
  attack('two clients that wait for each other in turn', null, ({ client }) => {
    const structs = (c: number) => many(500, (i) => (c + i === 0 ? value(KEY) : behind(client + 1 - c, c ? i : i - 1)))
    return update(updateOf([0, 1].map((c) => ({ client: client + c, structs: structs(c) }))))
  }),
  attack('two clients that wait for each other for ever', malformed, ({ client }) =>
    update(updateOf([0, 1].map((c) => ({ client: client + c, structs: [behind(client + 1 - c, 0)] })))),
  ),
  attack('as many records as fit into an update', null, ({ client }) =>
    update(updateOf([{ client, structs: many(1100, (i) => value(keyOf(i))) }])),
  ),
  attack('as many records that may not stand', null, ({ client }) =>
    update(updateOf([{ client, structs: many(1000, (i) => value(keyOf(i), record('nobody'))) }])),
  ),
  attack('one key written two thousand times', null, ({ client }) =>
    update(
      updateOf([{ client, structs: many(liveLimits.update.structs, (i) => (i ? behind(client, i - 1) : value(KEY))) }]),
    ),
  ),
  attack('overwritten values of a thousand keys', null, ({ client }) =>
    update(updateOf([{ client, structs: many(1000, (i) => overwritten(keyOf(i), 10)) }])),
  ),
  attack('a value 5,000 deep', malformed, ({ client }) => update(updateOf([{ client, structs: [deep(5000)] }]))),
  attack('a value 30,000 deep', malformed, ({ client }) => update(updateOf([{ client, structs: [deep(30_000)] }]))),
  attack('three thousand values in one record', null, ({ client }) =>
    update(
      updateOf([
        {
          client,
          structs: [
            value(
              KEY,
              many(3000, () => null),
            ),
          ],
        },
      ]),
    ),
  ),
  attack('a key of 60,000 characters', malformed, ({ client }) =>
    update(updateOf([{ client, structs: [value('k'.repeat(60_000))] }])),
  ),
  attack('an update that is too large', limits, () => padded(liveLimits.update.bytes + 1)),
  attack('an update of four thousand megabytes, as it says', malformed, () =>
    update(new Uint8Array([255, 255, 255, 255, 15, 0, 0])),
  ),
  attack('a state vector of made-up clients', closeCodes.history, () => ({
    type: 'step1',
    vector: Y.encodeStateVector(new Map(many(liveLimits.vectorEntries, (i) => [5000 + i, 2 ** 31]))),
  })),
  attack('a state vector that knows almost nothing', null, ({ victim }) => ({
    type: 'step1',
    vector: Y.encodeStateVector(new Map([[victim, 1]])),
  })),
  attack('a state vector with a lying count', limits, () => ({
    type: 'step1',
    vector: new Uint8Array([255, 255, 255, 255, 15]),
  })),
  attack('presence of a thousand others', null, ({ victim }) => ({
    type: 'awareness',
    update: encodeAwareness(
      many(liveLimits.presenceEntries, () => ({ client: victim, clock: 1, state: { at: [0, 1] } })),
    ),
  })),
  attack('presence under six made-up ids', null, ({ client }) => ({
    type: 'awareness',
    update: encodeAwareness(many(6, (i) => ({ client: client + i, clock: 1, state: {} }))),
  })),
  attack('presence nested five hundred deep', null, ({ client }) => {
    const state = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown
    return { type: 'awareness', update: encodeAwareness([{ client, clock: 1, state }]) }
  }),
  attack('an acknowledgement, which is the server’s', malformed, () => ({ type: 'ack', count: 2 ** 40 })),
  {
    name: 'a frame of five megabytes',
    close: limits,
    frame: () => new Uint8Array(5 * 2 ** 20),
  },
  { name: 'an empty frame', close: malformed, frame: () => new Uint8Array() },
]

/** All of them: the attacks, and every bound exactly and by one too many. */
export const hostileFrames: readonly HostileFrame[] = [
  ...attacks,
  ...frameBounds.flatMap(({ name, most, over = limits, frame }) => [
    { name: `${name}: ${most}`, close: null, frame: (aim: Aim) => encodeMessage(frame(most, aim)) },
    { name: `${name}: ${most} and one`, close: over, frame: (aim: Aim) => encodeMessage(frame(most + 1, aim)) },
  ]),
]
