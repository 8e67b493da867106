import { fieldKey, isServerClient, ROOT, type Field } from '@tamga/collab'
import { Settings, type Content, type Plain } from '@tamga/model'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
import { Replica } from './replica.ts'
import { layerInfoOf } from './store.ts'
import { openTestRoom, span, Tab, until, type Person, type TestRoom } from './test-room.ts'

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

async function open(person: Person): Promise<Tab> {
  const tab = new Tab(room, layer, person)
  tabs.push(tab)
  await tab.joined()
  return tab
}

const map = (tab: Tab) => tab.doc.getMap<Plain>(ROOT)
const socket = (tab: Tab) => tab.provider.ws as unknown as WebSocket

/** A key that one person writes while another's value under it is refused; each value differs from the one before. */
interface Contested {
  readonly key: string
  readonly good: readonly [Plain, Plain, Plain]
  readonly bad: Plain
}

/** Makes what is written about: for each kind of field one annotation whose key is new, and one whose key was written. */
async function prepare(tab: Tab): Promise<Contested[]> {
  const [one, two, three] = [newId(), newId(), newId()]
  for (const [i, id] of [one, two, three].entries()) tab.layer.add(span(i, 12), { id })
  const relation: Content = { kind: 'relation', from: one, to: two, label: 'in', attributes: [] }
  const fields: [Field, Content, Plain, Contested['good'], Plain][] = [
    ['label', span(), 'org', ['org', 'loc', 'org'], 'nobody'],
    ['ranges', span(), [[3, 9]], [[[0, 5]], [[1, 5]], [[2, 5]]], [[0, 9999]]],
    ['a/note', span(), 'z', ['a', 'b', 'c'], true],
    ['gone', span(), true, [true, false, true], true],
    ['to', relation, three, [three, two, three], newId()],
  ]
  const contested: Contested[] = []
  for (const [field, content, first, good, bad] of fields)
    for (const isNew of [true, false]) {
      const id = newId()
      const key = fieldKey(id, field)
      tab.layer.add(content, { id })
      if (!isNew)
        for (const value of [first, field === 'label' ? 'loc' : field === 'gone' ? false : two]) {
          // a value before the last is written over, so that the key has a past
          if (field === 'label' || field === 'gone' || field === 'to') tab.layer.set(id, field, value)
          else if (value === first) tab.layer.set(id, field, value)
        }
      contested.push({ key, good, bad })
    }
  await tab.saved()
  return contested
}

const load = async () => Replica.load(room.db, (await layerInfoOf(room.db, layer))!)

/** Both pages, the database's rows, and a server that starts now say the same. */
async function converged(good: Tab, bad: Tab): Promise<void> {
  await Promise.all([good.saved(), bad.saved()])
  const copy = await load()
  const values = Object.fromEntries(copy.map.entries())
  await until(() => JSON.stringify(sorted(good.values)) === JSON.stringify(sorted(values)))
  await until(() => JSON.stringify(sorted(bad.values)) === JSON.stringify(sorted(values)))
  const rows = await room.db.selectFrom('annotation').selectAll().where('layer', '=', layer).execute()
  expect(rows).toHaveLength(copy.annotations.size)
  for (const { id, content, gone_at } of rows)
    expect(copy.annotations.get(id)).toMatchObject({ content, gone: gone_at !== null })
}

const sorted = (values: Record<string, unknown>) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))

/** Opens two pages; the one whose value is refused has the higher id, or the lower one. */
async function openTwo(isBadHigher: boolean) {
  const [a, b] = [await open(anna), await open(bolat)]
  const aIsHigher = a.doc.clientID > b.doc.clientID
  return aIsHigher === isBadHigher ? { good: b, bad: a } : { good: a, bad: b }
}

