import {
  closeCodes,
  earlierBaseClient,
  EPOCH_ROOT,
  isCorrectionClient,
  isServerClient,
  ROOT,
  structsOf,
} from '@tamga/collab'
import { Settings } from '@tamga/model'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
import { beginEpoch } from './epoch.ts'
import { Replica } from './replica.ts'
import { Rooms } from './rooms.ts'
import { layerInfoOf } from './store.ts'
import { sweep } from './sweep.ts'
import { openTestRoom, span, Stranger, Tab, until, type Person, type TestRoom } from './test-room.ts'

let room: TestRoom
let layer: string
let anna: Person
let bolat: Person
const tabs: Tab[] = []

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
  bolat = await room.person('Болат')
})
beforeEach(async () => (layer = await room.layer()))
afterEach(() => tabs.splice(0).forEach((tab) => tab.end()))
afterAll(() => room.close())

async function open(person: Person, params?: Record<string, string>): Promise<Tab> {
  const tab = new Tab(room, layer, person, params)
  tabs.push(tab)
  await tab.joined()
  return tab
}

const head = () => room.db.selectFrom('layer_head').selectAll().where('layer', '=', layer).executeTakeFirstOrThrow()
const snapshot = () => room.db.selectFrom('layer_snapshot').selectAll().where('layer', '=', layer).executeTakeFirst()
const load = async () => Replica.load(room.db, (await layerInfoOf(room.db, layer))!)

/** What a server that starts now would serve. */
const stored = async () => Object.fromEntries((await load()).map.entries())

/** Writes a layer until its past outweighs it, by people who come and go. */
async function work(rounds: number, records = 40): Promise<string[]> {
  const ids = Array.from({ length: records }, newId)
  for (let round = 0; round < rounds; round++) {
    const tab = await open(round % 2 ? bolat : anna)
    // each act by itself, in another order each time: Yjs cannot fold them
    for (const [i, id] of ids.entries()) {
      if (round === 0) tab.layer.add(span(i, 42), { id })
      else tab.layer.setRanges(ids[(i * 7 + round) % records]!, [[round % 20, 41 + (i % 2)]])
    }
    await tab.saved()
    tab.end()
  }
  return ids
}

describe('a snapshot', () => {
  test('is taken while people work, and the log before it is needed by nobody', async () => {
    const tab = await open(anna)
    const ids = Array.from({ length: 520 }, newId)
    for (const [i, id] of ids.entries()) {
      tab.layer.add(span(i % 40, 42), { id })
      if (i % 40 === 39) await tab.saved()
    }
    await tab.saved()
    const { seq, epoch } = await until(snapshot)
    expect([epoch, (await head()).snapshot_seq]).toEqual([1, seq])
    expect(seq).toBeGreaterThanOrEqual(500)
    await room.db.deleteFrom('layer_log').where('layer', '=', layer).where('seq', '<=', seq).execute()
    expect(Object.keys(await stored()).sort()).toEqual(ids.sort())
    room.crash()
    const fresh = await open(bolat)
    expect(fresh.values).toEqual(tab.values)
    fresh.layer.setLabel(ids[0]!, 'org')
    await fresh.saved()
    await until(() => tab.layer.read(ids[0]!)?.content.label === 'org')
  })

  test('lets old log go, and only what it covers', async () => {
    const rooms = new Rooms(room.services)
    const tab = await open(anna)
    tab.layer.add(span(), { id: newId() })
    await tab.saved()
    tab.end()
    const log = () => room.db.selectFrom('layer_log').select('seq').where('layer', '=', layer).execute()
    const later = { ...room.services, now: () => new Date(Date.now() + 8 * 24 * 3600 * 1000) }
    await sweep(later)
    expect(await log()).toHaveLength(1)
    await rooms.room(layer)
    await rooms.putAway(0)
    expect((await snapshot())?.seq).toBe(1)
    await sweep(room.services)
    expect(await log()).toHaveLength(1)
    await sweep(later)
    expect([await log(), Object.keys(await stored()).length]).toEqual([[], 1])
  })
})

