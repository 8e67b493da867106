import { createHash, randomBytes } from 'node:crypto'
import { idFrom, type Content } from '@tamga/model'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { putSnapshot } from '../live/store.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { clearRows } from './erase-store.ts'
import { resumeErasures } from './erase.ts'

// words that stand nowhere else, each in one of the places that hold something of a text
const words = {
  text: ['zorblaq', 'мурзафолк', 'қырғындәм'],
  title: ['titlofrax'],
  meta: ['metaquuz', 'sourcenib', 'licenzorp', 'grupvex', 'ownidplok'],
  file: ['filenamzu'],
  value: ['attribwex'],
  note: ['noteflimb'],
  refused: ['refusgrok'],
  corrected: ['correcdup'],
}
const all = Object.values(words).flat()
const text = `${words.text.join(' ')}. Тағы ${words.text[2]} келді.`
const attribute = { id: 'note', code: 'NOTE', name: {}, type: 'text', labels: ['loc'] }
const colour = { hue: 1, light: 0.5, dark: 0.75 }
const labels = {
  labels: [{ id: 'loc', code: 'LOC', name: {}, colour, key: null, parent: null, group: false, retired: false }],
  attributes: [attribute],
  relations: [],
}

let app: TestApp
let owner: Browser
let project: string

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
  const made = await owner.send<{ id: string }>('POST', '/projects', {
    name: 'P',
    languages: ['kk'],
    template: 'empty',
  })
  project = made.id
  await owner.send('PUT', `/projects/${project}/labels`, { base: 1, set: labels })
})
afterAll(() => app.close())

/** An article with something of its text in every place that keeps any, made through the product's own doors. */
async function written(name = words.file[0]!): Promise<{ article: string; layer: string; id: string }> {
  const importId = (await owner.send<{ id: string }>('POST', `/projects/${project}/imports`)).id
  const [meta, source, licence, group, id] = words.meta
  const line = { text, title: words.title[0], source, licence, group, id: `${id}-${name}`, speaker: meta }
  const form = new FormData()
  form.append('file', new Blob([JSON.stringify(line)]), `${name}.jsonl`)
  const headers = { host: '127.0.0.1:4173', origin: 'http://127.0.0.1:4173', cookie: owner.cookie }
  const request = { method: 'POST', headers, body: form }
  const response = await app.app.request(`/api/imports/${importId}/files`, request)
  const { files } = (await response.json()) as { files: { preview: { article: string }[] }[] }
  await owner.send('POST', `/imports/${importId}/publish`)
  const { article } = files[0]!.preview[0]!
  await owner.send('PATCH', `/articles/${article}`, { title: `${words.title[0]} ${words.corrected[0]}` })
  const view = await owner.get<{ layer: { id: string } }>(`/articles/${article}`)
  const layer = view.layer.id
  return { article, layer, id: await annotated(article, layer) }
}

async function annotated(article: string, layer: string): Promise<string> {
  const { db } = app.services
  const id = idFrom(randomBytes(12))
  const content = (end: number): Content => ({
    kind: 'span',
    ranges: [[0, end]],
    label: 'loc',
    attributes: [['note', words.value[0]!]],
  })
  await app.live.write(layer, owner.account, { edit: (doc) => doc.add(content(7), { id }) })
  await app.live.write(layer, owner.account, { edit: (doc) => doc.setRanges(id, [[0, 17]]) })
  const items = [{ annotation: id, verdict: 'approve', shown: content(17), note: words.note[0] }]
  const { results } = await owner.send<{ results: { ok: boolean }[] }>('POST', `/articles/${article}/decisions`, {
    items,
  })
  expect(results).toMatchObject([{ ok: true }])
  const doc = new Y.Doc()
  doc.getMap('annotations').set(id, words.value[0])
  await db
    .transaction()
    .execute((trx) => putSnapshot(trx, { layer, epoch: 1, seq: 2, state: Y.encodeStateAsUpdate(doc), at: new Date() }))
  await db
    .insertInto('set_aside')
    .values({
      id: idFrom(randomBytes(12)),
      layer,
      account: owner.account,
      key: `${id}/a/note`,
      code: 'frozen',
      details: '{}',
    })
    .execute()
  await sql`update set_aside set value = ${JSON.stringify([words.refused[0]])}::jsonb where layer = ${layer}`.execute(
    db,
  )
  return id
}

