import { decodeUpdate, isFault, LayerDoc, liveLimits, OwnUndo, ROOT, serverClients, toRecord } from '@tamga/collab'
import { idFrom, type Content, type Plain, type Role } from '@tamga/model'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import * as Y from 'yjs'
import { Participant, type RoomConnection } from './participant.ts'
import { Replica } from './replica.ts'
import { rowsOf } from './rows.ts'
import { decode, takeAll, type Incoming } from './take.ts'
import { GHOST, labels, TEXT } from './test-process.ts'

const MAKER = 'maker'
const info = { layer: 'l', owner: null, revision: 'r', text: TEXT, article: 'a', project: 'p' }
const [ONE, TWO, ENDS, FRESH] = [1, 2, 3, 4].map((n) => idFrom(new Uint8Array(12).fill(n))) as [
  string,
  string,
  string,
  string,
]

const span = (label: string): Content => ({ kind: 'span', ranges: [[0, 8]], label, attributes: [] })

/** Keys of every kind with values that may stand, no two alike, and one that may not. */
const keys: { key: string; good: (n: number) => Plain; bad: Plain }[] = [
  { key: `${ONE}/label`, good: (n) => `L${n % 24}`, bad: GHOST },
  { key: `${ONE}/ranges`, good: (n) => [[n % 9, 12 + (n % 7)]], bad: [[0, TEXT.length + 1]] },
  { key: `${ONE}/a/note`, good: (n) => `note ${n}`, bad: true },
  { key: `${TWO}/label`, good: (n) => `L${n % 24}`, bad: GHOST },
  // only who made it, or a reviewer, may
  { key: `${TWO}/gone`, good: () => true, bad: true },
  { key: `${ENDS}/to`, good: (n) => (n % 2 ? ONE : TWO), bad: idFrom(new Uint8Array(12).fill(9)) },
  { key: FRESH, good: (n) => toRecord(span(`L${n % 24}`), null), bad: toRecord(span(GHOST), null) },
]

interface Write {
  readonly key: string
  readonly value: Plain
  /** How much of what the server sent its page had heard. */
  readonly heard: number
}

/** A page with its own document, and both ways between it and the server. */
class Page {
  readonly doc = new Y.Doc()
  readonly layer = new LayerDoc(this.doc, () => ({ text: TEXT, labels }))
  readonly undo = new OwnUndo(this.layer)
  readonly participant: Participant
  readonly account: string
  readonly role: Role
  up: { bytes: Uint8Array; writes: readonly Write[] }[] = []
  /** Writes of which nothing was sent while it was offline. */
  kept: Write[] = []
  heard = 0
  offline = false

  constructor(n: number, client: number, role: Role) {
    this.account = n === 0 ? MAKER : `account ${n}`
    this.role = role
    this.doc.clientID = client
    this.participant = new Participant({ account: { id: this.account } } as unknown as RoomConnection, 0)
  }

  write(key: string, value: Plain): void {
    const write = { key, value, heard: this.heard }
    let bytes: Uint8Array | null = null
    const keep = (update: Uint8Array) => (bytes = update)
    this.doc.on('update', keep)
    this.doc.getMap<Plain>(ROOT).set(key, value)
    this.doc.off('update', keep)
    if (this.offline) this.kept.push(write)
    else this.up.push({ bytes: bytes!, writes: [write] })
  }
}

/** Who wrote a value that stands, and since which of the server's updates. */
interface Stands {
  readonly page: Page
  readonly sent: number
}

/** The server's copy, its log, its rows, and everything that it says to the pages. */
class Server {
  readonly replica = Replica.empty(info, 1, serverClients(7, 7))
  readonly log: Uint8Array[] = []
  readonly sent: Uint8Array[] = []
  readonly rows = new Map<string, { content: object; gone: boolean; unsure: boolean }>()
  readonly accepted = new Map<string, Stands>()
  locked = new Set<string>()

  constructor(pages: readonly Page[]) {
    Object.assign(this.replica, { labels, labelSet: 1 })
    for (const { doc, account } of pages) this.replica.clients.set(doc.clientID, account)
    const [maker] = pages
    for (const [id, content] of [
      [ONE, span('L0')],
      [TWO, span('L1')],
      [ENDS, { kind: 'relation', from: ONE, to: TWO, label: 'in', attributes: [] }],
    ] as const)
      maker!.write(id, toRecord(content, null))
    for (const { bytes } of maker!.up.splice(0)) this.#take(maker!, bytes)
    for (const page of pages) this.tell(page)
  }

