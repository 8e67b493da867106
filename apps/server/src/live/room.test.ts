import { closeCodes, isCorrectionClient, ROOT, type FactMessage } from '@tamga/collab'
import { digestOf, Problem } from '@tamga/model'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { rest } from '../test-clock.ts'
import { newId } from '../services.ts'
import { saveLabelSet } from '../projects/labels.ts'
import { layerInfoOf } from './store.ts'
import { labels, openTestRoom, span, Tab, TEXT, until, type Person, type TestRoom } from './test-room.ts'

let room: TestRoom
let layer: string
let anna: Person
let bolat: Person
let reviewer: Person
const tabs: Tab[] = []

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
  bolat = await room.person('Болат')
  reviewer = await room.person('Ольга', 'reviewer')
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

// between the two halves of the astronaut's first surrogate pair
const HALF = TEXT.indexOf('👩🏽‍🚀') + 1

const annotations = () =>
  room.db.selectFrom('annotation').selectAll().where('layer', '=', layer).orderBy('id').execute()
const log = () => room.db.selectFrom('layer_log').selectAll().where('layer', '=', layer).orderBy('seq').execute()
const changes = () =>
  room.db
    .selectFrom('change')
    .select(['annotation', 'key', 'before', 'after', 'account'])
    .where('layer', '=', layer)
    .orderBy('seq')
    .orderBy('n')
    .execute()

/** What a server that starts now would show. */
async function stored(): Promise<Record<string, unknown>> {
  const doc = new Y.Doc()
  for (const { data } of await log()) Y.applyUpdate(doc, data)
  return Object.fromEntries(doc.getMap(ROOT).entries())
}

describe('two people in one layer', () => {
  test('see each other’s edits, and the rows say what they see', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    const [one, two] = [newId(), newId()]
    a.layer.add(span(), { id: one })
    b.layer.add(span(9, 19, 'org'), { id: two })
    await until(() => a.layer.has(two) && b.layer.has(one))
    b.layer.setLabel(one, 'org')
    a.layer.setRanges(one, [[0, 19]])
    await Promise.all([a.saved(), b.saved()])
    await until(() => a.layer.read(one)?.content.label === 'org' && b.layer.read(one)?.content.label === 'org')
    await until(() => JSON.stringify(a.layer.read(one)) === JSON.stringify(b.layer.read(one)))
    const content = { ...span(0, 19, 'org') }
    expect(a.layer.read(one)!.content).toEqual(content)
    expect(await annotations()).toMatchObject(
      [
        {
          id: one,
          kind: 'span',
          content,
          digest: digestOf(content, TEXT),
          creator: anna.id,
          version: 3,
          gone_at: null,
        },
        { id: two, content: span(9, 19, 'org'), creator: bolat.id, last_editor: bolat.id, version: 1 },
      ].sort((x, y) => (x.id < y.id ? -1 : 1)),
    )
    expect(await stored()).toEqual(a.values)
  })

  test('who did what comes from the session, with what it was before', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    const id = newId()
    a.layer.add(span(), { id })
    await until(() => b.layer.has(id))
    b.layer.setLabel(id, 'org')
    await b.saved()
    b.layer.setUnsure(id, true)
    await b.saved()
    await until(() => a.layer.read(id)?.unsure)
    a.layer.setGone(id, true)
    await a.saved()
    const record = ['span', [[0, 8]], 'loc', [], null]
    expect(await changes()).toEqual([
      { annotation: id, key: '', before: null, after: [record], account: anna.id },
      { annotation: id, key: 'label', before: null, after: ['org'], account: bolat.id },
      { annotation: id, key: 'unsure', before: null, after: [true], account: bolat.id },
      { annotation: id, key: 'gone', before: null, after: [true], account: anna.id },
    ])
    const [row] = await annotations()
    expect(row).toMatchObject({ creator: anna.id, last_editor: bolat.id, unsure: true })
    expect(row!.gone_at).toBeInstanceOf(Date)
    expect((await log()).map(({ account }) => account)).toEqual([anna.id, bolat.id, bolat.id, anna.id])
  })

  test('pages are told the counts, numbered within the project', async () => {
    const a = await open(anna, { after: '0' })
    a.layer.add(span(), { id: newId() })
    const { article } = (await layerInfoOf(room.db, layer))!
    const isOurs = ({ kind, payload }: FactMessage) =>
      kind === 'counts' && (payload as { article: string }).article === article
    const fact = await until(() => a.facts.find(isOurs))
    expect(fact).toMatchObject({ scope: `project/${room.project}`, payload: { annotated: 1, waiting: 1, approved: 0 } })
    const late = await open(bolat, { after: String(fact.n - 1) })
    expect((await until(() => late.facts.find(({ n }) => n === fact.n))).payload).toEqual(fact.payload)
  })
})