/** Every row of every table as text; bytes are hex there. */
async function dump(): Promise<string> {
  const { db } = app.services
  const tables = await sql<{ name: string }>`select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'm')`.execute(db)
  const parts: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db)
    parts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  return parts.join('\n')
}

/** A word as it may stand in a dump: as it is, in UTF-16, as hex, as base64 wherever its bytes begin, and that as hex. */
function formsOf(word: string): string[] {
  const little = Buffer.from(word, 'utf16le')
  const bytes = [Buffer.from(word), little, Buffer.from(little).swap16()]
  const base64 = bytes.flatMap((own) =>
    [0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), own])
        .toString('base64')
        .slice(shift === 0 ? 0 : 4, -4),
    ),
  )
  const hex = [...bytes, ...base64.map((coded) => Buffer.from(coded))].map((own) => own.toString('hex'))
  return [word, ...hex, ...base64]
}

const foundIn = (rows: string, wanted: readonly string[]) =>
  wanted.filter((word) => formsOf(word).some((form) => rows.includes(form)))

const sum = (value: string) => createHash('sha256').update(value).digest('hex')

test('a dump of the database holds nothing of an erased text, in any encoding', async () => {
  const { article, layer, id } = await written()
  const before = await dump()
  expect(foundIn(before, all)).toEqual(all)
  expect(before).toContain(sum(text))
  const { digest } = await app.services.db
    .selectFrom('annotation')
    .select('digest')
    .where('layer', '=', layer)
    .executeTakeFirstOrThrow()
  await owner.send('POST', `/articles/${article}/erase`, { reason: 'asked for' })
  const after = await dump()
  expect(foundIn(after, all)).toEqual([])
  expect(after).not.toContain(sum(text))
  expect(after).not.toContain(digest)
  // what stays: who did what when, the verdict, the counts
  const { db } = app.services
  const decision = await db.selectFrom('decision').selectAll().where('annotation', '=', id).executeTakeFirst()
  expect(decision).toMatchObject({ account: owner.account, verdict: 'approve', layer })
  const row = await db.selectFrom('annotation').selectAll().where('id', '=', id).executeTakeFirst()
  expect(row).toMatchObject({ creator: owner.account, content: { kind: 'span', label: 'loc', ranges: [] } })
  const stats = await db.selectFrom('article_stats').selectAll().where('article', '=', article).executeTakeFirst()
  expect(stats).toMatchObject({ annotated: 1, approved: 1 })
  const acts = await db
    .selectFrom('audit')
    .select(['act', 'after'])
    .where('subject', '=', article)
    .orderBy('id')
    .execute()
  expect(acts.at(-1)).toEqual({ act: 'article.erased', after: { reason: 'asked for' } })
})

test('an erased article can be neither read, changed, restored, decided on nor erased again', async () => {
  const { article, id } = await written('second')
  const path = `/articles/${article}`
  expect(await owner.refusal('POST', `${path}/erase`, { reason: ' ' })).toBe('reason_needed')
  await owner.send('POST', `${path}/erase`, { reason: 'asked for' })
  expect(await owner.refusal('GET', path)).toBe('article_erased')
  expect(await owner.refusal('GET', `${path}/annotations`)).toBe('article_erased')
  expect(await owner.refusal('PATCH', path, { title: 'again' })).toBe('article_erased')
  expect(await owner.refusal('POST', `${path}/restore`)).toBe('article_erased')
  expect(await owner.refusal('POST', `${path}/erase`, { reason: 'twice' })).toBe('article_erased')
  const shown = { kind: 'span', ranges: [[0, 1]], label: 'loc', attributes: [] }
  const items = [{ annotation: id, verdict: 'approve', shown }]
  expect(await owner.refusal('POST', `${path}/decisions`, { items })).toBe('article_withdrawn')
  const listed = async (query: string) =>
    (
      await owner.get<{ articles: { id: string; erased: string | null; title: string }[] }>(
        `/projects/${project}/articles${query}`,
      )
    ).articles
  expect((await listed('')).map((one) => one.id)).not.toContain(article)
  expect((await listed('?withdrawn=1')).find((one) => one.id === article)).toMatchObject({ title: '', erased: /Z$/ })
})

