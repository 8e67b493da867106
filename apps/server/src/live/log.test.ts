import { closeCodes, fieldKey, ROOT, type Field } from '@tamga/collab'
import { digestOf, LabelSet, type Content, type Plain } from '@tamga/model'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { alone } from '../bus.ts'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
import { Replica } from './replica.ts'
import { layerInfoOf } from './store.ts'
import { labels as ordinary, openTestRoom, span, Tab, TEXT, until, type Person, type TestRoom } from './test-room.ts'
import { openTestServer } from './test-server.ts'

const choices = ['a', 'b', 'c'].map((id) => ({ id, name: {} }))
const labels = LabelSet.parse({
  ...ordinary,
  attributes: [
    ...ordinary.attributes,
    { id: 'sure', code: 'SURE', name: {}, type: 'flag', default: false },
    { id: 'many', code: 'MANY', name: {}, type: 'choice', multiple: true, choices },
  ],
})

let room: TestRoom
let layer: string
let anna: Person
let bolat: Person
const tabs: Tab[] = []

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
  bolat = await room.person('Болат')
  await room.db
    .updateTable('label_set')
    .set({ content: json(labels) })
    .execute()
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
const load = async () => Replica.load(room.db, (await layerInfoOf(room.db, layer))!)
const head = () => room.db.selectFrom('layer_head').selectAll().where('layer', '=', layer).executeTakeFirstOrThrow()

/** What the rows say, as a copy of the document says it. */
const rows = async () => {
  const all = await room.db.selectFrom('annotation').selectAll().where('layer', '=', layer).orderBy('id').execute()
  return all.map(({ id, content, via, unsure, gone_at, digest }) => {
    expect(digest).toBe(digestOf(content, TEXT))
    return { id, content, via, unsure, gone: gone_at !== null }
  })
}

const copied = ({ annotations }: Replica) => [...annotations.values()].sort((a, b) => (a.id < b.id ? -1 : 1))

const record = (attributes: Plain[], via: string | null = null): Plain => ['span', [[0, 8]], 'loc', attributes, via]

/** What a page writes, under a key of an annotation that stands, and what the server lets stand in place of it. */
const rewritten: [title: string, field: Field | null, given: Plain, stands: Plain][] = [
  ['a default', 'a/sure', false, null],
  ['no choice at all', 'a/many', [], null],
  ['choices in another order', 'a/many', ['c', 'a'], ['a', 'c']],
  ['a new record with a default', null, record([['sure', false]]), record([])],
  ['a new record with an unknown change set', null, record([], 'nowhere'), record([])],
]

describe('what the server writes over an update is in the log', () => {
  test.each(rewritten)('after %s and a refusal, a load from the log says what the rows say', async (...one) => {
    const [, field, given, stands] = one
    const tab = await open(anna)
    const [id, other] = [newId(), newId()]
    const key = field === null ? other : fieldKey(id, field)
    tab.layer.add(span(), { id })
    await tab.saved()
    map(tab).set(key, given)
    await tab.saved()
    await until(() => JSON.stringify(tab.values[key]) === JSON.stringify(stands))
    map(tab).set(`${id}/label`, 'nobody')
    await until(() => tab.refusals.length > 0)
    map(tab).set(`${id}/label`, 'org')
    await tab.saved()

    const second = await openTestServer(room, alone())
    const there = new Tab({ ...room, url: second.url, origin: second.origin }, layer, bolat)
    tabs.push(there)
    await there.joined()
    expect(there.values).toEqual(tab.values)
    expect(there.values[key]).toEqual(stands)
    there.end()
    await second.live.close()
    // what the second server left is a snapshot: without it there is the log alone
    await room.db.deleteFrom('layer_snapshot').where('layer', '=', layer).execute()
    await room.db.updateTable('layer_head').set({ snapshot_seq: 0 }).where('layer', '=', layer).execute()
    room.crash()
    const copy = await load()
    expect(copied(copy)).toEqual(await rows())
    expect(Object.fromEntries(copy.map.entries())).toEqual(tab.values)
    expect((await head()).epoch).toBe(1)
  })

  test('a page that holds what was rewritten goes on after a crash of the server', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.layer.add(span(), { id })
    map(tab).set(`${id}/a/sure`, false)
    await tab.saved()
    await until(() => tab.values[`${id}/a/sure`] === null)
    room.crash()
    tab.layer.setLabel(id, 'org')
    await tab.saved()
    expect(tab.closes.filter((code) => code >= 4400)).toEqual([])
    expect(await rows()).toMatchObject([{ id, content: { label: 'org' } }])
  })
})

/** A layer as an earlier release left it: it changed values as client 1, and logged that only where it refused something. */
class EarlierRelease {
  readonly #page = new Y.Doc()
  readonly #server = new Y.Doc()
  readonly #log: Uint8Array[] = []