describe('saved means saved', () => {
  test('no acknowledgement before the row is in the log', async () => {
    const tab = await open(anna)
    for (let i = 0; i < 20; i++) {
      const id = newId()
      tab.layer.add(span(i, i + 1), { id })
      await tab.saved()
      expect(await stored()).toHaveProperty([id])
    }
  })

  const flushes = async () => {
    const { values } = await room.services.metrics.flushSeconds.get()
    return values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0
  }

  test('nothing is shown to others that is not in the log', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    const held = await room.db.transaction().execute(async (trx) => {
      await trx.selectFrom('layer_head').selectAll().where('layer', '=', layer).forUpdate().execute()
      const before = await flushes()
      a.layer.add(span(), { id: newId() })
      // a flush has come as far as the held head; with one connection none can begin
      if (room.services.kind === 'postgres') await until(async () => (await flushes()) > before)
      else await rest(300)
      return { shown: Object.keys(b.values), pending: a.pending.count }
    })
    expect(held).toEqual({ shown: [], pending: 1 })
    await until(() => Object.keys(b.values).length === 1)
    await a.saved()
  })

  test('after a crash everything acknowledged stands, and what was not is sent again', async () => {
    const tab = await open(anna)
    const acknowledged = new Set<string>()
    const all: string[] = []
    for (let i = 0; i < 60; i++) {
      const id = newId()
      all.push(id)
      tab.layer.add(span(i % 40, 42), { id })
      if (i % 10 === 9) await tab.saved()
      if (tab.pending.count === 0) all.forEach((one) => acknowledged.add(one))
      if (i === 44) {
        room.crash()
        const inLog = await stored()
        for (const one of acknowledged) expect(inLog).toHaveProperty([one])
      }
    }
    expect(acknowledged.size).toBeGreaterThan(30)
    await tab.saved()
    const fresh = await open(bolat)
    expect(Object.keys(fresh.values).sort()).toEqual(all.sort())
    expect(await annotations()).toHaveLength(60)
  })

  test('edits made without network wait, are counted, and arrive later under their author', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    const [mine, theirs] = [newId(), newId()]
    a.layer.add(span(), { id: mine })
    await a.saved()
    await until(() => b.layer.has(mine))
    a.provider.disconnect()
    a.layer.setLabel(mine, 'org')
    a.layer.add(span(9, 19), { id: theirs })
    b.layer.setRanges(mine, [[0, 19]])
    await b.saved()
    expect([a.pending.count, [...a.pending.ids].sort()]).toEqual([2, [mine, theirs].sort()])
    a.provider.connect()
    await a.saved()
    await until(() => b.layer.has(theirs))
    await until(() => JSON.stringify(a.values) !== '' && a.layer.read(mine)!.content.label === 'org')
    expect(a.layer.read(mine)!.content).toEqual(span(0, 19, 'org'))
    expect(b.layer.read(mine)).toEqual(a.layer.read(mine))
    expect((await annotations()).find(({ id }) => id === theirs)).toMatchObject({ creator: anna.id })
  })

  test('what is typed between opening and the first sync is neither lost nor written twice', async () => {
    const tab = new Tab(room, layer, anna)
    tabs.push(tab)
    const ids = Array.from({ length: 5 }, newId)
    tab.provider.once('status', () => ids.forEach((id, i) => tab.layer.add(span(i, i + 1), { id })))
    tab.provider.on('status', ({ status }: { status: string }) => {
      if (status === 'connected') tab.layer.setUnsure(ids[0]!, true)
    })
    await tab.joined()
    await tab.saved()
    expect(await annotations()).toHaveLength(5)
    expect(tab.closes).toEqual([])
  })

  test('a document that cannot be loaded is refused, never served empty', async () => {
    const first = await open(anna)
    first.layer.add(span(), { id: newId() })
    await first.saved()
    await room.db.deleteFrom('layer_log').where('layer', '=', layer).execute()
    room.crash()
    const told = vi.spyOn(room.services.log, 'warn')
    const tab = new Tab(room, layer, bolat)
    tabs.push(tab)
    await tab.closed(closeCodes.again)
    expect([tab.provider.synced, Object.keys(tab.values)]).toEqual([false, []])
    expect(told.mock.calls[0]).toMatchObject([
      { kind: 'room', id: layer, err: { message: expect.stringContaining('ends at 0') as string } },
      'cannot be opened',
    ])
    told.mockRestore()
  })

  test('a document larger than what may wait for a slow reader still opens', async () => {
    const doc = new Y.Doc()
    const id = newId()
    doc.getMap(ROOT).set(id, ['span', [[0, 8]], 'loc', [['note', 'x'.repeat(16_000_000)]], null])
    const data = Buffer.from(Y.encodeStateAsUpdate(doc))
    await room.db.insertInto('layer_log').values({ layer, seq: 1, epoch: 1, account: anna.id, data }).execute()
    await room.db.updateTable('layer_head').set({ seq: 1 }).where('layer', '=', layer).execute()
    const tab = await open(anna)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([tab.closes, tab.layer.has(id)]).toEqual([[], true])
  })

  test('a broken write path drops the room, and all is there when it heals', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    await sql`alter table layer_log rename to layer_log_away`.execute(room.db)
    const id = newId()
    try {
      a.layer.add(span(), { id })
      await a.closed(closeCodes.again)
      await b.closed(closeCodes.again)
      expect([b.layer.has(id), a.pending.count]).toEqual([false, 1])
    } finally {
      await sql`alter table layer_log_away rename to layer_log`.execute(room.db)
    }
    await a.saved()
    await until(() => b.layer.has(id))
    expect(await stored()).toHaveProperty([id])
  })

  test('a value that the database refuses costs its sender the socket and nobody else anything', async () => {
    const [a, b] = [await open(anna), await open(bolat)]
    await sql`alter table annotation add constraint no_notes check (content::text not like '%boom%')`.execute(room.db)
    try {
      const [good, bad] = [newId(), newId()]
      await room.db.transaction().execute(async (trx) => {
        // both wait for the same flush
        await trx.selectFrom('layer_head').selectAll().where('layer', '=', layer).forUpdate().execute()
        a.layer.add(span(), { id: good })
        b.layer.add({ ...span(), attributes: [['note', 'boom']] }, { id: bad })
        await new Promise((resolve) => setTimeout(resolve, 150))
      })
      await b.closed(closeCodes.malformed)
      await a.saved()
      expect([a.closes, Object.keys(await stored())]).toEqual([[], [good]])
      expect(Object.keys(a.values)).toEqual([good])
    } finally {
      await sql`alter table annotation drop constraint no_notes`.execute(room.db)
    }
  })
})

