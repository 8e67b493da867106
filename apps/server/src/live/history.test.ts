import { closeCodes, editsOf, writeAgain, type Edit } from '@tamga/collab'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { positions } from '../facts.ts'
import { newId } from '../services.ts'
import { beginEpoch } from './epoch.ts'
import { Flusher } from './flusher.ts'
import { Room } from './room.ts'
import { layerInfoOf } from './store.ts'
import { backupOf, openTestRoom, span, Tab, until, type Person, type TestRoom } from './test-room.ts'

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

const ours = { client: 'own', page: 'one' }

async function open(person: Person, params: Record<string, string> = ours): Promise<Tab> {
  const tab = new Tab(room, layer, person, params)
  tabs.push(tab)
  await tab.joined()
  return tab
}

function mark(tab: Tab, start = 0): string {
  const id = newId()
  tab.layer.add(span(start, start + 8), { id })
  return id
}

const rows = () =>
  room.db
    .selectFrom('annotation')
    .select(['id', 'creator', 'last_editor', 'content', 'version'])
    .where('layer', '=', layer)
    .orderBy('id')
    .execute()
const head = () =>
  room.db.selectFrom('layer_head').select(['epoch', 'seq']).where('layer', '=', layer).executeTakeFirstOrThrow()
const history = async () => ({ rows: await rows(), head: await head() })

/** Every page that comes back is told so, and what is stored stays as it was put back. */
async function expectRestored(before: unknown, ...pages: Tab[]): Promise<void> {
  for (const page of pages) await page.closed(closeCodes.history)
  await room.live.write(layer, anna.id, { edit: () => undefined })
  expect(await history()).toEqual(before)
  for (const page of pages)
    expect(page.closes.filter((code) => code >= 4400 && code < 4500)).toEqual([closeCodes.history])
}

describe.each<[string, Record<string, string>]>([
  ['pages that announce their ids', ours],
  ['plain clients', {}],
])('after a backup was restored, %s', (_name, params) => {
  test('that come back together bring nothing of what others wrote since, and are told why', async () => {
    const [a, b] = [await open(anna, params), await open(bolat, params)]
    const kept = mark(a)
    await a.saved()
    const restore = await backupOf(room, layer)
    const before = await history()
    await until(() => b.layer.has(kept))
    b.layer.setLabel(kept, 'org')
    const later = mark(b, 9)
    await b.saved()
    await until(() => a.layer.has(later))
    a.layer.setRanges(kept, [[0, 4]])
    a.layer.setUnsure(later, true)
    await a.saved()
    await until(() => b.layer.read(later)?.unsure)
    await restore()
    room.crash()
    await expectRestored(before, a, b)
    const fresh = await open(bolat, params)
    expect([...fresh.layer.ids()]).toEqual([kept])
    expect(fresh.layer.read(kept)!.content).toEqual(span())
  })

  test('that only read are told as well, whatever their role', async () => {
    const viewer = await room.person('Оқырман', 'viewer')
    const [a, reader, watcher] = [await open(anna, params), await open(bolat, params), await open(viewer, params)]
    const restore = await backupOf(room, layer)
    const before = await history()
    const id = mark(a)
    await a.saved()
    await until(() => reader.layer.has(id) && watcher.layer.has(id))
    a.provider.disconnect()
    await restore()
    room.crash()
    await expectRestored(before, reader, watcher)
  })

  test('that were offline send again what was not saved, once, under their author', async () => {
    const [a, b] = [await open(anna, params), await open(bolat, params)]
    const kept = mark(a)
    await a.saved()
    const restore = await backupOf(room, layer)
    const before = await history()
    const later = mark(b, 9)
    await b.saved()
    await until(() => a.layer.has(later))
    b.provider.disconnect()
    a.provider.disconnect()
    const unsent: Edit[] = []
    a.layer.onAct((act) => unsent.push(...editsOf(act)))
    a.layer.setLabel(kept, 'org')
    a.layer.setLabel(later, 'org')
    const waiting = mark(a, 20)
    await restore()
    room.crash()
    a.provider.connect()
    await expectRestored(before, a)
    const fresh = await open(anna, params)
    expect(writeAgain(fresh.layer, unsent)).toMatchObject([{ key: `${later}/label`, code: 'annotation_gone' }])
    await fresh.saved()
    expect(await rows()).toMatchObject(
      [
        { id: kept, creator: anna.id, last_editor: anna.id, content: { label: 'org' }, version: 2 },
        { id: waiting, creator: anna.id, version: 1 },
      ].sort((x, y) => (x.id < y.id ? -1 : 1)),
    )
  })

  test('are told so too when it was restored under a running server, at the next write', async () => {
    const [a, b] = [await open(anna, params), await open(bolat, params)]
    mark(a)
    await a.saved()
    const restore = await backupOf(room, layer)
    const before = await history()
    const later = mark(b, 9)
    await until(() => a.layer.has(later))
    a.layer.setUnsure(later, true)
    await a.saved()
    await until(() => b.layer.read(later)?.unsure)
    await restore()
    mark(a, 20)
    await a.closed(closeCodes.again)
    await expectRestored(before, a, b)
  })
})

