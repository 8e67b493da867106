import { Problem, type GoldArticle } from '@tamga/model'
import { expect, test } from 'vitest'
import { conll2003 } from './conll2003/conll2003.ts'
import { draw, idOf, labels } from './fixtures.ts'
import { noNotes, type Format } from './format.ts'
import { jsonl } from './jsonl/jsonl.ts'
import type { Policy } from './policy.ts'
import type { ExportReport, Include } from './report.ts'
import { reportOn, reportsOn, write } from './write.ts'

const job = (
  articles: readonly GoldArticle[],
  policy: Policy,
  format: Format = conll2003,
  include: Include = 'closed',
) => ({
  format,
  policy,
  include,
  labels,
  cut: 12,
  articles: () => articles,
})

async function filesOf(pieces: ReturnType<typeof write>): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for await (const { file, text } of pieces) files[file] = (files[file] ?? '') + text
  return files
}

const flat = { ...draw('[PER Анна] в [CITY Алматы].'), id: 'flat' }
const nested = { ...draw('[ORG форум [CITY Астана] 2025]'), id: 'nested' }
const open = { ...draw('[PER Борис] и Вера.'), id: 'open', closed: null, undecided: 2 }
const reopened = { ...draw('[PER Глеб]'), id: 'reopened', undecided: 1 }

test('the file comes with the report of the walk that wrote it', async () => {
  const files = await filesOf(write(job([flat, nested], 'outermost')))
  expect(Object.keys(files)).toEqual(['FORMAT.md', 'corpus.conll', 'report.json'])
  expect(JSON.parse(files['report.json']!)).toEqual(await reportOn(job([flat, nested], 'outermost')))
  expect(JSON.parse(files['report.json']!)).toEqual({
    cut: 12,
    format: 'conll2003',
    policy: 'outermost',
    include: 'closed',
    refused: false,
    articles: 2,
    levels: 1,
    kept: 3,
    clipped: [],
    dropped: [
      {
        ...{ article: 'nested', annotation: idOf(2), quote: 'Астана', label: 'CITY' },
        ...{ reason: 'nested', inside: idOf(1), insideLabel: 'ORG' },
      },
    ],
    left: [],
    unclosed: [],
    notes: noNotes,
  } satisfies ExportReport)
})

test('refuse writes no byte if a span would be lost, and the refusal carries the whole report', async () => {
  const pieces = write(job([flat, nested], 'refuse'))
  const refusal = await pieces.next().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Problem)
  expect(refusal).toMatchObject({
    code: 'spans_would_be_lost',
    details: { n: 1 },
    data: { refused: true },
  })
  expect((refusal as Problem).data).toEqual(await reportOn(job([flat, nested], 'refuse')))
})

test('refuse writes what loses nothing', async () => {
  expect(Object.keys(await filesOf(write(job([flat], 'refuse'))))).toEqual(['FORMAT.md', 'corpus.conll', 'report.json'])
})

test('a page beside the files explains them: the format, and every field of the report', async () => {
  const { 'FORMAT.md': about, 'report.json': report } = await filesOf(write(job([flat], 'refuse')))
  expect(about).toContain(conll2003.about)
  const explained = about!.slice(about!.indexOf('## `report.json`'))
  for (const field of Object.keys(JSON.parse(report!) as object)) expect(explained).toContain(`\`${field}\``)
})

test('columns are equally many in every article', async () => {
  const files = await filesOf(write(job([flat, nested], 'columns')))
  expect(JSON.parse(files['report.json']!)).toMatchObject({ levels: 2, kept: 4, dropped: [] })
  const widths = files['corpus.conll']!.split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').length)
  expect(new Set(widths)).toEqual(new Set([5]))
})

test('a training file takes only articles signed off with nothing undecided, and names the others', async () => {
  const files = await filesOf(write(job([flat, open, reopened], 'refuse')))
  expect(files['corpus.conll']).not.toMatch(/Борис|Глеб/)
  expect(JSON.parse(files['report.json']!)).toMatchObject({
    articles: 1,
    kept: 2,
    unclosed: [],
    left: [
      { article: 'open', title: 'Title', undecided: 2, annotations: 1, reason: 'not_closed' },
      { article: 'reopened', title: 'Title', undecided: 1, annotations: 1, reason: 'undecided' },
    ],
  })
})

test('asked for all, it takes the others too and says which', async () => {
  const report = await reportOn(job([flat, open], 'refuse', conll2003, 'all'))
  expect(report).toMatchObject({ articles: 2, kept: 3, left: [], unclosed: [{ article: 'open' }] })
})

test('a format that trains nothing by itself takes every article, and names those that are not signed off', async () => {
  const report = await reportOn(job([flat, open], 'refuse', jsonl))
  expect(report).toMatchObject({ articles: 2, left: [], unclosed: [{ article: 'open', undecided: 2 }] })
})

test('reports for several policies come from one walk and are those of each', async () => {
  let walks = 0
  const articles = () => (walks++, [flat, nested, open])
  const { policies } = conll2003
  const reports = await reportsOn({ ...job([], 'refuse'), articles }, policies)
  expect(walks).toBe(1)
  expect(reports).toEqual(await Promise.all(policies.map((policy) => reportOn(job([flat, nested, open], policy)))))
})

test('articles may come asynchronously and are asked for one at a time', async () => {
  let asked = 0
  const articles = async function* () {
    for (const article of [flat, flat, flat]) {
      asked += 1
      yield article
    }
  }
  const pieces = write({ ...job([], 'outermost'), articles })
  await pieces.next() // FORMAT.md
  expect(asked).toBe(0)
  await pieces.next()
  expect(asked).toBe(1)
})

test('a format that forgets an annotation, or counts one twice, is a bug that stops the export', async () => {
  const written = { pieces: [], levels: 1, notes: noNotes }
  const kept = { outcome: 'kept', annotation: idOf(1) } as const
  const careless = (fates: (typeof kept)[]): Format => ({
    ...jsonl,
    writer: () => ({ head: [], article: () => ({ ...written, fates }) }),
  })
  await expect(reportOn(job([flat], 'refuse', careless([kept])))).rejects.toThrow(`lost silently: ${idOf(2)}`)
  await expect(reportOn(job([flat], 'refuse', careless([kept, kept])))).rejects.toThrow('twice')
})