test('what another server over the same database wrote is taken in by the next write, and shown', async () => {
  const [a, early] = [await open(anna), newId()]
  a.layer.add(span(), { id: early })
  await a.saved()
  room.another()
  const b = await open(bolat)
  expect(b.layer.has(early)).toBe(true)
  const [theirs, mine] = [newId(), newId()]
  b.layer.add(span(9, 19, 'org'), { id: theirs })
  b.layer.setLabel(early, 'org')
  b.doc.getMap(ROOT).set(`${theirs}/label`, 'nobody')
  await b.saved()
  a.layer.add(span(20, 25), { id: mine })
  await a.saved()
  await until(() => a.layer.has(theirs))
  expect(a.layer.read(theirs)!.content).toEqual(span(9, 19, 'org'))
  b.layer.setUnsure(theirs, true)
  await until(() => b.layer.has(mine))
  await b.saved()
  expect(await stored()).toEqual(b.values)
  expect((await annotations()).map(({ id, creator }) => [id, creator])).toEqual(
    [
      [early, anna.id],
      [mine, anna.id],
      [theirs, bolat.id],
    ].sort(([x], [y]) => (x! < y! ? -1 : 1)),
  )
})

test('what another server wrote is shown even when the write that took it in was refused', async () => {
  const [a, c] = [await open(anna), await open(reviewer)]
  room.another()
  const b = await open(bolat)
  const [theirs, mine] = [newId(), newId()]
  b.layer.add(span(9, 19, 'org'), { id: theirs })
  await b.saved()
  await sql`alter table annotation add constraint no_notes check (content::text not like '%boom%')`.execute(room.db)
  try {
    a.layer.add({ ...span(), attributes: [['note', 'boom']] }, { id: newId() })
    await a.closed(closeCodes.malformed)
  } finally {
    await sql`alter table annotation drop constraint no_notes`.execute(room.db)
  }
  c.layer.add(span(), { id: mine })
  await c.saved()
  await until(() => c.layer.has(theirs))
})

