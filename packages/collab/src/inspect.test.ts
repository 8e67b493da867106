import * as encoding from 'lib0/encoding'
import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { closeCodes } from './close-codes.ts'
import { decodeUpdate, isFault, type UpdateFault } from './decode.ts'
import { inspectUpdate, type Inspection } from './inspect.ts'
import { liveLimits, type UpdateLimits } from './limits.ts'
import { ROOT } from './record.ts'

const A = 'AAAAAAAAAAAAAAAA'
const RECORD = ['span', [[0, 4]], 'per', [], null]
let doc: Y.Doc
beforeEach(() => (doc = new Y.Doc()))

function judge(update: Uint8Array, limits?: UpdateLimits, work = { steps: 0 }): Inspection | UpdateFault {
  const decoded = decodeUpdate(update, limits, work)
  return isFault(decoded) ? decoded : inspectUpdate(decoded, doc, work)
}

/** An update of one client, struct by struct, as bytes that no library would write. */
interface Block {
  client?: number
  clock?: number
  count?: number
  structs: ((e: encoding.Encoder) => void)[]
}
function build(
  blocks: Block[],
  deletes: (e: encoding.Encoder) => void = (e) => encoding.writeVarUint(e, 0),
): Uint8Array {
  const e = encoding.createEncoder()
  encoding.writeVarUint(e, blocks.length)
  for (const { client = 7777, clock = 0, count, structs } of blocks) {
    encoding.writeVarUint(e, count ?? structs.length)
    encoding.writeVarUint(e, client)
    encoding.writeVarUint(e, clock)
    for (const struct of structs) struct(e)
  }
  deletes(e)
  return encoding.toUint8Array(e)
}

const any =
  (...values: unknown[]) =>
  (e: encoding.Encoder) => {
    encoding.writeVarUint(e, values.length)
    for (const value of values) encoding.writeAny(e, value as never)
  }

/** An item under a root's key; content 8 is ContentAny. */
const item =
  (
    { root = ROOT, key = A, kind = 8 }: { root?: string; key?: string | null; kind?: number } = {},
    content: (e: encoding.Encoder) => void = any(RECORD),
  ) =>
  (e: encoding.Encoder) => {
    encoding.writeUint8(e, kind | (key === null ? 0 : 32))
    encoding.writeVarUint(e, 1)
    encoding.writeVarString(e, root)
    if (key !== null) encoding.writeVarString(e, key)
    content(e)
  }

/** An item behind (128) or before (64) another one. */
const beside = (side: 128 | 64, client: number, clock: number) => (e: encoding.Encoder) => {
  encoding.writeUint8(e, 8 | side)
  encoding.writeVarUint(e, client)
  encoding.writeVarUint(e, clock)
  any('per')(e)
}

const plainNumbers =
  (...numbers: number[]) =>
  (e: encoding.Encoder) => {
    for (const number of numbers) encoding.writeVarUint(e, number)
  }

const deep = (depth: number) => Array.from({ length: depth }).reduce((inner) => [inner], 1 as unknown)
const withProto = (e: encoding.Encoder) => {
  encoding.writeVarUint(e, 1)
  encoding.writeUint8(e, 118)
  encoding.writeVarUint(e, 1)
  encoding.writeVarString(e, '__proto__')
  encoding.writeAny(e, 1)
}
const string = (text: string) => (e: encoding.Encoder) => encoding.writeVarString(e, text)

test('an honest update passes, and says whose clocks it moves', () => {
  expect(judge(build([{ structs: [item()] }]))).toMatchObject({
    clients: [{ client: 7777, from: 0, to: 1 }],
    deletes: false,
  })
})

