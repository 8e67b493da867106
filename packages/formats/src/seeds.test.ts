import { LabelSet, sha256Hex, type Attributes, type GoldArticle, type Language } from '@tamga/model'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { articleOf, span } from './fixtures.ts'
import { formatById, write, type FormatId, type Policy } from './index.ts'

const seeds = join(import.meta.dirname, '../../../seeds')
const read = (...path: string[]) => readFileSync(join(seeds, ...path), 'utf8')

const labels = LabelSet.parse(JSON.parse(read('labels.json')))

interface Gold {
  readonly spans: readonly {
    readonly start: number
    readonly end: number
    readonly quote: string
    readonly label: string
    readonly attributes: Readonly<Record<string, string>>
  }[]
}

/** A seed article with all its marked spans, waiting ones included, as if all were approved. */
function seed(id: string): GoldArticle {
  const file = readdirSync(join(seeds, 'articles')).find((name) => name.startsWith(id))!
  const text = read('articles', file).replace(/^ date \d{4}-\d\d-\d\d /, '')
  const { spans } = JSON.parse(read('gold', `${id}.json`)) as Gold
  for (const { start, end, quote } of spans) expect(text.slice(start, end)).toBe(quote)
  const language: Language = id === '004' ? 'kk' : 'ru'
  const contents = spans.map(({ start, end, label, attributes }) =>
    span(
      labels.labels.find(({ code }) => code === label)!.id,
      [[start, end]],
      Object.entries(attributes).sort() as Attributes,
    ),
  )
  return { ...articleOf(text, contents, language), id, title: text.split('\n')[0]!.trim(), date: null, meta: {} }
}

async function exported(format: FormatId, policy: Policy, article: GoldArticle): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const job = {
    format: formatById(format),
    policy,
    include: 'closed',
    labels,
    cut: 1,
    articles: () => [article],
  } as const
  for await (const { file, text } of write(job)) files[file] = (files[file] ?? '') + text
  return files
}

describe.each(['000', '001', '002', '003', '004'])('seed article %s', (id) => {
  const article = seed(id)

  test('goes out whole, one column a level', async () => {
    const report = JSON.parse((await exported('conll2003', 'columns', article))['report.json']!) as unknown
    expect(report).toMatchObject({ kept: article.annotations.length, clipped: [], dropped: [] })
  })

  test('comes back from JSON Lines as it was', async () => {
    const corpus = (await exported('jsonl', 'refuse', article))['corpus.jsonl']!
    for await (const line of formatById('jsonl').read!(corpus.split('\n'))) expect(line).toEqual({ line: 1, article })
  })
})

describe('the Kazakh article', () => {
  const article = seed('004')

  test.each<[FormatId, Policy, string]>([
    ['conll2003', 'columns', 'corpus.conll'],
    ['conll2003', 'outermost', 'corpus.conll'],
    ['conll2003', 'outermost', 'report.json'],
    ['jsonl', 'refuse', 'corpus.jsonl'],
  ])('%s, %s: %s is the golden file', async (format, policy, file) => {
    const golden = join(import.meta.dirname, format, 'golden', `004-${policy}.${file}`)
    await expect((await exported(format, policy, article))[file]).toMatchFileSnapshot(golden)
  })

  test('its text is the file to the letter', () => {
    expect(article.sha256).toBe(sha256Hex(read('articles', '004_946f01ded0a9952b.txt')))
  })
})
