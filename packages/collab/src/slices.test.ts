import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { decodeUpdate, isFault, type DecodedUpdate } from './decode.ts'
import { liveLimits } from './limits.ts'
import { ROOT } from './record.ts'
import { sliceUpdate } from './slices.ts'

const RECORD = ['span', [[0, 4]], 'per', [], null]
const keyOf = (n: number) => n.toString().padStart(16, '0')

function decoded(bytes: Uint8Array): DecodedUpdate {
  const update = decodeUpdate(bytes, liveLimits.stepTwo)
  if (isFault(update)) throw new Error(update.reason)
  return update
}

function slicesOf(bytes: Uint8Array, limits = { structs: 5, uncutStructs: 170 }): Uint8Array[] {
  const slices = sliceUpdate(decoded(bytes), limits)
  if (!slices || isFault(slices)) throw new Error(slices?.reason ?? 'no order')
  return slices
}

/** A page over a document that several wrote, and what it wrote since. */
function offline(write: (map: Y.Map<unknown>) => void): { server: Y.Doc; bytes: Uint8Array; page: Y.Doc } {
  const server = new Y.Doc()
  server.clientID = 5000
  for (let n = 0; n < 10; n++) server.getMap(ROOT).set(keyOf(n), RECORD)
  const page = new Y.Doc()
  page.clientID = 6000
  Y.applyUpdate(page, Y.encodeStateAsUpdate(server))
  write(page.getMap(ROOT))
  return { server, page, bytes: Y.encodeStateAsUpdate(page, Y.encodeStateVector(server)) }
}

test('slices applied in order make what the whole makes, and each is applied at once', () => {
  const { server, page, bytes } = offline((map) => {
    for (let n = 0; n < 100; n++) map.set(keyOf(100 + n), RECORD)
    for (let n = 0; n < 20; n++) map.set(`${keyOf(n % 7)}/label`, `l${n}`)
    for (let n = 0; n < 50; n++) map.set(keyOf(150 + n), 'again')
  })
  const slices = slicesOf(bytes)
  expect(slices.length).toBeGreaterThan(10)
  for (const slice of slices) {
    Y.applyUpdate(server, slice)
    expect([server.store.pendingStructs, server.store.pendingDs]).toEqual([null, null])
  }
  expect(server.getMap(ROOT).toJSON()).toEqual(page.getMap(ROOT).toJSON())
  expect(Y.encodeStateVector(server)).toEqual(Y.encodeStateVector(page))
})

test('no key is without its value between two slices, though it was written again and again before', () => {
  const { server, bytes } = offline((map) => {
    for (let n = 0; n < 60; n++) {
      map.set(keyOf(n % 3), `first ${n}`)
      map.set(keyOf(100 + n), RECORD)
      if (n % 10 === 9) for (let k = 0; k < 3; k++) map.set(keyOf(k), `last ${n}`)
    }
  })
  const keys = [...server.getMap(ROOT).keys()]
  for (const slice of slicesOf(bytes)) {
    Y.applyUpdate(server, slice)
    for (const key of keys) expect(server.getMap(ROOT).has(key)).toBe(true)
  }
})

test('two clients that follow each other are cut in an order in which both can be applied', () => {
  const server = new Y.Doc()
  const pages = [new Y.Doc(), new Y.Doc()] as const
  for (let i = 0; i < 40; i++) {
    const [from, to] = i % 2 ? pages : [pages[1], pages[0]]
    from.getMap(ROOT).set(keyOf(i % 4), i)
    from.getMap(ROOT).set(keyOf(100 + i), i)
    Y.applyUpdate(to, Y.encodeStateAsUpdate(from))
  }
  const slices = slicesOf(Y.encodeStateAsUpdate(pages[0]))
  for (const slice of slices) {
    Y.applyUpdate(server, slice)
    expect(server.store.pendingStructs).toBeNull()
  }
  expect(server.getMap(ROOT).toJSON()).toEqual(pages[0].getMap(ROOT).toJSON())
})

test('what cannot be cut is refused where it is too much', () => {
  const writes = (n: number) =>
    offline((map) => {
      // written twice each, the second time at the very end
      for (let k = 0; k < n / 2; k++) map.set(keyOf(100 + k), RECORD)
      for (let k = 0; k < n / 2; k++) map.set(keyOf(100 + k), RECORD)
    }).bytes
  expect(slicesOf(writes(50), { structs: 5, uncutStructs: 50 })).toHaveLength(1)
  expect(sliceUpdate(decoded(writes(60)), { structs: 5, uncutStructs: 50 })).toMatchObject({ close: 4413 })
})

test('a value that was overwritten by nothing in the update ties nothing together', () => {
  const { bytes } = offline((map) => {
    for (let k = 0; k < 60; k++) {
      map.set(keyOf(100 + k), RECORD)
      map.delete(keyOf(100 + k))
    }
  })
  expect(slicesOf(bytes, { structs: 5, uncutStructs: 10 }).length).toBe(12)
})

test('an update whose predecessors never come has no slices', () => {
  const circle = decoded(
    Uint8Array.from([2, 1, 70, 0, 136, 71, 0, 1, 119, 1, 120, 1, 71, 0, 136, 70, 0, 1, 119, 1, 120, 0]),
  )
  expect(sliceUpdate(circle, { structs: 1, uncutStructs: 1 })).toBeNull()
})