test('a sign-off falls when an edit leaves something undecided, and pages hear of it', async () => {
  const tab = await open(anna, { after: '0' })
  await room.db.insertInto('closing').values({ layer, reviewer: reviewer.id }).execute()
  tab.layer.add(span(), { id: newId() })
  await until(() => tab.facts.find(({ kind }) => kind === 'opened'))
  expect(await room.db.selectFrom('closing').selectAll().where('layer', '=', layer).execute()).toEqual([])
})

test('a plain client hears nothing that it does not know', async () => {
  const [tab, ours] = [await open(anna, { ack: '0' }), await open(bolat, { after: '0' })]
  tab.layer.add(span(), { id: newId() })
  const { article } = (await layerInfoOf(room.db, layer))!
  // who came before would have been told before
  await until(() => ours.facts.some(({ payload }) => (payload as { article?: string }).article === article))
  await until(() => tab.heard.some(({ type }) => type === 'update'))
  expect(new Set(tab.heard.map(({ type }) => type))).toEqual(new Set(['step1', 'step2', 'awareness', 'update']))
})

test.each([1, 2, 3, 4])('many editors, cut sockets and a crash: all stored, all shown alike, seed %i', async (seed) => {
  let state = seed
  // any sequence will do, as long as the seed gives it again
  const below = (n: number) => (state = (state * 48271) % 2147483647) % n
  const people = [await open(anna), await open(bolat), await open(reviewer)]
  for (let step = 0; step < 80; step++) {
    const tab = people[below(3)]!
    const ids = [...tab.layer.ids()]
    const id = ids[below(ids.length || 1)]
    const from = below(40)
    if (!id || below(3) === 0) tab.layer.add(span(from, 42, below(2) ? 'loc' : 'org'), { id: newId() })
    else if (below(2)) tab.layer.setRanges(id, [[from, 41]])
    else tab.layer.setLabel(id, below(2) ? 'loc' : 'org')
    if (below(12) === 0) tab.provider.disconnect()
    if (below(6) === 0) people.forEach(({ provider }) => provider.connect())
    if (step === 50) room.crash()
    if (below(4) === 0) await new Promise((resolve) => setTimeout(resolve, below(20)))
  }
  people.forEach(({ provider }) => provider.connect())
  await Promise.all(people.map((tab) => tab.saved()))
  const now = await stored()
  for (const tab of people) await until(() => JSON.stringify(sorted(tab.values)) === JSON.stringify(sorted(now)))
  const rows = await annotations()
  expect(rows.map(({ id, content }) => [id, content])).toEqual(
    rows.map(({ id }) => [id, people[0]!.layer.read(id)!.content]),
  )
  expect(rows.map(({ id }) => id)).toEqual([...people[0]!.layer.ids()].sort())
})

