import { randomBytes } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { formatById, type ExportReport, type ReadLine } from '@tamga/formats'
import { idFrom, OffsetMap, type Content, type GoldArticle, type Role } from '@tamga/model'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { importArticles } from '../articles/import.ts'
import { insertMember } from '../projects/store.ts'
import { benchOf } from '../review/store.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { exportUnasked, reportExport } from './export.ts'

// an astral letter first, so that code units and code points differ
const TEXT = '🐎 «Ақтөбе мұнай» Ақтөбеде. Асхат кетті.'

let app: TestApp
let owner: Browser
let ann: Browser
let rita: Browser
let project: string
let articles: string[]

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
})
afterAll(() => app.close())

beforeEach(async () => {
  const made = await owner.send<{ id: string }>('POST', '/projects', { name: 'Қала', languages: [], template: 'news' })
  project = made.id
  ann = await join('Ann', 'annotator')
  rita = await join('Rita', 'reviewer')
  articles = await bring(TEXT, TEXT + ' Екінші.', 'Бос мәтін.')
})

async function join(name: string, role: Role): Promise<Browser> {
  const person = await app.person(name)
  await app.services.db.transaction().execute((trx) => insertMember(trx, project, person.account, role, `${role} 1`))
  return person
}

const ctx = () => ({
  services: app.services,
  account: { id: owner.account, name: 'Owner', email: null, colour: 1, within: null },
})
const about = {
  externalId: null,
  language: 'kk',
  date: '2025-09-10',
  group: null,
  source: null,
  licence: null,
} as const
const bring = (...texts: string[]) =>
  importArticles(
    ctx(),
    project,
    texts.map((text, i) => ({ ...about, title: `Мақала ${i + 1}`, meta: { n: i }, text })),
  )

const span = (quote: string, label: string): Content => {
  const start = TEXT.indexOf(quote)
  return { kind: 'span', ranges: [[start, start + quote.length]], label, attributes: [] }
}

async function mark(article: string, content: Content): Promise<string> {
  const id = idFrom(randomBytes(12))
  const { layer } = (await benchOf(app.services.db, article))!
  await app.live.write(layer, ann.account, { edit: (doc) => doc.add(content, { id }) })
  return id
}

const decide = (article: string, verdict: 'approve' | 'reject', annotation: string, shown: Content) =>
  rita.send('POST', `/articles/${article}/decisions`, {
    items: [{ annotation, verdict, shown, ...(verdict === 'reject' && { reason: 'label' }) }],
  })

async function approve(article: string, content: Content): Promise<string> {
  const id = await mark(article, content)
  await decide(article, 'approve', id, content)
  return id
}
const close = (article: string) => rita.send('POST', `/articles/${article}/closing`)

const path = (kind: 'report' | 'reports' | 'file', query: Record<string, string | number>) =>
  `/projects/${project}/export/${kind}?${new URLSearchParams(query as Record<string, string>)}`
const report = (query: Record<string, string | number>, by = rita) => by.get<ExportReport>(path('report', query))

async function download(query: Record<string, string | number>, by = rita): Promise<Record<string, string>> {
  const response = await by.request('GET', path('file', query))
  if (!response.ok) throw new Error(((await response.json()) as { code: string }).code)
  return unzip(Buffer.from(await response.arrayBuffer()))
}

/** Files of a zip by name, as its central directory lists them. */
function unzip(zip: Buffer): Record<string, string> {
  const files: Record<string, string> = {}
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [size, nameLength, extra] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)]
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    files[name] = inflateRawSync(zip.subarray(start, start + size)).toString('utf8')
    at += 46 + nameLength + extra + zip.readUInt16LE(at + 32)
  }
  return files
}

async function readCorpus(file: string): Promise<GoldArticle[]> {
  const read: ReadLine[] = []
  for await (const line of formatById('jsonl').read!(file.split('\n'))) read.push(line)
  return read.map((line) => ('article' in line ? line.article : expect.unreachable(line.problem.code)))
}

const goldRows = () =>
  app.services.db
    .selectFrom('gold as g')
    .innerJoin('revision as r', 'r.id', 'g.revision')
    .select(['r.article', 'g.annotation', 'g.label', 'g.starts', 'g.ends', 'g.quotes', 'g.digest'])
    .where('g.project', '=', project)
    .where('g.to_cut', 'is', null)
    .orderBy('g.annotation')
    .execute()