const nested = (inner: (e: encoding.Encoder) => void) => build([{ structs: [inner] }])

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['an update with more behind it', new Uint8Array([...build([{ structs: [item()] }]), 0])],
  ['a client id of the server’s', build([{ client: 1023, structs: [item()] }])],
  ['noise', new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])],
  ['a lying number of clients', new Uint8Array([255, 255, 255, 255, 15])],
  ['a lying number of structs', build([{ count: 2 ** 28, structs: [item()] }])],
  ['a lying array length', nested(item({}, plainNumbers(2 ** 28)))],
  ['a block without structs', build([{ structs: [] }])],
  ['one client in two blocks', build([{ structs: [item()] }, { clock: 1, structs: [item()] }])],
  ['a truncated update', build([{ structs: [item()] }]).slice(0, -6)],
  ['a garbage-collected struct', nested((e) => plainNumbers(0, 5)(e))],
  ['a skip', nested((e) => plainNumbers(10, 5)(e))],
  ['another root', nested(item({ root: 'text' }))],
  ['no key', nested(item({ key: null }))],
  ['a key of ours that is none', nested(item({ key: `${A}/author` }))],
  ['the key __proto__', nested(item({ key: '__proto__' }))],
  ['a nested type', nested(item({ kind: 7 }, plainNumbers(1)))],
  ['binary content', nested(item({ kind: 3 }, (e) => encoding.writeVarUint8Array(e, new Uint8Array(3))))],
  ['text content', nested(item({ kind: 4 }, string('abc')))],
  ['JSON content', nested(item({ kind: 2 }, (e) => (plainNumbers(1)(e), string('{}')(e))))],
  ['an embedded object', nested(item({ kind: 5 }, string('{}')))],
  ['a format', nested(item({ kind: 6 }, (e) => (string('bold')(e), string('true')(e))))],
  ['a subdocument', nested(item({ kind: 9 }, (e) => (string('guid')(e), encoding.writeAny(e, {}))))],
  ['an unknown kind', nested(item({ kind: 13 }))],
  ['an object', nested(item({}, any({ kind: 'span' })))],
  ['a prototype', nested(item({}, withProto))],
  ['undefined', nested(item({}, any(undefined)))],
  ['a NUL', nested(item({}, any('a\0b')))],
  ['not a number', nested(item({}, any(NaN)))],
  ['a value 9 deep', nested(item({}, any(deep(10))))],
  ['a value 5,000 deep', nested(item({}, any(deep(5000))))],
  ['two values under one key', nested(item({}, any(1, 2)))],
  ['a client id of the server', build([{ client: 2 ** 32 + 1, structs: [item()] }])],
  ['the largest client id of the server', build([{ client: 2 ** 53 - 1, structs: [item()] }])],
  ['a client id of the server in an earlier release', build([{ client: 1, structs: [item()] }])],
  ['a client id beyond 32 bits', build([{ client: 2 ** 40, structs: [item()] }])],
  ['a gap', build([{ clock: 5, structs: [item()] }])],
  ['a predecessor that nobody has', nested(beside(128, 99, 7))],
  [
    'predecessors in a circle',
    build([{ structs: [beside(128, 7878, 0)] }, { client: 7878, structs: [beside(128, 7777, 0)] }]),
  ],
  ['an item before another', build([{ structs: [item(), beside(64, 7777, 0)] }])],
  ['deletes of a client that nobody has', build([], plainNumbers(1, 99, 1, 0, 1))],
  ['deletes beyond what it brings', build([{ structs: [item()] }], plainNumbers(1, 7777, 1, 0, 9))],
])('%s is refused as malformed', (_name, update) => {
  expect(judge(update)).toMatchObject({ close: closeCodes.malformed })
  expect(Y.encodeStateVector(doc)).toEqual(new Uint8Array([0]))
})

test('a lone surrogate does not get through the codec as itself, so it cannot arrive', () => {
  const bytes = build([{ structs: [item({}, any('x'))] }])
  // the byte of x becomes the first of an unfinished sequence
  bytes[bytes.length - 2] = 0xed
  const judged = judge(bytes)
  expect(isFault(judged) || judged.clients.length === 1).toBe(true)
})