const sorted = (values: Record<string, unknown>) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))

describe('the rules', () => {
  test.each<[string, (tab: Tab, id: string) => void, string]>([
    ['a label that never existed', (t, id) => t.doc.getMap(ROOT).set(`${id}/label`, 'nobody'), 'label_unknown'],
    ['a group', (t, id) => t.doc.getMap(ROOT).set(`${id}/label`, 'ppl'), 'label_group_chosen'],
    ['ranges outside the text', (t, id) => t.doc.getMap(ROOT).set(`${id}/ranges`, [[0, 999]]), 'span_outside'],
    ['half a character', (t, id) => t.doc.getMap(ROOT).set(`${id}/ranges`, [[0, HALF]]), 'span_inside_character'],
    ['an unknown attribute', (t, id) => t.doc.getMap(ROOT).set(`${id}/a/size`, 'big'), 'attribute_unknown'],
    ['a value of another kind', (t, id) => t.doc.getMap(ROOT).set(`${id}/a/note`, 7), 'attribute_value'],
    ['a field of another kind', (t, id) => t.doc.getMap(ROOT).set(`${id}/from`, id), 'annotation_malformed'],
    ['a field without a value', (t, id) => t.doc.getMap(ROOT).set(`${id}/ranges`, 'all'), 'annotation_malformed'],
    ['making it once more', (t, id) => t.doc.getMap(ROOT).set(id, ['article', 'org', [], null]), 'annotation_exists'],
    ['removing somebody else’s', (t, id) => t.layer.setGone(id, true), 'own_only'],
    ['deleting a key', (t, id) => t.doc.getMap(ROOT).delete(id), 'annotation_malformed'],
  ])('%s is put right at its sender and never seen by others', async (_name, wrong, code) => {
    const [a, b] = [await open(anna), await open(bolat)]
    const id = newId()
    a.layer.add(span(), { id })
    await until(() => b.layer.has(id))
    await a.saved()
    const before = a.values
    const seen: string[] = []
    a.layer.observe((ids) => seen.push(JSON.stringify([...ids].map((one) => a.layer.read(one)))))
    wrong(b, id)
    const refusal = await until(() => b.refusals[0])
    expect(refusal.code).toBe(code)
    await until(() => JSON.stringify(b.layer.read(id)) === JSON.stringify(a.layer.read(id)))
    expect(a.values).toMatchObject(before)
    expect(new Set(seen.filter((one) => one !== JSON.stringify([a.layer.read(id)])))).toEqual(new Set())
    expect((await annotations())[0]).toMatchObject({ content: span(), version: 1, gone_at: null })
    expect(await changes()).toHaveLength(1)
    // its next edit is as good as anybody's
    b.layer.setLabel(id, 'org')
    await b.saved()
    await until(() => a.layer.read(id)?.content.label === 'org')
    expect(b.closes).toEqual([])
  })

  test('a relation cannot be led to what is not there', async () => {
    const tab = await open(anna)
    const [one, two, relation] = [newId(), newId(), newId()]
    tab.layer.add(span(), { id: one })
    tab.layer.add(span(9, 19, 'org'), { id: two })
    tab.layer.add({ kind: 'relation', from: one, to: two, label: 'in', attributes: [] }, { id: relation })
    await tab.saved()
    tab.doc.getMap(ROOT).set(`${relation}/to`, newId())
    expect(await until(() => tab.refusals[0])).toMatchObject({ key: `${relation}/to`, code: 'annotation_gone' })
    await until(() => tab.values[`${relation}/to`] === undefined)
  })

  test('a refused new annotation disappears at its sender, and its content is not stored', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.doc.getMap(ROOT).set(id, ['span', [[0, 8]], 'secret-label', [], null])
    expect(await until(() => tab.refusals[0])).toEqual({
      key: id,
      code: 'label_unknown',
      details: { code: 'secret-label' },
      aside: expect.any(String) as string,
    })
    await until(() => !tab.layer.has(id))
    await tab.saved()
    for (const { data } of await log()) expect(data.toString('latin1')).not.toContain('secret-label')
    expect(await annotations()).toEqual([])
  })

  test('however often the server corrects, it is one client of the document', async () => {
    const tab = await open(anna)
    const map = tab.doc.getMap(ROOT)
    const id = newId()
    tab.layer.add(span(), { id })
    for (let i = 0; i < 4; i++) {
      map.set(`${id}/label`, `nobody ${i}`)
      map.set(`${id}/label`, 'org')
      map.set(`${id}/ranges`, [[0, 999]])
      await tab.saved()
      await until(() => tab.refusals.length > i)
    }
    await until(() => JSON.stringify(tab.layer.read(id)?.content) === JSON.stringify(span(0, 8, 'org')))
    const clients = Y.decodeStateVector(Y.encodeStateVector(tab.doc)).keys()
    const servers = [...clients].filter((client) => client !== tab.doc.clientID)
    expect([servers.length, servers.every(isCorrectionClient)]).toEqual([1, true])
  })

  test('a change set that nobody knows is left out, and so is a default', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.doc.getMap(ROOT).set(id, ['span', [[0, 8]], 'loc', [], 'a change set of my own'])
    await until(() => JSON.stringify(tab.values[id]) === '["span",[[0,8]],"loc",[],null]')
    expect((await annotations())[0]).toMatchObject({ via: null, content: span() })
  })

  test('a reviewer removes anybody’s, and its maker brings it back', async () => {
    const [a, r] = [await open(anna), await open(reviewer)]
    const id = newId()
    a.layer.add(span(), { id })
    await until(() => r.layer.has(id))
    r.layer.setGone(id, true)
    await until(() => a.layer.read(id)?.gone)
    expect((await annotations())[0]!.gone_at).toBeInstanceOf(Date)
    a.layer.setGone(id, false)
    await a.saved()
    await until(() => r.layer.read(id)?.gone === false)
    expect((await annotations())[0]!.gone_at).toBeNull()
  })

  test('a frozen layer and a withdrawn article take nothing', async () => {
    const tab = await open(anna)
    await room.db.updateTable('layer').set({ state: 'frozen' }).where('id', '=', layer).execute()
    tab.layer.add(span(), { id: newId() })
    expect((await until(() => tab.refusals[0])).code).toBe('frozen')
    await room.db.updateTable('layer').set({ state: 'open' }).where('id', '=', layer).execute()
    await room.db.updateTable('article').set({ withdrawn_at: new Date() }).execute()
    tab.layer.add(span(), { id: newId() })
    expect((await until(() => tab.refusals[1])).code).toBe('article_withdrawn')
    await room.db.updateTable('article').set({ withdrawn_at: null }).execute()
    expect(await annotations()).toEqual([])
  })

  /** Until so many wait for a lock in this database. One connection serves who asks in order: a moment is enough. */
  async function waitsForLock(most: number): Promise<void> {
    if (room.services.kind !== 'postgres') return rest(200)
    const waiting = sql<{ n: number }>`
      select count(*)::int as n from pg_locks l join pg_stat_activity a using (pid)
      where not l.granted and a.datname = current_database()`
    await until(async () => (await waiting.execute(room.db)).rows[0]!.n >= most)
  }

  test('a label cannot be dropped while it is being used for the first time', async () => {
    const owner = await room.person('Владелица', 'owner')
    const tab = await open(anna)
    const { services, project, db } = room
    const ctx = { services, account: { ...owner, email: null, colour: 1, within: null } }
    const without = { ...labels, labels: labels.labels.filter(({ id }) => id !== 'org') }
    const { article } = (await layerInfoOf(db, layer))!
    await db.insertInto('article_stats').values({ article }).execute()
    let saving: Promise<unknown> | undefined
    const held = db.transaction().execute(async (trx) => {
      // the flush comes as far as its counts; with one connection it cannot even begin
      await trx.updateTable('article_stats').set({ waiting: 0 }).where('article', '=', article).execute()
      tab.layer.add(span(9, 19, 'org'), { id: newId() })
      await waitsForLock(1)
      saving = saveLabelSet(ctx, project, 1, without).catch((error: Error) => error.message)
      await waitsForLock(2)
    })
    await held
    expect(await saving).toBe('label_in_use')
    await tab.saved()
    expect(tab.refusals).toEqual([])
  })

  test('a label that is added while people work counts at once', async () => {
    const tab = await open(anna)
    const id = newId()
    tab.layer.add(span(), { id })
    await tab.saved()
    const { content } = await room.db.selectFrom('label_set').select('content').executeTakeFirstOrThrow()
    const grown = { ...content, labels: [...content.labels, { ...content.labels[0]!, id: 'new', code: 'NEW' }] }
    await room.db
      .insertInto('label_set')
      .values({ project: room.project, no: 2, content: JSON.stringify(grown) })
      .execute()
    tab.doc.getMap(ROOT).set(`${id}/label`, 'new')
    await tab.saved()
    expect(tab.refusals).toEqual([])
    expect((await annotations())[0]!.content.label).toBe('new')
    await room.db.deleteFrom('label_set').where('no', '=', 2).execute()
  })
})