describe('a new document', () => {
  test('is begun when an idle room is put away, says the same, and has no past', async () => {
    await work(14)
    const before = await load()
    expect(structsOf(before.doc)).toBeGreaterThan(300)
    room.crash()
    const rooms = new Rooms(room.services)
    await rooms.room(layer)
    const after = await load()
    expect([after.epoch, after.seq]).toEqual([2, before.seq])
    const [base, ...others] = after.doc.store.clients.keys()
    expect([base, others]).toEqual([after.base, []])
    expect([isServerClient(base!), isCorrectionClient(base!)]).toEqual([true, false])
    expect(structsOf(after.doc)).toBeLessThan(structsOf(before.doc) / 3)
    expect([...after.annotations].sort()).toEqual([...before.annotations].sort())
    expect([...after.creators]).toEqual([...before.creators])
    expect(await room.db.selectFrom('layer_client').selectAll().where('layer', '=', layer).execute()).toEqual([])
  })

  test('takes the edits of those who come with the old one’s number after they load it, and of nobody else', async () => {
    const [id] = await work(14)
    room.crash()
    const stale = new Stranger(room, `/live/${layer}?ack=1&epoch=1`, { cookie: anna.cookie })
    await stale.closed()
    expect(stale.code).toBe(closeCodes.epoch)
    const tab = await open(anna, { epoch: '2' })
    tab.layer.setLabel(id!, 'org')
    await tab.saved()
    expect((await load()).annotations.get(id!)?.content.label).toBe('org')
  })

  test('is not mixed with the old one by a client that says nothing of it', async () => {
    const old = await open(anna)
    old.provider.shouldConnect = false
    await work(14)
    await until(() => structsOf(old.doc) > 300)
    room.crash()
    old.provider.connect()
    await old.closed(closeCodes.epoch)
    const state = await load()
    expect([...state.doc.store.clients.keys()]).toEqual([state.base])
    const plain = await open(bolat)
    expect([...plain.layer.ids()]).toHaveLength(40)
  })

  test.each([
    ['names no epoch', {}],
    // a page that loaded the article anew while its older document was open
    ['names the new epoch', { epoch: '2' }],
  ])('that began empty is not mixed with the old one by a client that %s', async (_title, params) => {
    const old = await open(anna)
    const id = newId()
    old.layer.add(span(), { id })
    old.layer.setGone(id, true)
    await old.saved()
    old.provider.shouldConnect = false
    old.provider.disconnect()
    const long = new Date(Date.now() - 31 * 24 * 3600 * 1000)
    await room.db.updateTable('annotation').set({ gone_at: long }).where('layer', '=', layer).execute()
    await beginEpoch(room.services, layer)
    room.crash()
    const before = await load()
    expect([before.map.size, before.base === null]).toEqual([0, false])
    old.provider.params = { ack: '1', ...params }
    old.layer.setGone(id, false)
    old.provider.connect()
    await old.closed(closeCodes.epoch)
    expect((await load()).map.size).toBe(0)
    const fresh = await open(bolat, params)
    fresh.layer.add(span(), { id: newId() })
    await fresh.saved()
    // who comes back with what it has of this document goes on
    fresh.provider.disconnect()
    fresh.layer.add(span(9, 19), { id: newId() })
    fresh.provider.connect()
    await fresh.saved()
    expect((await load()).map.size).toBe(2)
  })

  test('takes no update of a client that has not said what it has', async () => {
    await beginEpoch(room.services, layer)
    const blind = new Stranger(room, `/live/${layer}`, { cookie: anna.cookie })
    await blind.opened()
    blind.say({ type: 'step2', update: new Uint8Array([0, 0]) })
    await blind.closed()
    expect(blind.code).toBe(closeCodes.epoch)
  })

  test('is told by what its base left there, whatever a page deletes', async () => {
    await beginEpoch(room.services, layer)
    const { base, doc } = await load()
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.getMap(EPOCH_ROOT).delete(EPOCH_ROOT)
    const again = new Y.Doc()
    Y.applyUpdate(again, Y.encodeStateAsUpdate(other))
    expect(again.getMap(EPOCH_ROOT)._map.get(EPOCH_ROOT)?.id.client).toBe(base)
  })

  test('of the release before is told by the id that this release gave its base', async () => {
    const id = newId()
    const doc = new Y.Doc()
    doc.clientID = earlierBaseClient(2)
    doc.getMap(ROOT).set(id, ['span', [[0, 8]], 'loc', [], null])
    await room.db
      .insertInto('layer_snapshot')
      .values({ layer, epoch: 2, seq: 0, state: Buffer.from(Y.encodeStateAsUpdate(doc)) })
      .execute()
    await room.db.updateTable('layer_head').set({ epoch: 2 }).where('layer', '=', layer).execute()
    const tab = await open(anna)
    tab.layer.add(span(9, 19), { id: newId() })
    await tab.saved()
    tab.provider.disconnect()
    tab.layer.add(span(20, 25), { id: newId() })
    tab.provider.connect()
    await tab.saved()
    expect((await load()).base).toBe(earlierBaseClient(2))
    expect((await load()).map.size).toBe(3)
    const stale = new Stranger(room, `/live/${layer}`, { cookie: bolat.cookie }, null)
    await stale.opened()
    const old = new Y.Doc()
    old.getMap(ROOT).set(newId(), ['span', [[0, 8]], 'loc', [], null])
    stale.say({ type: 'step1', vector: Y.encodeStateVector(old) })
    await stale.closed()
    expect(stale.code).toBe(closeCodes.epoch)
  })

  test('leaves out what is gone for a month, which stays in its row', async () => {
    const ids = await work(14)
    const tab = await open(anna)
    for (const id of ids.slice(0, 2)) tab.layer.setGone(id, true)
    await tab.saved()
    tab.end()
    const long = new Date(Date.now() - 31 * 24 * 3600 * 1000)
    await room.db.updateTable('annotation').set({ gone_at: long }).where('id', '=', ids[0]!).execute()
    room.crash()
    await new Rooms(room.services).room(layer)
    const { annotations } = await load()
    expect([annotations.has(ids[0]!), annotations.get(ids[1]!)?.gone, annotations.size]).toEqual([false, true, 39])
    const rows = await room.db.selectFrom('annotation').select('id').where('layer', '=', layer).execute()
    expect(rows).toHaveLength(40)
  })

  test('sends those who are in the room away with its number, and what they write next is refused nowhere', async () => {
    const tab = await open(anna)
    const rooms = new Rooms(room.services)
    // another server of the same database begins it under the first one
    await work(14)
    room.another()
    await (await rooms.room(layer)).putAway()
    expect((await head()).epoch).toBe(2)
    tab.layer.add(span(), { id: newId() })
    await tab.closed(closeCodes.epoch)
    expect(tab.pending.count).toBe(1)
  })
})