test.each<[string, Uint8Array, UpdateLimits | undefined]>([
  ['an update', build([{ structs: [item({}, any('x'.repeat(70_000)))] }]), undefined],
  ['a record', build([{ structs: [item({}, any('ә'.repeat(9_000)))] }]), undefined],
  ['a clock', build([{ structs: [item({ kind: 1 }, plainNumbers(2 ** 40))] }]), undefined],
  ['a step 2', build([{ structs: [item({}, any('x'.repeat(300)))] }]), { ...liveLimits.stepTwo, bytes: 200 }],
])('%s that is too large is refused by the limits', (_name, update, limit) => {
  expect(judge(update, limit)).toMatchObject({ close: closeCodes.limits })
})

describe('against a document that has something', () => {
  let client: Y.Doc
  beforeEach(() => {
    client = new Y.Doc()
    client.clientID = 0xfedcba98
    client.getMap(ROOT).set(A, RECORD)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(client))
  })

  test('what the document has already is nothing new, forged or not', () => {
    const forged = build([{ client: 0xfedcba98, structs: [item({ root: 'text' }, any({ lies: true }))] }])
    expect(judge(forged)).toMatchObject({ clients: [], deletes: false })
    expect(judge(Y.encodeStateAsUpdate(client))).toMatchObject({ clients: [], deletes: false })
  })

  test('a client id above 2^31 is an id like any other', () => {
    client.getMap(ROOT).set(`${A}/label`, 'loc')
    expect(judge(Y.encodeStateAsUpdate(client, Y.encodeStateVector(doc)))).toMatchObject({
      clients: [{ client: 0xfedcba98, from: 1, to: 2 }],
      deletes: false,
    })
  })

  test('overwriting offline, again and again, is one honest update', () => {
    for (const label of ['a', 'b', 'c']) client.getMap(ROOT).set(`${A}/label`, label)
    client.getMap(ROOT).set(A, RECORD)
    const judged = judge(Y.encodeStateAsUpdate(client, Y.encodeStateVector(doc)))
    expect(judged).toMatchObject({ clients: [{ client: 0xfedcba98, from: 1, to: 5 }], deletes: true })
  })

  test('two clients whose edits build on each other pass together', () => {
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(client))
    other.getMap(ROOT).set(`${A}/label`, 'x')
    Y.applyUpdate(client, Y.encodeStateAsUpdate(other))
    client.getMap(ROOT).set(`${A}/label`, 'y')
    const judged = judge(Y.encodeStateAsUpdate(client, Y.encodeStateVector(doc)))
    expect(judged).toMatchObject({ deletes: false })
    expect((judged as Inspection).clients).toHaveLength(2)
  })

  test('deleting a key is seen before it is done', () => {
    const vector = Y.encodeStateVector(client)
    client.getMap(ROOT).delete(A)
    expect(judge(Y.encodeStateAsUpdate(client, vector))).toMatchObject({ clients: [], deletes: true })
  })

  test('a mutated frame is refused or harmless, whichever byte changed', () => {
    client.getMap(ROOT).set(`${A}/label`, 'loc')
    const honest = Y.encodeStateAsUpdate(client, Y.encodeStateVector(doc))
    for (let at = 0; at < honest.length; at++)
      for (const value of [0, 1, 127, 128, 255]) {
        const update = honest.slice()
        update[at] = value
        const judged = judge(update)
        if (isFault(judged)) continue
        const copy = new Y.Doc()
        Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
        Y.applyUpdate(copy, judged.update)
        expect([copy.store.pendingStructs, copy.store.pendingDs]).toEqual([null, null])
      }
  })
})

const keyOf = (n: number) => n.toString().padStart(16, '0')

/** A document in which one client wrote so many records. */
function documentOf(records: number, client = 7777): Y.Doc {
  const full = new Y.Doc()
  full.clientID = client
  full.transact(() => {
    for (let n = 0; n < records; n++) full.getMap(ROOT).set(keyOf(n), RECORD)
  })
  return full
}

const deleting = (client: number, ranges: readonly (readonly [clock: number, len: number])[]) =>
  build([], plainNumbers(1, client, ranges.length, ...ranges.flat()))