describe('JSON Lines', () => {
  test('carry exactly the rows of gold, with authors and decisions under pseudonyms', async () => {
    const [first, second, third] = articles as [string, string, string]
    await approve(first, span('«Ақтөбе мұнай»', 'org'))
    const city = await approve(first, span('Ақтөбе', 'city'))
    await approve(second, span('Асхат', 'per'))
    await mark(second, span('Ақтөбеде', 'city'))
    const rejected = await mark(second, span('кетті', 'per'))
    await decide(second, 'reject', rejected, span('кетті', 'per'))
    await close(first)

    const files = await download({ format: 'jsonl' })
    expect(Object.keys(files).sort()).toEqual(['FORMAT.md', 'corpus.jsonl', 'labels.json', 'report.json'])
    const corpus = await readCorpus(files['corpus.jsonl']!)
    expect(corpus.map(({ id }) => id)).toEqual([first, second, third])
    expect(corpus.map(({ closed, undecided }) => [closed?.by ?? null, undecided])).toEqual([
      ['reviewer 1', 0],
      [null, 1],
      [null, 0],
    ])
    expect(corpus[0]).toMatchObject({ title: 'Мақала 1', date: '2025-09-10', meta: { n: 0 }, text: TEXT, revision: 1 })
    const exported = corpus.flatMap(({ id, text, annotations }) => {
      const offsets = new OffsetMap(text)
      return annotations.map((annotation) => {
        const ranges = annotation.content.kind === 'span' ? annotation.content.ranges : []
        return {
          article: id,
          annotation: annotation.id,
          label: annotation.content.label,
          starts: ranges.map(([start]) => offsets.toPoints(start)),
          ends: ranges.map(([, end]) => offsets.toPoints(end)),
          quotes: annotation.quotes,
          digest: annotation.digest,
        }
      })
    })
    expect(exported.sort((a, b) => (a.annotation < b.annotation ? -1 : 1))).toEqual(
      (await goldRows()).sort((a, b) => (a.annotation < b.annotation ? -1 : 1)),
    )
    expect(exported).toHaveLength(3)
    expect(corpus[0]!.annotations.find(({ id }) => id === city)).toMatchObject({
      ...{ author: 'annotator 1', lastEditor: 'annotator 1', supporters: ['annotator 1'] },
      decisions: [{ verdict: 'approve', by: 'reviewer 1', labelSet: 1 }],
    })
    expect(JSON.parse(files['report.json']!)).toEqual(await report({ format: 'jsonl' }))
  })

  test('stay what they were at an earlier cut', async () => {
    const [first] = articles as [string]
    const id = await approve(first, span('Асхат', 'per'))
    const { cut } = await report({ format: 'jsonl' })
    const early = await download({ format: 'jsonl', cut })
    const { layer } = (await benchOf(app.services.db, first))!
    await app.live.write(layer, rita.account, { edit: (doc) => doc.setLabel(id, 'prof') })
    await decide(first, 'approve', id, span('Асхат', 'prof'))
    await approve(first, span('Ақтөбеде', 'city'))

    const labels = async (query: object) =>
      (await readCorpus((await download({ format: 'jsonl', ...query }))['corpus.jsonl']!))[0]!.annotations.map(
        ({ content, lastEditor, decisions }) => [content.label, lastEditor, decisions.length],
      )
    expect(await labels({ cut })).toEqual([['per', 'annotator 1', 1]])
    expect((await download({ format: 'jsonl', cut }))['report.json']).toEqual(early['report.json'])
    expect(await labels({})).toEqual([
      ['city', 'annotator 1', 1],
      ['prof', 'reviewer 1', 2],
    ])
    expect(await rita.refusal('GET', path('report', { format: 'jsonl', cut: cut + 100 }))).toBe('malformed')
  })

  test('tell names to an owner alone', async () => {
    await approve(articles[0]!, span('Асхат', 'per'))
    expect(await rita.refusal('GET', path('file', { format: 'jsonl', people: 'names' }))).toBe('names_for_owner')
    const { 'corpus.jsonl': file } = await download({ format: 'jsonl', people: 'names' }, owner)
    expect((await readCorpus(file!))[0]!.annotations[0]).toMatchObject({ author: 'Ann', decisions: [{ by: 'Rita' }] })
    expect((await download({ format: 'jsonl' }))['corpus.jsonl']).not.toMatch(/Ann|Rita/)
  })

  test('hold neither withdrawn nor staged articles', async () => {
    await owner.send('POST', `/articles/${articles[0]}/withdraw`, { reason: 'қате' })
    const { id } = await owner.send<{ id: string }>('POST', `/projects/${project}/imports`)
    const form = new FormData()
    form.append('file', new Blob(['Қойылған.']), 'a.txt')
    await app.app.request(`/api/imports/${id}/files`, {
      ...{ method: 'POST', body: form },
      headers: { host: '127.0.0.1:4173', origin: 'http://127.0.0.1:4173', cookie: owner.cookie },
    })
    const corpus = await readCorpus((await download({ format: 'jsonl' }))['corpus.jsonl']!)
    expect(corpus.map((article) => article.id)).toEqual(articles.slice(1))
  })
})