  /** One message of a page arrives: no write in it may be lost to a refused one. */
  receive(page: Page): void {
    const message = page.offline ? undefined : page.up.shift()
    if (!message) return
    const { values } = this.replica
    const last = new Map(message.writes.map((write) => [write.key, write]))
    const before = new Map([...last.keys()].map((key) => [key, values.get(key)]))
    const { applied, faults } = this.#take(page, message.bytes)
    expect([...faults.values()]).toEqual([])
    const changes = applied.flatMap((one) => one.changes)
    const refused = applied.flatMap(({ refusals }) => refusals.map(({ refusal }) => refusal.key))
    for (const { key, value, heard } of last.values()) {
      const said = JSON.stringify(value)
      if (changes.some(({ id, field, after }) => keyOf(id, field) === key && JSON.stringify(after) === said)) {
        this.accepted.set(key, { page, sent: this.sent.length })
        continue
      }
      if (refused.includes(key) || JSON.stringify(before.get(key)) === said) continue
      const stands = this.accepted.get(key)
      expect(stands && stands.page !== page && stands.sent > heard, `${key} = ${said} was lost`).toBe(true)
    }
  }

  /** The next of what the server says arrives. */
  tell(page: Page): void {
    if (page.offline) return
    const update = this.sent[page.heard]
    if (!update) return
    Y.applyUpdate(page.doc, update)
    page.heard++
  }

  /** A page that was offline comes back: what it has goes out as a step 2, and it gets all that it lacks. */
  comesBack(page: Page): void {
    if (!page.offline) return
    page.offline = false
    const bytes = Y.encodeStateAsUpdate(page.doc, Y.encodeStateVector(this.replica.doc))
    // what was on its way was lost with the connection, and is in it
    const writes = [...page.up.splice(0).flatMap((one) => one.writes), ...page.kept.splice(0)]
    page.up.push({ bytes, writes })
    Y.applyUpdate(page.doc, Y.encodeStateAsUpdate(this.replica.doc, Y.encodeStateVector(page.doc)))
    page.heard = this.sent.length
  }

  #take(page: Page, bytes: Uint8Array) {
    const { replica } = this
    const item: Incoming = { participant: page.participant, bytes, limits: liveLimits.stepTwo, n: 1 }
    const batch = { replica, items: [item] }
    const context = { shut: null, closed: false, decided: false, locked: this.locked }
    const taken = takeAll(batch, [decode(item)], context, { [page.account]: page.role })
    for (const row of rowsOf(replica, taken.applied, new Date(0)).annotations) this.rows.set(row.id, row)
    for (const { update } of taken.applied) if (update) this.log.push(update)
    this.sent.push(...taken.updates)
    Object.assign(replica, { seq: this.log.length, ahead: false })
    return taken
  }
}

const keyOf = (id: string, field: string | null) => (field === null ? id : `${id}/${field}`)

type Step =
  | { do: 'write'; page: number; key: number; good: boolean }
  | { do: 'arrive' | 'hear' | 'leave' | 'return'; page: number }
  | { do: 'lock' }

const page = fc.nat(3)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), page, key: fc.nat(6), good: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const), page }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hear' as const), page }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const), page }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lock' as const) }) },
)
const story = fc.record({
  ids: fc.uniqueArray(fc.integer({ min: 1024, max: 2 ** 32 - 1 }), { minLength: 4, maxLength: 4 }),
  steps: fc.array<Step>(step, { maxLength: 60 }),
})

/** Tells a story, brings all to rest, and compares all that should say the same. */
function tell({ ids, steps }: { ids: readonly number[]; steps: readonly Step[] }): void {
  const roles: Role[] = ['annotator', 'annotator', 'annotator', 'reviewer']
  const pages = ids.map((client, n) => new Page(n, client, roles[n]!))
  const server = new Server(pages)
  let n = 0
  for (const one of steps) {
    if (one.do === 'lock') {
      if (!server.locked.delete(ONE)) server.locked.add(ONE)
      continue
    }
    const who = pages[one.page]!
    if (one.do === 'write') {
      const { key, good, bad } = keys[one.key]!
      // nobody writes a field of what is not there
      if (!key.includes('/') || who.doc.getMap(ROOT).has(key.slice(0, 16))) who.write(key, one.good ? good(++n) : bad)
    } else if (one.do === 'arrive') server.receive(who)
    else if (one.do === 'hear') server.tell(who)
    else if (one.do === 'leave') who.offline = true
    else server.comesBack(who)
  }
  for (const who of pages) server.comesBack(who)
  for (const who of pages) while (who.up.length > 0) server.receive(who)
  for (const who of pages) while (who.heard < server.sent.length) server.tell(who)
  compare(server, pages)
}