describe.each([true, false])('a refused write overrules no accepted one, the refused id higher: %s,', (isBadHigher) => {
  test.each([true, false])('two pages at the same time, the refused write first: %s', async (isBadFirst) => {
    const { good, bad } = await openTwo(isBadHigher)
    const contested = await prepare(good)
    await until(() => contested.every(({ key }) => bad.layer.has(key.slice(0, 16))))
    const [first, second] = isBadFirst ? [bad, good] : [good, bad]
    const write = (tab: Tab, n: number) => {
      for (const { key, good: values, bad: value } of contested) map(tab).set(key, tab === good ? values[n]! : value)
    }
    for (const n of [0, 1]) {
      // the second hears nothing of the first before it has written
      socket(second).pause()
      write(first, n)
      await first.saved()
      write(second, n)
      // and the good one writes once more before it hears of the first
      if (n === 1) for (const { key, good: values } of contested) map(good).set(key, values[2])
      socket(second).resume()
      await converged(good, bad)
      for (const { key, good: values } of contested) {
        expect([key.slice(17), good.values[key]]).toEqual([key.slice(17), values[n === 1 ? 2 : 0]])
      }
    }
    expect(good.refusals).toEqual([])
    expect(good.pending.count).toBe(0)
    const aside = await room.db.selectFrom('set_aside').select('account').where('layer', '=', layer).execute()
    const owner = bad.doc.clientID === tabs[0]!.doc.clientID ? anna : bolat
    // what lost to the accepted one by its own id was judged by nobody
    expect(aside.every(({ account }) => account === owner.id)).toBe(true)
    expect(aside.length > 0).toBe(isBadFirst || isBadHigher)
  })

  test('a page that was offline and comes back with what it wrote', async () => {
    const { good, bad } = await openTwo(isBadHigher)
    const contested = await prepare(good)
    await until(() => contested.every(({ key }) => bad.layer.has(key.slice(0, 16))))
    good.provider.disconnect()
    for (const { key, bad: value } of contested) map(bad).set(key, value)
    await bad.saved()
    for (const n of [0, 1, 2] as const) for (const { key, good: values } of contested) map(good).set(key, values[n])
    good.provider.connect()
    await good.joined()
    await converged(good, bad)
    for (const { key, good: values } of contested) expect([key, good.values[key]]).toEqual([key, values[2]])
    expect(good.refusals).toEqual([])
  })

  test('a reviewer relabels what is approved and locked, while an annotator tries to', async () => {
    const { db, project } = room
    const settings = (lockApproved: boolean) =>
      db
        .updateTable('project')
        .set({ settings: json(Settings.parse({ lockApproved })) })
        .where('id', '=', project)
        .execute()
    await settings(true)
    const reviewer = await room.person('Ольга', 'reviewer')
    const r = await open(reviewer)
    let a = await open(anna)
    // ids are drawn: pages are opened until they are in the order that is asked for
    while (a.doc.clientID > r.doc.clientID !== isBadHigher) a = await open(anna)
    const id = newId()
    a.layer.add(span(), { id })
    await a.saved()
    await until(() => r.layer.has(id))
    const row = await db.selectFrom('annotation').select('digest').where('id', '=', id).executeTakeFirstOrThrow()
    const decision = { id: newId(), layer, annotation: id, account: reviewer.id, verdict: 'approve' as const }
    await db
      .insertInto('decision')
      .values({ ...decision, digest: row.digest, label_set_no: 1 })
      .execute()
    socket(r).pause()
    a.layer.setLabel(id, 'org')
    a.layer.setRanges(id, [[0, 3]])
    // undone at once: it says again what stands, which is no refusal, and overrules nobody either
    a.layer.setRanges(id, [[0, 8]])
    await a.saved()
    r.layer.setLabel(id, 'org')
    r.layer.setRanges(id, [[0, 4]])
    socket(r).resume()
    await converged(r, a)
    expect(a.layer.read(id)?.content).toEqual(span(0, 4, 'org'))
    expect(r.refusals).toEqual([])
    await settings(false)
  })
})

test('documents of the release before go on: their server wrote as client 1', async () => {
  const { good, bad } = await openTwo(true)
  const contested = await prepare(good)
  const earlier = await load()
  // the last that stands under a key is a correction of that release
  const key = contested[0]!.key
  earlier.doc.clientID = 1
  const before = [...earlier.doc.store.clients.keys()]
  let update: Uint8Array = new Uint8Array()
  earlier.doc.on('update', (bytes: Uint8Array) => (update = bytes))
  earlier.doc.getMap(ROOT).set(key, 'loc')
  const { seq } = earlier
  const data = Buffer.from(update)
  await room.db
    .insertInto('layer_log')
    .values({ layer, seq: seq + 1, epoch: 1, account: anna.id, data })
    .execute()
  await room.db
    .updateTable('layer_head')
    .set({ seq: seq + 1 })
    .where('layer', '=', layer)
    .execute()
  expect(before.filter(isServerClient)).toEqual([])
  room.crash()
  await Promise.all([good, bad].map((tab) => until(() => tab.values[key] === 'loc')))
  map(bad).set(key, 'nobody')
  map(good).set(key, 'org')
  await converged(good, bad)
  expect(good.values[key]).toBe('org')
})