describe('work is bounded by what a frame may hold, not by what it names', () => {
  const RECORDS = 20_000

  /** How many steps it takes to judge an update, and what is answered. */
  function workOf(update: Uint8Array, limits?: UpdateLimits) {
    const work = { steps: 0 }
    const judged = judge(update, limits, work)
    return { judged, steps: work.steps }
  }

  test.each<[string, (i: number) => readonly [number, number]]>([
    ['equal', () => [0, RECORDS]],
    ['overlapping', (i) => [i, RECORDS - i]],
    ['nested, the inner ones first', (i) => [RECORDS - 1 - i, i + 1]],
    ['empty', (i) => [i, 0]],
  ])('thousands of %s ranges over a large document visit each struct once at most', (_name, range) => {
    doc = documentOf(RECORDS)
    // nothing stands, so that nothing ends the walk before its end
    doc.transact(() => doc.getMap(ROOT).clear())
    const structs = doc.store.clients.get(7777)!.length
    for (const limits of [liveLimits.update, liveLimits.stepTwo]) {
      const { ranges } = limits
      const n = Math.min(ranges - 1, 9000)
      const { steps } = workOf(
        deleting(
          7777,
          Array.from({ length: n }, (_, i) => range(i)),
        ),
        limits,
      )
      expect(steps).toBeLessThanOrEqual(3 * n + structs + 10)
    }
  })

  test('one range of many names for the same clocks is applied as one', () => {
    doc = documentOf(10)
    const judged = judge(deleting(7777, [[0, 3], [0, 3], [1, 2], [2, 2]])) as Inspection // prettier-ignore
    const { deletes } = decodeUpdate(judged.update) as Exclude<ReturnType<typeof decodeUpdate>, UpdateFault>
    expect([...deletes]).toEqual([[7777, [{ clock: 0, len: 4 }]]])
  })

  test('of what is deleted already nothing is applied again', () => {
    doc = documentOf(10)
    doc.getMap(ROOT).delete(keyOf(3))
    const judged = judge(deleting(7777, [[2, 2]])) as Inspection
    const { deletes } = decodeUpdate(judged.update) as Exclude<ReturnType<typeof decodeUpdate>, UpdateFault>
    expect([...deletes]).toEqual([[7777, [{ clock: 2, len: 1 }]]])
  })

  test('chains that wait for each other in turn are walked once', () => {
    // each client's next struct follows the other's last: two hundred times to and fro, in the order that helps least
    const clients = [7001, 7002]
    const blocks = clients.map((client, c) => ({
      client,
      structs: Array.from({ length: 200 }, (_, i) =>
        c === 0 && i === 0 ? item() : beside(128, clients[1 - c]!, c === 0 ? i - 1 : i),
      ),
    }))
    const { judged, steps } = workOf(build(blocks))
    expect(judged).toMatchObject({ clients: [{ to: 200 }, { to: 200 }] })
    expect(steps).toBeLessThan(3000)
  })

  test('many clients that each wait for the next are walked once', () => {
    const blocks = Array.from({ length: 400 }, (_, i) => ({
      client: 8000 + i,
      structs: [i === 399 ? item() : beside(128, 8001 + i, 0)],
    }))
    for (const order of [blocks, [...blocks].reverse()]) {
      const { judged, steps } = workOf(build(order))
      expect(isFault(judged)).toBe(false)
      expect(steps).toBeLessThan(4000)
    }
  })

  test('values written beside thousands of others under one key are refused before Yjs passes them all', () => {
    const map = doc.getMap(ROOT)
    map.set(keyOf(1), RECORD)
    // two clients in turns, so that nothing of it can be merged
    const [a, b] = [doc, new Y.Doc()]
    for (let i = 0; i < liveLimits.conflictSteps / 20; i++) {
      const [from, to] = i % 2 ? [a, b] : [b, a]
      const vector = Y.encodeStateVector(from)
      Y.applyUpdate(from, Y.encodeStateAsUpdate(to, vector))
      from.getMap(ROOT).set(keyOf(1), RECORD)
    }
    Y.applyUpdate(a, Y.encodeStateAsUpdate(b))
    const writing = (n: number) => build([{ structs: Array.from({ length: n }, () => item({ key: keyOf(1) })) }])
    expect(judge(writing(10))).toMatchObject({ clients: [{ client: 7777, to: 10 }] })
    expect(judge(writing(30))).toMatchObject({ close: closeCodes.limits })
  })

  test('writing the last value over, as a page does, passes nothing however long the past is', () => {
    const map = doc.getMap(ROOT)
    for (let i = 0; i < 3000; i++) doc.transact(() => (map.set(keyOf(1), RECORD), map.set(keyOf(2), RECORD)))
    const page = new Y.Doc()
    Y.applyUpdate(page, Y.encodeStateAsUpdate(doc))
    const vector = Y.encodeStateVector(page)
    for (let i = 0; i < 200; i++) page.getMap(ROOT).set(keyOf(1), RECORD)
    expect(isFault(judge(Y.encodeStateAsUpdate(page, vector), liveLimits.stepTwo))).toBe(false)
  })
})