test('a page that comes finds out for all that the database went back under the server', async () => {
  const [a, b] = [await open(anna), await open(bolat)]
  const restore = await backupOf(room, layer)
  const before = await history()
  const id = mark(a)
  await a.saved()
  await until(() => b.layer.has(id))
  a.provider.disconnect()
  await restore()
  const fresh = new Tab(room, layer, bolat, ours)
  tabs.push(fresh)
  await fresh.joined()
  expect(fresh.values).toEqual({})
  await b.closed(closeCodes.again)
  await expectRestored(before, b)
})

test('another tab of the account does not bring back what the first had saved', async () => {
  const [one, two] = [
    await open(anna, { client: 'own', page: 'one' }),
    await open(anna, { client: 'own', page: 'two' }),
  ]
  mark(one)
  await one.saved()
  const restore = await backupOf(room, layer)
  const before = await history()
  const later = mark(one, 9)
  await one.saved()
  await until(() => two.layer.has(later))
  one.provider.disconnect()
  await restore()
  room.crash()
  await expectRestored(before, two)
})

test('a page of a later document than the database has knows another history', async () => {
  const a = await open(anna)
  mark(a)
  await a.saved()
  a.provider.disconnect()
  const restore = await backupOf(room, layer)
  const before = await history()
  await beginEpoch(room.services, layer)
  room.another()
  const b = await open(bolat, { ...ours, epoch: '2' })
  await restore()
  room.crash()
  await expectRestored(before, b)
})

test('a page of a document that was begun before the restore is not taken for one of another with the same number', async () => {
  const a = await open(anna)
  mark(a)
  await a.saved()
  const restore = await backupOf(room, layer)
  mark(a, 9)
  await a.saved()
  a.provider.disconnect()
  await beginEpoch(room.services, layer)
  room.another()
  const b = await open(bolat, { ...ours, epoch: '2' })
  expect(b.layer.ids()).toHaveLength(2)
  b.provider.disconnect()
  await restore()
  await beginEpoch(room.services, layer)
  const before = await history()
  room.crash()
  b.provider.connect()
  await expectRestored(before, b)
})

test('a page that was told of facts which the database lacks knows another history; a plain client is let in', async () => {
  const restore = await backupOf(room, layer)
  const a = await open(anna, { ...ours, after: '0' })
  const known = await positions(room.db, [`project/${room.project}`])
  mark(a)
  const { n } = await until(() => a.facts.find((fact) => fact.n > known[fact.scope]!))
  a.provider.disconnect()
  await restore()
  room.another()
  const one = new Tab(room, layer, bolat, { ...ours, after: String(n) })
  tabs.push(one)
  await one.closed(closeCodes.history)
  await open(bolat, { after: String(n) })
})

test('a page that moves to a server which is behind is no page of another history', async () => {
  const a = await open(anna)
  room.another()
  const c = await open(bolat)
  const id = mark(a)
  await a.saved()
  a.provider.disconnect()
  a.provider.connect()
  await a.joined()
  a.layer.setLabel(id, 'org')
  await a.saved()
  await until(() => c.layer.read(id)?.content.label === 'org')
  expect([...a.closes, ...c.closes].filter((code) => code >= 4400)).toEqual([])
})

test('a head that was read before the last commit drops nobody', async () => {
  const info = (await layerInfoOf(room.db, layer))!
  const live = await Room.open(room.services, info, { flusher: new Flusher(room.services), forget: () => undefined })
  const before = await head()
  await live.write(anna.id, { edit: (doc) => doc.add(span(), { id: newId() }) })
  await live.poll(before)
  await live.reach(before)
  expect([live.dropped, (await head()).seq]).toEqual([false, 1])
  await room.db.updateTable('layer_head').set({ seq: 0 }).where('layer', '=', layer).execute()
  await live.poll(before)
  expect(live.dropped).toBe(true)
})
