import { Readable } from 'node:stream'
import { sha256Hex, type Role } from '@tamga/model'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { insertMember } from '../projects/store.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { packedOf, unpackRanges } from '../db/bodies.ts'
import { sweepImports } from './import.ts'
import { listArticles } from './list.ts'

let app: TestApp
let owner: Browser
let stranger: Browser
let project: string

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
  stranger = await app.person('Stranger')
})
afterAll(() => app.close())
beforeEach(async () => {
  project = await newProject()
})

const newProject = async () =>
  (await owner.send<{ id: string }>('POST', '/projects', { name: 'P', languages: ['kk'], template: 'empty' })).id

async function join(name: string, role: Role): Promise<Browser> {
  const person = await app.person(name)
  await app.services.db.transaction().execute((trx) => insertMember(trx, project, person.account, role, name))
  return person
}

type Content = string | Uint8Array
interface Staged {
  id: string
  file: string
  kind: string | null
  articles: number
  refused: number
  refusals: { file: string; line: number | null; code: string; details: object }[]
  preview: {
    article: string
    title: string
    language: string | null
    size: number
    date: string | null
    start: string
  }[]
}

const openImport = async (by = owner) => (await by.send<{ id: string }>('POST', `/projects/${project}/imports`)).id

async function post(
  importId: string,
  body: FormData | ReadableStream,
  headers: Record<string, string> = {},
  by = owner,
  signal: AbortSignal | null = null,
) {
  const request = { host: '127.0.0.1:4173', origin: 'http://127.0.0.1:4173', cookie: by.cookie, ...headers }
  return app.app.request(`/api/imports/${importId}/files`, {
    ...{ method: 'POST', headers: request, body, signal },
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  })
}

async function upload(importId: string, files: Record<string, Content>, by = owner): Promise<Staged[]> {
  const form = new FormData()
  for (const [name, content] of Object.entries(files)) form.append('file', new Blob([content as BlobPart]), name)
  const response = await post(importId, form, {}, by)
  const answer = (await response.json()) as { files: Staged[]; code: string }
  if (!response.ok) throw new Error(answer.code)
  return answer.files
}

const publish = (id: string) => owner.send<{ articles: number }>('POST', `/imports/${id}/publish`)
const lines = (...records: object[]) => records.map((record) => JSON.stringify(record)).join('\n')

/** Imports one file and answers the ids of its articles in order. */
async function importAll(...records: object[]): Promise<string[]> {
  const id = await openImport()
  const [file] = await upload(id, { 'a.jsonl': lines(...records) })
  await publish(id)
  return file!.preview.map(({ article }) => article)
}

interface Listed {
  id: string
  title: string
  group: string | null
  size: number
  language: string | null
  withdrawn: string | null
  hits: { before: string; hit: string; after: string }[]
  here: string[]
}
const list = async (query = '', by = owner) =>
  (await by.get<{ articles: Listed[] }>(`/projects/${project}/articles${query}`)).articles
const titles = async (query = '') => (await list(query)).map(({ title }) => title)