function compare({ replica, log, rows }: Server, pages: readonly Page[]): void {
  const values = Object.fromEntries(replica.map.entries())
  expect(Object.fromEntries(replica.values)).toEqual(values)
  for (const { doc } of pages) expect(Object.fromEntries(doc.getMap(ROOT).entries())).toEqual(values)
  const replayed = Replica.empty(info)
  replayed.take(
    log.map((data) => ({ account: '', data })),
    log.length,
  )
  expect(Object.fromEntries(replayed.map.entries())).toEqual(values)
  for (const { id, content, gone, unsure } of replayed.annotations.values())
    expect(rows.get(id)).toMatchObject({ content, gone, unsure })
  expect(rows.size).toBe(replayed.annotations.size)
}

test('no write is lost to a refused one, whatever the ids and the order, and all converge', () => {
  fc.assert(fc.property(story, tell), { seed: inject('seed'), numRuns: Number(process.env.REFUSED_RUNS ?? 400) })
})

const orders = [
  { bad: 5000, good: 4000 },
  { bad: 4000, good: 5000 },
]
test.each(
  keys.flatMap(({ key }, k) =>
    orders.flatMap((ids) => [true, false].map((badFirst) => ({ key: key.slice(17) || 'record', k, ids, badFirst }))),
  ),
)('an accepted $key stands, with ids $ids, the refused one first: $badFirst', (one) => {
  const { key, good, bad } = keys[one.k]!
  const pages = [new Page(0, one.ids.good, 'annotator'), new Page(1, one.ids.bad, 'annotator')] as const
  const server = new Server(pages)
  const [mine, theirs] = pages
  while (theirs.heard < server.sent.length) server.tell(theirs)
  while (mine.heard < server.sent.length) server.tell(mine)
  mine.write(key, good(1))
  theirs.write(key, bad)
  for (const who of one.badFirst ? [theirs, mine] : [mine, theirs]) server.receive(who)
  const written = JSON.stringify(good(1))
  expect(JSON.stringify(server.replica.values.get(key))).toBe(written)
  // once more before it hears anything, and once more after that
  if (!key.endsWith('gone') && key.includes('/')) {
    mine.write(key, good(2))
    server.receive(mine)
    expect(JSON.stringify(server.replica.values.get(key))).toBe(JSON.stringify(good(2)))
    theirs.write(key, bad)
    server.receive(theirs)
    mine.write(key, good(3))
    server.receive(mine)
    expect(JSON.stringify(server.replica.values.get(key))).toBe(JSON.stringify(good(3)))
  }
  for (const who of pages) while (who.heard < server.sent.length) server.tell(who)
  compare(server, pages)
})

test.each(orders)('what was written again may be undone by who wrote it, with ids $bad and $good', (ids) => {
  const pages = [new Page(0, ids.good, 'annotator'), new Page(1, ids.bad, 'annotator')] as const
  const server = new Server(pages)
  const [mine, theirs] = pages
  const hearAll = () => pages.forEach((who) => Array.from(server.sent, () => server.tell(who)))
  const act = (verb: () => void) => {
    let bytes: Uint8Array | null = null
    const keep = (update: Uint8Array) => (bytes = update)
    mine.doc.on('update', keep)
    verb()
    mine.doc.off('update', keep)
    mine.up.push({ bytes: bytes!, writes: [] })
  }
  hearAll()
  theirs.write(`${ONE}/label`, GHOST)
  server.receive(theirs)
  act(() => mine.layer.setLabel(ONE, 'L5'))
  server.receive(mine)
  hearAll()
  expect(mine.layer.read(ONE)?.content.label).toBe('L5')
  act(() => expect(mine.undo.undo()).toMatchObject({ annotations: [ONE], left: [] }))
  server.receive(mine)
  hearAll()
  expect(theirs.layer.read(ONE)?.content.label).toBe('L0')
  compare(server, pages)
})

test('a server id is whole in 53 bits, and odd for corrections alone', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1), (high, low) => {
      const { corrections, writes } = serverClients(high, low)
      expect(writes).toBeGreaterThan(2 ** 32 - 1)
      expect(corrections).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
      expect([writes % 2, corrections % 2]).toEqual([0, 1])
      const doc = new Y.Doc()
      for (const client of [writes, corrections]) {
        doc.clientID = client
        doc.getMap(ROOT).set(FRESH, client)
      }
      const update = decodeUpdate(Y.mergeUpdates([Y.encodeStateAsUpdate(doc), Y.encodeStateAsUpdate(doc)]))
      if (isFault(update)) throw new Error(update.reason)
      const clients = [writes, corrections].sort()
      expect(update.structs.map(({ id }) => id.client).sort()).toEqual(clients)
      expect([...Y.decodeStateVector(Y.encodeStateVector(doc)).keys()].sort()).toEqual(clients)
      expect([...update.deletes.keys()]).toEqual([writes])
    }),
    { seed: inject('seed') },
  )
})