describe('CoNLL-2003', () => {
  const conll = { format: 'conll2003' }

  test('takes signed-off articles alone, unless told otherwise; the others are in the report', async () => {
    const [first, second] = articles as [string, string]
    expect(await rita.refusal('GET', path('file', conll))).toBe('nothing_to_export')
    expect(await report(conll)).toMatchObject({ articles: 0, left: [{}, {}, {}] })
    await approve(first, span('Ақтөбеде', 'city'))
    await close(first)
    await mark(second, span('Асхат', 'per'))
    const { 'corpus.conll': file, 'report.json': told } = await download(conll)
    expect(file!.match(/-DOCSTART-/g)).toHaveLength(1)
    expect(file).toContain('Ақтөбеде -X- O B-CITY')
    expect(JSON.parse(told!)).toMatchObject({ articles: 1, kept: 1, left: [{ article: second, undecided: 1 }, {}] })
    const all = await download({ ...conll, include: 'all' })
    expect(all['corpus.conll']!.match(/-DOCSTART-/g)).toHaveLength(3)
    expect(JSON.parse(all['report.json']!)).toMatchObject({
      articles: 3,
      left: [],
      unclosed: [{ article: second }, {}],
    })
  })

  test('refuses to lose a nested span, names it, and leaves the choice', async () => {
    const [first] = articles as [string]
    await approve(first, span('Ақтөбе мұнай', 'org'))
    const inner = await approve(first, span('Ақтөбе', 'city'))
    await close(first)
    const response = await rita.request('GET', path('file', conll))
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      code: 'spans_would_be_lost',
      data: { refused: true, dropped: [{ annotation: inner, quote: 'Ақтөбе', reason: 'nested' }] },
    })
    expect(await report(conll)).toMatchObject({ refused: true, kept: 1 })
    const outermost = await download({ ...conll, policy: 'outermost' })
    expect(JSON.parse(outermost['report.json']!)).toEqual(await report({ ...conll, policy: 'outermost' }))
    const { reports } = await rita.get<{ reports: ExportReport[] }>(path('reports', conll))
    expect(reports.map(({ policy }) => policy)).toEqual(formatById('conll2003').policies)
    expect(reports[0]).toEqual(await report(conll))
    expect(reports[0]!.dropped[0]).toMatchObject({ insideLabel: 'ORG' })
    const columns = await download({ ...conll, policy: 'columns' })
    expect(columns['corpus.conll']).toMatch(/^Ақтөбе -X- O B-ORG B-CITY$/m)
    expect(await rita.refusal('GET', path('file', { format: 'jsonl', policy: 'columns' }))).toBe('malformed')
  })

  test('counts an article that changed since the cut as not signed off', async () => {
    const [first] = articles as [string]
    await approve(first, span('Ақтөбеде', 'city'))
    const { cut } = await report(conll)
    await approve(first, span('Асхат', 'per'))
    await close(first)
    expect(await report(conll)).toMatchObject({ articles: 1, kept: 2 })
    expect(await report({ ...conll, cut })).toMatchObject({ articles: 0 })
    expect(await rita.refusal('GET', path('file', { ...conll, cut }))).toBe('nothing_to_export')
  })
})

test('the page of a format is there before any export, the same that lies in the archive', async () => {
  await approve(articles[0]!, span('Асхат', 'per'))
  const page = await rita.request('GET', '/formats/about?format=jsonl')
  expect(page.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(await page.text()).toBe((await download({ format: 'jsonl' }))['FORMAT.md'])
  expect(await rita.refusal('GET', '/formats/about?format=docx')).toBe('malformed')
  expect(await app.stranger.refusal('GET', '/formats/about?format=jsonl')).toBe('sign_in')
})

test('a walk ends when whoever asked for it has left', async () => {
  const gone = AbortSignal.abort(new Error('gone'))
  const request = { format: 'jsonl', policy: null, include: 'all', people: 'pseudonyms', cut: null } as const
  await expect(reportExport(ctx(), project, request, gone)).rejects.toThrow('gone')
})

test('annotators and foreigners export nothing', async () => {
  const stranger = await app.person('Stranger')
  for (const kind of ['report', 'file'] as const) {
    expect(await ann.refusal('GET', path(kind, { format: 'jsonl' }))).toBe('forbidden')
    expect(await stranger.refusal('GET', path(kind, { format: 'jsonl' }))).toBe('not_found')
    expect(await app.stranger.refusal('GET', path(kind, { format: 'jsonl' }))).toBe('sign_in')
    expect(await rita.refusal('GET', path(kind, { format: 'docx' }))).toBe('malformed')
  }
  const { formats } = await ann.get<{ formats: { id: string; policies: string[] }[] }>('/formats')
  expect(formats.map(({ id, policies }) => [id, policies[0]])).toEqual([
    ['jsonl', 'refuse'],
    ['conll2003', 'refuse'],
  ])
})

test('whoever holds the machine gets the same archive', async () => {
  const request = { format: 'jsonl', policy: null, include: 'closed', people: 'pseudonyms', cut: null } as const
  const chunks: Buffer[] = []
  for await (const chunk of await exportUnasked(app.services, project, request)) chunks.push(chunk as Buffer)
  expect(unzip(Buffer.concat(chunks))).toEqual(await download({ format: 'jsonl' }))
})

test('the database refuses gold whose quote is not the text', async () => {
  await approve(articles[0]!, span('Асхат', 'per'))
  const { db } = app.services
  const change = db.updateTable('gold').where('project', '=', project)
  await expect(change.set({ quotes: ['Асхаn'] }).execute()).rejects.toMatchObject({ code: '23514' })
  await expect(change.set({ starts: [0], ends: [5] }).execute()).rejects.toMatchObject({ code: '23514' })
})
