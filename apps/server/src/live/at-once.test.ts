import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { json } from '../db/json.ts'
import { poolOf } from '../db/open.ts'
import { newId } from '../services.ts'
import { flushAtOnce, type Expected, type FlushRows } from './store.ts'
import { labels, openTestRoom, span, Tab, until, type Person, type TestRoom } from './test-room.ts'

let room: TestRoom
let layer: string
let anna: Person

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
})
beforeEach(async () => (layer = await room.layer()))
afterAll(() => room.close())

const head = () => room.db.selectFrom('layer_head').select('seq').where('layer', '=', layer).executeTakeFirstOrThrow()

const newest = async () => {
  const { no } = await room.db
    .selectFrom('label_set')
    .select((eb) => eb.fn.max<number>('no').as('no'))
    .executeTakeFirstOrThrow()
  return no
}

const expected = async (): Promise<Expected> => ({
  layers: [{ layer, epoch: 1, seq: 0, label_set: await newest() }],
  members: [{ project: room.project, account: anna.id, role: 'annotator' }],
})

function flush(what: Expected): Promise<boolean> {
  const log = [{ layer, seq: 1, epoch: 1, account: anna.id, at: new Date(), data: 'AAA=' }]
  const rows: FlushRows = {
    ...{ log, changes: [], annotations: [], asides: [], counts: [] },
    heads: [{ layer, was: 0, upto: 1 }],
  }
  return flushAtOnce(poolOf(room.db), what, rows)
}

describe('a flush in one statement', () => {
  test('writes where everything stands as expected', async () => {
    expect(await flush(await expected())).toBe(true)
    expect(await head()).toEqual({ seq: 1 })
  })

  test.each<[string, (what: Expected) => Promise<unknown>]>([
    ['a head moved', () => room.db.updateTable('layer_head').set({ seq: 4 }).where('layer', '=', layer).execute()],
    [
      'there is a new document',
      () => room.db.updateTable('layer_head').set({ epoch: 2 }).where('layer', '=', layer).execute(),
    ],
    [
      'a role changed',
      () => room.db.updateTable('member').set({ role: 'viewer' }).where('account', '=', anna.id).execute(),
    ],
    [
      'somebody was removed',
      () => room.db.updateTable('member').set({ left_at: new Date() }).where('account', '=', anna.id).execute(),
    ],
    [
      'there is another label set',
      async () =>
        room.db
          .insertInto('label_set')
          .values({ project: room.project, no: (await newest()) + 1, content: json(labels) })
          .execute(),
    ],
    [
      'the layer is frozen',
      () => room.db.updateTable('layer').set({ state: 'frozen' }).where('id', '=', layer).execute(),
    ],
    ['the article is withdrawn', () => room.db.updateTable('article').set({ withdrawn_at: new Date() }).execute()],
    ['it is signed off', () => room.db.insertInto('closing').values({ layer, reviewer: anna.id }).execute()],
    [
      'something is decided',
      async () => {
        const id = newId()
        const at = new Date()
        await room.db
          .insertInto('annotation')
          .values({
            ...{ layer, id, kind: 'span', content: json(span()), digest: 'd', creator: anna.id, last_editor: anna.id },
            ...{ version: 1, unsure: false, via: null, anchor: null, created_at: at, changed_at: at, gone_at: null },
          })
          .execute()
        const decision = {
          id: newId(),
          layer,
          annotation: id,
          account: anna.id,
          verdict: 'approve',
          digest: 'd',
        } as const
        await room.db
          .insertInto('decision')
          .values({ ...decision, label_set_no: await newest(), at })
          .execute()
      },
    ],
  ])('writes nothing if %s', async (_name, happen) => {
    const what = await expected()
    await happen(what)
    const before = await head()
    expect(await flush(what)).toBe(false)
    expect(await head()).toEqual(before)
    await room.db.updateTable('member').set({ role: 'annotator', left_at: null }).execute()
    await room.db.updateTable('article').set({ withdrawn_at: null }).execute()
    expect(await room.db.selectFrom('layer_log').selectAll().where('layer', '=', layer).execute()).toEqual([])
  })

  test.runIf(process.env.TEST_DB === 'postgres')(
    'waits neither for a head nor for a project that is held',
    async () => {
      const what = await expected()
      await room.db.transaction().execute(async (trx) => {
        await trx.selectFrom('layer_head').select('seq').where('layer', '=', layer).forUpdate().execute()
        expect(await flush(what)).toBe(false)
      })
      // as whoever saves a label set does
      await room.db.transaction().execute(async (trx) => {
        await trx.selectFrom('project').select('id').where('id', '=', room.project).forUpdate().execute()
        expect(await flush(what)).toBe(false)
      })
      expect(await flush(what)).toBe(true)
    },
  )
})

test('what changes between two edits counts for the second, and nobody is sent away', async () => {
  const [ann, bolat] = [await room.person('Анна'), await room.person('Болат')]
  const [a, b] = [new Tab(room, layer, ann), new Tab(room, layer, bolat)]
  await Promise.all([a.joined(), b.joined()])
  const [first, second, third] = [newId(), newId(), newId()]
  a.layer.add(span(), { id: first })
  await a.saved()
  a.layer.setUnsure(first, true)
  await a.saved()
  await room.db.updateTable('layer').set({ state: 'frozen' }).where('id', '=', layer).execute()
  a.layer.add(span(9, 19, 'org'), { id: second })
  expect((await until(() => a.refusals[0])).code).toBe('frozen')
  await room.db.updateTable('layer').set({ state: 'open' }).where('id', '=', layer).execute()
  // another server writes, of which this one hears nothing
  room.another()
  const c = new Tab(room, layer, bolat)
  await c.joined()
  c.layer.add(span(20, 25), { id: third })
  await c.saved()
  a.layer.setUnsure(first, false)
  await a.saved()
  for (const tab of [a, b]) await until(() => tab.layer.has(third) && !tab.layer.has(second))
  await until(() => b.layer.read(first)?.unsure === false)
  expect([...a.closes, ...b.closes, ...c.closes]).toEqual([])
  for (const tab of [a, b, c]) tab.end()
})