test('over a year of editing neither log, nor client ids, nor the past of the document grow', async () => {
  const ids = Array.from({ length: 30 }, newId)
  let now = Date.now()
  const services = { ...room.services, now: () => new Date(now) }
  const sizes: { structs: number; clients: number; log: number; bytes: number }[] = []
  for (let week = 0; week < 52; week++) {
    const rooms = new Rooms(services)
    const live = await rooms.room(layer)
    for (let day = 0; day < 5; day++) {
      await live.write(anna.id, {
        edit(doc) {
          for (const [i, id] of ids.entries()) {
            if (!doc.has(id)) doc.add(span(i, 42), { id })
            else doc.setRanges(ids[(i * 11 + day + week) % 30]!, [[(week + day) % 30, 40 + (day % 2)]])
          }
        },
      })
    }
    now += 7 * 24 * 3600 * 1000
    await rooms.putAway(0)
    await sweep(services)
    const { doc, size } = await load()
    const rows = await room.db.selectFrom('layer_log').select('seq').where('layer', '=', layer).execute()
    sizes.push({ ...size, log: rows.length, bytes: Y.encodeStateAsUpdate(doc).length })
  }
  const most = (of: (size: (typeof sizes)[number]) => number, from: number, to: number) =>
    Math.max(...sizes.slice(from, to).map(of))
  expect(most(({ structs }) => structs, 40, 52)).toBeLessThanOrEqual(most(({ structs }) => structs, 0, 12) + 10)
  expect(most(({ bytes }) => bytes, 40, 52)).toBeLessThan(most(({ bytes }) => bytes, 0, 12) * 1.5)
  expect(most(({ clients }) => clients, 0, 52)).toBeLessThanOrEqual(2)
  expect(most(({ log }) => log, 2, 52)).toBeLessThanOrEqual(300)
})

describe('eviction', () => {
  test('puts away a room that nobody is in, and no other', async () => {
    const rooms = new Rooms(room.services)
    const there = await rooms.room(layer)
    await rooms.putAway(60_000)
    expect([there.dropped, await rooms.room(layer)]).toEqual([false, there])
    const tab = await open(anna)
    await rooms.putAway(0)
    expect(there.dropped).toBe(true)
    tab.layer.add(span(), { id: newId() })
    await tab.saved()
    expect((await rooms.room(layer)).replica.seq).toBe(1)
  })
})