  constructor() {
    this.#page.clientID = 40_000
    this.#server.clientID = 1
    this.#server.on('update', (update: Uint8Array) => Y.applyUpdate(this.#page, update))
  }

  /** The page writes; the server puts `stands` in its place, and logs it if that was a refusal. */
  write(key: string, given: Plain, { stands = given, logged = false } = {}): void {
    const before = Y.encodeStateVector(this.#page)
    this.#page.getMap(ROOT).set(key, given)
    const sent = Y.encodeStateAsUpdate(this.#page, before)
    let own: Uint8Array = sent
    const keep = (update: Uint8Array) => (own = update)
    this.#server.on('update', keep)
    Y.transact(this.#server, (transaction) => {
      Y.applyUpdate(this.#server, sent)
      transaction.local = true
      if (stands !== given) this.#server.getMap(ROOT).set(key, stands)
    })
    this.#server.off('update', keep)
    this.#log.push(logged ? own : sent)
  }

  async store(annotations: readonly { id: string; content: Content }[]): Promise<void> {
    for (const [i, data] of this.#log.entries())
      await room.db
        .insertInto('layer_log')
        .values({ layer, seq: i + 1, epoch: 1, account: anna.id, data: Buffer.from(data) })
        .execute()
    for (const { id, content } of annotations)
      await room.db
        .insertInto('annotation')
        .values({
          ...{ layer, id, kind: content.kind, content: json(content), digest: digestOf(content, TEXT) },
          ...{ creator: anna.id, last_editor: anna.id },
        })
        .execute()
    await room.db
      .updateTable('layer_head')
      .set({ seq: this.#log.length, log_verified: false })
      .where('layer', '=', layer)
      .execute()
    await room.db
      .insertInto('layer_client')
      .values({ layer, epoch: 1, client: this.#page.clientID, account: anna.id })
      .execute()
  }
}

describe('a log that an earlier release left', () => {
  test.each<[string, (log: EarlierRelease, id: string) => void]>([
    [
      'with a gap',
      (log, id) => {
        log.write(`${id}/a/sure`, false, { stands: null as never })
        log.write(`${id}/label`, 'nobody', { stands: 'loc', logged: true })
      },
    ],
    [
      'with another value than the row, and no gap yet,',
      (log, id) => log.write(`${id}/a/sure`, false, { stands: null as never }),
    ],
  ])('%s is left for a new document of what the rows say', async (_title, damage) => {
    const log = new EarlierRelease()
    const id = newId()
    log.write(id, record([]))
    damage(log, id)
    await log.store([{ id, content: span() }])
    const told = vi.spyOn(room.services.log, 'warn')
    const [tab] = await Promise.all([open(bolat), open(anna)])
    expect(await head()).toMatchObject({ epoch: 2, log_verified: true })
    expect(told.mock.calls).toMatchObject([[{ layer, epoch: 1 }, 'document rebuilt from its rows']])
    told.mockRestore()
    expect(tab.values).toEqual({ [id]: record([]) })
    tab.layer.setLabel(id, 'org')
    await tab.saved()
    room.crash()
    expect(copied(await load())).toEqual(await rows())
    expect(await rows()).toMatchObject([{ content: { label: 'org' } }])
    expect(await room.db.selectFrom('annotation').select('creator').where('layer', '=', layer).execute()).toEqual([
      { creator: anna.id },
    ])
  })

  test('that says what the rows say stays, is compared once, and goes on', async () => {
    const log = new EarlierRelease()
    const id = newId()
    log.write(id, record([]))
    log.write(`${id}/label`, 'nobody', { stands: 'org', logged: true })
    await log.store([{ id, content: span(0, 8, 'org') }])
    const tab = await open(anna)
    expect(await head()).toMatchObject({ epoch: 1, log_verified: true })
    map(tab).set(`${id}/a/sure`, false)
    map(tab).set(`${id}/label`, 'nobody')
    await until(() => tab.refusals.length > 0)
    await tab.saved()
    room.crash()
    expect(copied(await load())).toEqual(await rows())
    expect((await rows())[0]?.content).toMatchObject({ label: 'org', attributes: [] })
  })

  test('that lacks rows is refused as before: nobody can tell what was in them', async () => {
    const log = new EarlierRelease()
    const id = newId()
    log.write(id, record([]))
    log.write(`${id}/label`, 'org')
    await log.store([{ id, content: span(0, 8, 'org') }])
    await room.db.deleteFrom('layer_log').where('layer', '=', layer).where('seq', '=', 1).execute()
    const tab = new Tab(room, layer, anna)
    tabs.push(tab)
    await tab.closed(closeCodes.again)
    expect((await head()).epoch).toBe(1)
  })
})