describe('a write of the server’s own', () => {
  test('reaches open browsers, in its account’s name, with what belongs to it', async () => {
    const tab = await open(anna)
    const id = newId()
    await room.live.write(layer, reviewer.id, {
      edit: (doc) => doc.add(span(9, 19, 'org'), { id }),
      also: (trx) =>
        trx
          .insertInto('audit')
          .values({ project: room.project, account: reviewer.id, act: 'test.wrote', subject: id })
          .execute(),
    })
    await until(() => tab.layer.has(id))
    expect((await annotations())[0]).toMatchObject({ creator: reviewer.id, content: span(9, 19, 'org') })
    expect(await room.db.selectFrom('audit').select('act').where('subject', '=', id).execute()).toHaveLength(1)
    expect(await stored()).toEqual(tab.values)
  })

  test('that is refused writes nothing, before or after its first verb', async () => {
    const tab = await open(anna)
    const refuse = () => {
      throw new Problem('changed_meanwhile')
    }
    const early = room.live.write(layer, reviewer.id, { edit: refuse })
    await expect(early).rejects.toThrow('changed_meanwhile')
    const late = room.live.write(layer, reviewer.id, { edit: (doc) => doc.add(span(), { id: newId() }), also: refuse })
    await expect(late).rejects.toThrow('changed_meanwhile')
    const id = newId()
    tab.layer.add(span(), { id })
    await tab.saved()
    expect([Object.keys(tab.values), Object.keys(await stored()), tab.closes]).toEqual([[id], [id], []])
  })

  test('and edits of people at the same time all stand', async () => {
    const tab = await open(anna)
    const ids = Array.from({ length: 20 }, newId)
    const writes = ids.map((id, i) => {
      if (i % 2 === 0) return Promise.resolve(tab.layer.add(span(i, i + 1), { id }))
      return room.live.write(layer, reviewer.id, { edit: (doc) => doc.add(span(i, i + 1), { id }) })
    })
    await Promise.all(writes)
    await tab.saved()
    await until(() => Object.keys(tab.values).length === 20)
    expect(await annotations()).toHaveLength(20)
    room.crash()
    const fresh = await open(bolat)
    expect(fresh.values).toEqual(tab.values)
  })
})