describe('exactly at a bound an update passes, one over it is refused', () => {
  const { update } = liveLimits
  /** So many values of one key, each in place of the one before. */
  const records = (n: number) =>
    build([{ structs: Array.from({ length: n }, (_, i) => (i === 0 ? item() : beside(128, 7777, i - 1))) }])
  const spaced = (n: number) =>
    deleting(
      7777,
      Array.from({ length: n }, (_, i) => [i * 2, 1] as const),
    )
  const filled = (bytes: number) => build([{ structs: [item({}, any('x'.repeat(bytes)))] }])

  test.each<[string, number, number, (n: number) => Uint8Array]>([
    ['structs', 0, update.structs, records],
    // the client counts as one
    [
      'ranges',
      5000,
      update.ranges,
      (n) =>
        deleting(
          7777,
          Array.from({ length: n - 1 }, () => [0, 1] as const),
        ),
    ],
    ['clocks', 0, liveLimits.clocks, (n) => build([{ structs: [item({ kind: 1 }, plainNumbers(n))] }])],
    ['deletions', 5000, liveLimits.deletions, spaced],
    ['bytes of a record', 0, liveLimits.recordBytes, (n) => filled(n - '[""]'.length)],
  ])('%s', (_name, stand, most, make) => {
    doc = documentOf(stand)
    expect(isFault(judge(make(most)))).toBe(false)
    expect(judge(make(most + 1))).toMatchObject({ close: closeCodes.limits })
  })

  test('deleted clocks', () => {
    doc = documentOf(update.deletedClocks + 1)
    doc.transact(() => doc.getMap(ROOT).clear())
    expect(isFault(judge(deleting(7777, [[0, update.deletedClocks]])))).toBe(false)
    expect(judge(deleting(7777, [[0, update.deletedClocks + 1]]))).toMatchObject({ close: closeCodes.limits })
  })

  test('ranges out of order', () => {
    doc = documentOf(1)
    doc.getMap(ROOT).clear()
    const most = liveLimits.unsortedRanges
    const unsorted = (n: number) => deleting(7777, [...Array.from({ length: n - 1 }, () => [1, 0] as const), [0, 1]])
    expect(isFault(judge(unsorted(most), liveLimits.stepTwo))).toBe(false)
    expect(judge(unsorted(most + 1), liveLimits.stepTwo)).toMatchObject({ close: closeCodes.limits })
  })

  test('structs and their bytes in a step 2', () => {
    const { structs, structBytes } = liveLimits.stepTwo
    expect(isFault(judge(records(structs), liveLimits.stepTwo))).toBe(false)
    expect(judge(records(structs + 1), liveLimits.stepTwo)).toMatchObject({ close: closeCodes.limits })
    const large = Array.from({ length: 20 }, (_, i) => item({ key: keyOf(i) }, any('x'.repeat(structBytes / 16))))
    expect(judge(build([{ structs: large }]), liveLimits.stepTwo)).toMatchObject({ close: closeCodes.limits })
  })
})