describe('what a refusal takes away', () => {
  const asides = () => room.db.selectFrom('set_aside').selectAll().where('layer', '=', layer).orderBy('at').execute()

  test('is kept for whoever wrote it, under the id that they are told', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.layer.add(span(), { id })
    tab.doc.getMap(ROOT).set(`${id}/label`, 'nobody')
    const refusal = await until(() => tab.refusals[0])
    await tab.saved()
    expect(await asides()).toMatchObject([
      {
        ...{ id: refusal.aside, account: anna.id, key: `${id}/label`, value: ['nobody'], code: 'label_unknown' },
        ...{ details: { code: 'nobody' }, handed_at: null, resolved_at: null },
      },
    ])
  })

  test('is bounded: who sends nothing else is sent away', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.layer.add(span(), { id })
    await tab.saved()
    const map = tab.doc.getMap(ROOT)
    for (let round = 0; round < 3; round++) {
      const wrong = Array.from({ length: 400 }, newId)
      Y.transact(tab.doc, () => wrong.forEach((one) => map.set(one, ['span', [[0, 8]], 'nobody', [], null])))
      if (round < 2) await tab.saved()
    }
    await tab.closed(closeCodes.limits)
    // the last round is taken in slices, of which some are let through
    const kept = (await asides()).length
    expect(kept).toBeGreaterThan(1000)
    expect(kept).toBeLessThan(1200)
  })
})

describe('what is approved, where the project locks it', () => {
  test('is changed by reviewers alone, and doubted by anybody', async () => {
    const { db, project } = room
    await db
      .updateTable('project')
      .set({ settings: json(Settings.parse({ lockApproved: true })) })
      .execute()
    const reviewer = await room.person('Ольга', 'reviewer')
    const [a, r] = [await open(anna), await open(reviewer)]
    const [approved, waiting] = [newId(), newId()]
    a.layer.add(span(), { id: approved })
    a.layer.add(span(9, 19), { id: waiting })
    await a.saved()
    const row = await db.selectFrom('annotation').select('digest').where('id', '=', approved).executeTakeFirstOrThrow()
    await db
      .insertInto('decision')
      .values({
        ...{ id: newId(), layer, annotation: approved, account: reviewer.id, verdict: 'approve', digest: row.digest },
        label_set_no: 1,
      })
      .execute()
    a.layer.setLabel(approved, 'org')
    a.layer.setLabel(waiting, 'org')
    expect((await until(() => a.refusals[0])).code).toBe('locked')
    await until(() => a.layer.read(approved)?.content.label === 'loc')
    a.layer.setUnsure(approved, true)
    await a.saved()
    await until(() => r.layer.read(waiting)?.content.label === 'org')
    r.layer.setLabel(approved, 'org')
    await until(() => a.layer.read(approved)?.content.label === 'org')
    expect([a.refusals.length, r.refusals.length, a.layer.read(approved)?.unsure]).toEqual([1, 0, true])
    // it is approved no more, and open to all; said again as it was approved, it is locked again
    a.layer.setLabel(approved, 'loc')
    await a.saved()
    expect(a.refusals).toHaveLength(1)
    a.layer.setRanges(approved, [[0, 5]])
    await until(() => a.refusals[1])
    await db
      .updateTable('project')
      .set({ settings: json(Settings.parse({})) })
      .where('id', '=', project)
      .execute()
  })
})

test('layers are written together: one that cannot be written holds up no other', async () => {
  const other = await room.layer()
  const [a, b] = [await open(anna), new Tab(room, other, bolat)]
  tabs.push(b)
  await b.joined()
  const [mine, theirs] = [newId(), newId()]
  await room.db.transaction().execute(async (trx) => {
    await trx.selectFrom('layer_head').selectAll().where('layer', '=', layer).forUpdate().execute()
    a.layer.add(span(), { id: mine })
    b.layer.add(span(), { id: theirs })
    // with its one connection the embedded database can do nothing beside this
    if (room.services.kind === 'postgres') await b.saved()
    expect(a.pending.count).toBe(1)
  })
  await Promise.all([a.saved(), b.saved()])
})