const rowsIn = async (table: 'article' | 'revision' | 'layer') =>
  (
    await app.services.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

describe('an import', () => {
  test('is unseen until it is published, and then there at once, to the letter', async () => {
    const text = '\ufeff«Ақтөбеде» 🐎\r\nжиын  өтті.\n'
    const id = await openImport()
    const [plain, many] = await upload(id, { 'қала.txt': text, 'b.jsonl': lines({ text: 'Бір.' }, { text: 'Екі.' }) })
    expect(plain).toMatchObject({ file: 'қала.txt', kind: 'text', articles: 1, refused: 0 })
    expect(plain!.preview).toMatchObject([
      { title: '«Ақтөбеде» 🐎', language: 'kk', size: [...text].length, date: null, start: text },
    ])
    expect(many).toMatchObject({ kind: 'lines', articles: 2 })
    expect(await list()).toEqual([])
    expect(await owner.refusal('GET', `/articles/${plain!.preview[0]!.article}`)).toBe('not_found')
    expect(await publish(id)).toEqual({ articles: 3 })
    expect(await titles()).toEqual(['«Ақтөбеде» 🐎', 'Бір.', 'Екі.'])
    const shown = await owner.get<{ revision: { text: string; sha256: string } }>(
      `/articles/${plain!.preview[0]!.article}`,
    )
    expect(shown.revision).toMatchObject({ text, sha256: sha256Hex(text), no: 1 })
    const facts = await app.services.db
      .selectFrom('fact')
      .selectAll()
      .where('scope', '=', `project/${project}`)
      .execute()
    expect(facts.map(({ kind }) => kind)).toContain('articles')
    const acts = await app.services.db.selectFrom('audit').selectAll().where('project', '=', project).execute()
    expect(acts.at(-1)).toMatchObject({
      act: 'articles.imported',
      after: { articles: 3, files: ['қала.txt', 'b.jsonl'] },
    })
    expect(await owner.refusal('POST', `/imports/${id}/publish`)).toBe('import_gone')
  })

  test('imports nothing while a refusal stands; without the file it does', async () => {
    const id = await openImport()
    const before = await rowsIn('article')
    const files = await upload(id, {
      'good.txt': 'Жақсы.',
      'nul.txt': 'а\0',
      'latin.txt': new Uint8Array([0xcf, 0xf0]),
      'empty.txt': '',
      'a.pdf': '%PDF',
      'half.jsonl': '{"text":"бір"}\n{"text":\n{"title":"x"}\n{"text":"\\ud800"}',
    })
    expect(files.flatMap(({ refusals }) => refusals.map(({ file, line, code }) => [file, line, code]))).toEqual([
      ['nul.txt', null, 'text_nul'],
      ['latin.txt', null, 'text_utf8'],
      ['empty.txt', null, 'text_empty'],
      ['a.pdf', null, 'file_kind'],
      ['half.jsonl', 2, 'line_not_json'],
      ['half.jsonl', 3, 'line_no_text'],
      ['half.jsonl', 4, 'text_surrogate'],
    ])
    expect(await rowsIn('article')).toBe(before + 1)
    expect(await owner.refusal('POST', `/imports/${id}/publish`)).toBe('import_refused')
    expect(await list()).toEqual([])
    for (const file of files.slice(1)) await owner.send('DELETE', `/imports/${id}/files/${file.id}`)
    expect(await publish(id)).toEqual({ articles: 1 })
    expect(await titles()).toEqual(['Жақсы.'])
  })

  test('takes an id once: in the file, in the import, in the project', async () => {
    await importAll({ id: 'a', text: 'Ескі.' })
    const id = await openImport()
    await upload(id, { '1.jsonl': lines({ id: 'b', text: 'Бір.' }) })
    const [file] = await upload(id, {
      '2.jsonl': lines({ id: 'a', text: '1' }, { id: 'b', text: '2' }, { id: 'c', text: '3' }, { id: 'c', text: '4' }),
    })
    expect(file!.refusals).toEqual([
      { file: '2.jsonl', line: 1, code: 'article_exists', details: { id: 'a' } },
      { file: '2.jsonl', line: 2, code: 'id_twice', details: { id: 'b' } },
      { file: '2.jsonl', line: 4, code: 'id_twice', details: { id: 'c' } },
    ])
  })

  test('of two with the same ids only one is published', async () => {
    const ids = [await openImport(), await openImport()]
    for (const id of ids) await upload(id, { 'a.jsonl': lines({ id: 'x', text: 'Бір.' }) })
    await publish(ids[0]!)
    expect(await owner.refusal('POST', `/imports/${ids[1]}/publish`)).toBe('article_exists')
    expect(await titles()).toEqual(['Бір.'])
  })

  test('with nothing in it is not published', async () => {
    expect(await owner.refusal('POST', `/imports/${await openImport()}/publish`)).toBe('import_refused')
  })

  test('lists a hundred refusals and counts all', async () => {
    const [file] = await upload(await openImport(), { 'a.jsonl': '{"text":1}\n'.repeat(250) })
    expect(file).toMatchObject({ refused: 250, articles: 0 })
    expect(file!.refusals).toHaveLength(100)
  })

  test('is corrected in its languages, one by one or by the file, and its sentences follow', async () => {
    const id = await openImport()
    const text = 'Ол 2024 ж. Алматыда тұрды.'
    const [file] = await upload(id, { 'a.jsonl': lines({ text, language: 'en' }, { text }, { text }) })
    const one = file!.preview[0]!.article
    const sentences = async () => {
      const row = await app.services.db
        .selectFrom('revision')
        .select(packedOf('sentences', 'revision.id').as('packed'))
        .where('article', '=', one)
        .executeTakeFirstOrThrow()
      return unpackRanges(row.packed)
    }
    await owner.send('PATCH', `/imports/${id}`, { language: { [file!.id]: 'ru', [one]: null } })
    const after = await owner.get<{ files: Staged[] }>(`/imports/${id}`)
    expect(after.files[0]!.preview.map(({ language }) => language)).toEqual([null, 'ru', 'ru'])
    expect((await sentences()).at(-1)![1]).toBe(text.length)
    expect(await owner.refusal('PATCH', `/imports/${id}`, { language: { [one]: 'de' } })).toBe('malformed')
  })

  test('shows more of a long file by pages', async () => {
    const id = await openImport()
    const [file] = await upload(id, { 'a.jsonl': '{"text":"a"}\n'.repeat(120) })
    expect(file!.preview).toHaveLength(100)
    const rest = await owner.get<Staged>(`/imports/${id}/files/${file!.id}?from=100`)
    expect(rest.preview).toHaveLength(20)
  })

  test('leaves nothing when it is discarded, or when its server died', async () => {
    const later = new Date(Date.now() + 25 * 60 * 60 * 1000)
    await sweepImports(app.services, later)
    const before = [await rowsIn('article'), await rowsIn('revision'), await rowsIn('layer')]
    const [first, second] = [await openImport(), await openImport()]
    for (const id of [first, second]) await upload(id, { 'a.jsonl': '{"text":"a"}\n'.repeat(500) })
    await owner.send('DELETE', `/imports/${first}`)
    await sweepImports(app.services, later)
    expect([await rowsIn('article'), await rowsIn('revision'), await rowsIn('layer')]).toEqual(before)
    expect(await owner.refusal('POST', `/imports/${second}/publish`)).toBe('import_gone')
  })

  test('goes on when another server over the same Postgres starts', async () => {
    const id = await openImport()
    await upload(id, { 'a.jsonl': '{"text":"a"}' })
    await sweepImports({ db: app.services.db, kind: 'postgres' }, new Date())
    expect(await publish(id)).toEqual({ articles: 1 })
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['discarded', (id) => owner.send('DELETE', `/imports/${id}`)],
    // a file that begins to arrive between the look at the files and the publication
    [
      'published',
      (id) => app.services.db.updateTable('import').set({ state: 'published' }).where('id', '=', id).execute(),
    ],
  ])('that is %s while a file arrives takes nothing of it in, and says so', async (_name, end) => {
    const id = await openImport()
    const before = await rowsIn('article')
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
    async function* body() {
      yield Buffer.from(head + '{"text":"a"}\n'.repeat(1000))
      while ((await rowsIn('article')) === before) await new Promise((resolve) => setTimeout(resolve, 20))
      await end(id)
      yield Buffer.from('{"text":"b"}\n'.repeat(1000) + '\r\n--x--\r\n')
    }
    const type = { 'content-type': 'multipart/form-data; boundary=x' }
    const response = await post(id, Readable.toWeb(Readable.from(body())) as ReadableStream, type)
    expect(await response.json()).toMatchObject({ code: 'import_gone' })
    expect(await rowsIn('article')).toBe(before)
  })

  test('drops a file whose upload breaks off', async () => {
    const id = await openImport()
    const before = await rowsIn('article')
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
    async function* body() {
      yield Buffer.from(head + '{"text":"a"}\n'.repeat(1000))
      throw new Error('the browser is gone')
    }
    const type = { 'content-type': 'multipart/form-data; boundary=x' }
    const response = await post(id, Readable.toWeb(Readable.from(body())) as ReadableStream, type)
    expect(response.status).toBe(400)
    const cut = await post(id, new Blob([head, '{"text":"a"}\n']).stream(), type)
    expect(await cut.json()).toMatchObject({ code: 'malformed' })
    expect(await rowsIn('article')).toBe(before)
    expect((await owner.get<{ files: Staged[] }>(`/imports/${id}`)).files).toEqual([])
  })

  test('drops a file whose uploader leaves while the last of it is read', async () => {
    const id = await openImport()
    const before = await rowsIn('article')
    const leaving = new AbortController()
    async function* body() {
      yield Buffer.from('--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n')
      yield Buffer.from('{"text":"a"}\n'.repeat(1000))
      while ((await rowsIn('article')) === before) await new Promise((resolve) => setTimeout(resolve, 20))
      yield Buffer.from('\r\n--x--\r\n')
      leaving.abort()
    }
    const type = { 'content-type': 'multipart/form-data; boundary=x' }
    const stream = Readable.toWeb(Readable.from(body())) as ReadableStream
    expect((await post(id, stream, type, owner, leaving.signal)).status).toBe(400)
    expect(await rowsIn('article')).toBe(before)
    expect((await owner.get<{ files: Staged[] }>(`/imports/${id}`)).files).toEqual([])
  })

  test('refuses 50 MB of text without keeping it', async () => {
    const [file] = await upload(await openImport(), { 'big.txt': new Uint8Array(50 * 1024 * 1024).fill(97) })
    expect(file).toMatchObject({ articles: 0, refusals: [{ code: 'file_too_large', line: null }] })
  })

  test(
    'streams eight thousand lines: what is read is written before more is asked for',
    { timeout: 120_000 },
    async () => {
      const id = await openImport()
      const before = await rowsIn('article')
      let ahead = 0
      async function* body() {
        yield Buffer.from('--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n')
        for (let n = 0; n < 8_000; n++) {
          if (n % 2000 === 0) ahead = Math.max(ahead, n - ((await rowsIn('article')) - before))
          yield Buffer.from(JSON.stringify({ id: n, text: `№ ${n}. Ақтөбеде форум өтті.` }) + '\n')
        }
        yield Buffer.from('\r\n--x--\r\n')
      }
      const response = await post(id, Readable.toWeb(Readable.from(body())) as ReadableStream, {
        'content-type': 'multipart/form-data; boundary=x',
      })
      expect(((await response.json()) as { files: Staged[] }).files[0]).toMatchObject({ articles: 8_000, refused: 0 })
      // a batch, and what the streams between hold
      expect(ahead).toBeLessThan(3000)
      expect(await publish(id)).toEqual({ articles: 8_000 })
    },
  )
})

describe('the list', () => {
  test('finds a Kazakh word typed on a Russian keyboard, in title and text, with the words around', async () => {
    await importAll(
      { title: 'Қазақстан', text: 'Бос мәтін.' },
      { title: 'Екінші', text: 'Біз ҚАЗАҚСТАН халқымыз.' },
      { title: 'Үшінші', text: 'Казахстан. 100%' },
    )
    expect(await titles(`?q=${encodeURIComponent('казакстан')}`)).toEqual(['Қазақстан', 'Екінші'])
    expect((await list(`?q=${encodeURIComponent('казакстан')}`))[1]!.hits).toEqual([
      { before: 'Біз ', hit: 'ҚАЗАҚСТАН', after: ' халқымыз.' },
    ])
    expect(await titles(`?q=${encodeURIComponent('Қазақстан')}&exact=1`)).toEqual(['Қазақстан', 'Екінші'])
    expect(await titles(`?q=${encodeURIComponent('казакстан')}&exact=1`)).toEqual([])
    expect(await titles(`?q=${encodeURIComponent('100%')}`)).toEqual(['Үшінші'])
    expect(await titles(`?q=${encodeURIComponent('10_%')}`)).toEqual([])
    expect(await titles(`?q=${encodeURIComponent('0%')}&exact=1`)).toEqual(['Үшінші'])
    expect(await titles('?q=%20')).toHaveLength(3)
    expect(await owner.refusal('GET', `/projects/${project}/articles?q=%00`)).toBe('malformed')
  })

  test('says who is in an article', async () => {
    const [id] = await importAll({ text: 'Бір.' })
    const services = { ...app.services, here: (of: string) => (of === project ? { [id!]: [owner.account] } : {}) }
    const account = { id: owner.account, name: 'Owner', email: null, colour: 1, within: null }
    const { articles, at } = await listArticles({ services, account }, project, { search: null, withdrawn: false })
    expect(articles).toMatchObject([{ id, here: [owner.account] }])
    expect(at).toEqual({ [`project/${project}`]: expect.any(Number) as number })
  })
})

describe('an article', () => {
  test('opens with its place among all, its siblings and the people', async () => {
    const [a, b, c] = await importAll({ text: 'A', group: 'g' }, { text: 'B' }, { text: 'C', group: 'g' })
    const shown = await owner.get<Record<string, unknown>>(`/articles/${b}`)
    expect(shown).toMatchObject({
      ...{ project, title: 'B', role: 'owner', previous: a, next: c, position: [2, 3], siblings: [], rulings: [] },
      ...{ closing: null, withdrawn: null, layer: { epoch: 1 }, labelSet: { no: 1 }, settings: { quorum: 1 } },
      members: [{ account: owner.account, name: 'Owner', role: 'owner', left: false }],
    })
    expect((shown.at as Record<string, number>)[`project/${project}`]).toBeGreaterThan(0)
    expect(await owner.get(`/articles/${a}`)).toMatchObject({
      ...{ previous: null, next: b, position: [1, 3], siblings: [{ id: c, title: 'C', language: 'en' }] },
    })
  })

  test('is corrected by an owner, two are put into one group, both told in the journal', async () => {
    const [a, b] = await importAll({ text: 'Бір' }, { text: 'Один' })
    await owner.send('PATCH', `/articles/${a}`, { title: 'Жаңа', language: null, date: '2025-09-10' })
    expect(await owner.get(`/articles/${a}`)).toMatchObject({ title: 'Жаңа', language: null, date: '2025-09-10' })
    await owner.send('POST', `/articles/${a}/group`, { with: b })
    expect((await list()).map(({ group }) => group)).toEqual([expect.any(String), (await list())[0]!.group])
    expect(await owner.get(`/articles/${b}`)).toMatchObject({ siblings: [{ id: a }] })
    await owner.send('POST', `/articles/${b}/group`, { with: null })
    expect(await owner.get(`/articles/${a}`)).toMatchObject({ siblings: [] })
    const audit = await app.services.db
      .selectFrom('audit')
      .selectAll()
      .where('subject', '=', a!)
      .orderBy('id')
      .execute()
    expect(audit).toMatchObject([
      { act: 'article.changed', before: { title: 'Бір', date: null }, after: { title: 'Жаңа', date: '2025-09-10' } },
      { act: 'article.grouped', before: { group: null } },
    ])
    for (const wrong of [{ title: ' ' }, { date: '1.1.2025' }, { language: 'de' }])
      expect(await owner.refusal('PATCH', `/articles/${a}`, wrong)).toBe('malformed')
    for (const title of ['a\0', 'a\u202eb'])
      expect(await owner.refusal('PATCH', `/articles/${a}`, { title })).toBe('name_character')
  })

  test('is withdrawn for a reason, seen by owners alone, and restored as it was', async () => {
    const [a, b] = await importAll({ text: 'Бір' }, { text: 'Екі' })
    const reviewer = await join('Rita', 'reviewer')
    expect(await owner.refusal('POST', `/articles/${a}/withdraw`, { reason: ' ' })).toBe('reason_needed')
    await owner.send('POST', `/articles/${a}/withdraw`, { reason: 'қате' })
    expect(await owner.refusal('POST', `/articles/${a}/withdraw`, { reason: 'тағы' })).toBe('article_withdrawn')
    expect(await titles()).toEqual(['Екі'])
    expect(await list('?withdrawn=1')).toMatchObject([{ id: a, withdrawn: 'қате' }])
    expect(await reviewer.refusal('GET', `/projects/${project}/articles?withdrawn=1`)).toBe('forbidden')
    expect(await reviewer.refusal('GET', `/articles/${a}`)).toBe('article_withdrawn')
    expect(await owner.get(`/articles/${a}`)).toMatchObject({ withdrawn: 'қате' })
    expect(await owner.get(`/articles/${b}`)).toMatchObject({ previous: null, position: [1, 1] })
    await owner.send('POST', `/articles/${a}/restore`)
    expect(await titles()).toEqual(['Бір', 'Екі'])
  })
})

test('a foreigner finds nothing, an annotator reads, nobody but an owner changes', async () => {
  const [a] = await importAll({ text: 'Бір' })
  const id = await openImport()
  const annotator = await join('Ann', 'annotator')
  const other = await newProject()
  const acts: [string, string, unknown?][] = [
    ['GET', `/projects/${project}/articles`],
    ['GET', `/articles/${a}`],
    ['GET', `/articles/${a}/annotations`],
    ['PATCH', `/articles/${a}`, { title: 'x' }],
    ['POST', `/articles/${a}/withdraw`, { reason: 'x' }],
    ['POST', `/articles/${a}/restore`],
    ['POST', `/articles/${a}/group`, { with: null }],
    ['POST', `/projects/${project}/imports`],
    ['GET', `/imports/${id}`],
    ['PATCH', `/imports/${id}`, { language: {} }],
    ['POST', `/imports/${id}/publish`],
    ['DELETE', `/imports/${id}`],
  ]
  for (const act of acts) {
    const absent = act[1].includes('/imports/') ? 'import_gone' : 'not_found'
    expect([act, await stranger.refusal(...act)]).toEqual([act, absent])
    expect([act, await app.stranger.refusal(...act)]).toEqual([act, 'sign_in'])
    expect([act, await annotator.refusal(...act)]).toEqual([act, acts.indexOf(act) < 3 ? 200 : 'forbidden'])
  }
  await expect(upload(id, { 'a.txt': 'a' }, stranger)).rejects.toThrow('import_gone')
  const [elsewhere] = await (async () => ((project = other), importAll({ text: 'x' })))()
  expect(await owner.refusal('POST', `/articles/${a}/group`, { with: elsewhere })).toBe('not_found')
})