test('only an owner erases a text, and a foreigner learns nothing of it', async () => {
  const { article } = await written('third')
  const reviewer = await app.person('Reviewer')
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'reviewer' })
  await reviewer.send('POST', '/tickets/use', { token: url.split('#')[1] })
  const foreigner = await app.person('Foreigner')
  const erase = (by: Browser) => by.refusal('POST', `/articles/${article}/erase`, { reason: 'r' })
  expect([await erase(reviewer), await erase(foreigner), await erase(app.stranger)]).toEqual([
    'forbidden',
    'not_found',
    'sign_in',
  ])
  expect(await erase(owner)).toBe(204)
})

test('a write that was prepared before an erasure finds no document to go into', async () => {
  const { article, layer } = await written('fourth')
  // the room has the document open, and does not know of the erasure
  await owner.send('POST', `/articles/${article}/erase`, { reason: 'r' })
  const content: Content = { kind: 'span', ranges: [[0, 7]], label: 'loc', attributes: [['note', words.value[0]!]] }
  const write = app.live.write(layer, owner.account, {
    edit: (doc) => doc.add(content, { id: idFrom(randomBytes(12)) }),
  })
  await expect(write).rejects.toThrow()
  // nor does a snapshot that was taken of the old one
  const snapshot = { layer, epoch: 1, seq: 9, state: new TextEncoder().encode(words.value[0]), at: new Date() }
  await app.services.db.transaction().execute((trx) => putSnapshot(trx, snapshot))
  expect(foundIn(await dump(), words.value)).toEqual([])
})

test('an erasure that a crash cut short is ended by the next start', async () => {
  const { article } = await written('fifth')
  const { db } = app.services
  await owner.send('POST', `/articles/${article}/erase`, { reason: 'r' })
  // as a crash after the first statement would leave it
  await db.updateTable('article').set({ erasing: true }).where('id', '=', article).execute()
  await db
    .insertInto('revision_chunk')
    .columns(['revision', 'no', 'body'])
    .expression((eb) =>
      eb
        .selectFrom('revision')
        .select(['id', sql<number>`0`.as('no'), sql<string>`${words.text[0]}`.as('body')])
        .where('article', '=', article),
    )
    .execute()
  await resumeErasures(app.services, new AbortController().signal)
  expect(foundIn(await dump(), words.text)).toEqual([])
  expect(await db.selectFrom('article').select('erasing').where('id', '=', article).executeTakeFirst()).toEqual({
    erasing: false,
  })
})

test('no statement of an erasure clears more than a thousand rows', async () => {
  const { article, layer } = await written('sixth')
  const { db } = app.services
  await sql`insert into change (layer, seq, n, annotation, key, before, after, account)
    select ${layer}, 100 + i, 0, 'x', 'label', '["a"]', '["b"]', ${owner.account} from generate_series(1, 2500) i`.execute(
    db,
  )
  const left = () =>
    sql<{ n: number }>`select count(*)::int as n from change where layer = ${layer} and after is not null`.execute(db)
  const sizes: number[] = []
  let before = (await left()).rows[0]!.n
  for await (const _ of clearRows(db, article)) {
    const now = (await left()).rows[0]!.n
    if (now !== before) sizes.push(before - now)
    before = now
  }
  expect(sizes.length).toBeGreaterThan(2)
  expect(Math.max(...sizes)).toBe(1000)
  expect(before).toBe(0)
})
