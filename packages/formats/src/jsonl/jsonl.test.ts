import type { GoldArticle } from '@tamga/model'
import { expect, test } from 'vitest'
import { articleOf, draw, idOf, labels, scripts, span } from '../fixtures.ts'
import type { ReadLine } from '../format.ts'
import { jsonl } from './jsonl.ts'

const lineOf = (article: GoldArticle) =>
  jsonl.writer({ policy: 'refuse', labels, levels: 1 }).article(article).pieces[0]!.text

async function readAll(lines: Iterable<string>): Promise<ReadLine[]> {
  const read: ReadLine[] = []
  for await (const line of jsonl.read(lines)) read.push(line)
  return read
}

/** Everything that a line can hold: gaps, attributes of each type, a relation, an article label, nulls. */
const rich = (): GoldArticle =>
  articleOf('😀 Анна Иванова, 👩🏽‍🚀, из Алматы', [
    span(
      'per',
      [
        [3, 7],
        [8, 15],
      ],
      [
        ['base', 'Анна'],
        ['kinds', ['a', 'b']],
        ['sure', true],
        ['weight', 0.5],
      ],
    ),
    span('org', [[17, 24]]),
    { kind: 'relation', from: idOf(1), to: idOf(2), label: 'holds-office', attributes: [['base', 'x']] },
    { kind: 'article', label: 'city', attributes: [] },
  ])

test('a line says its version and its unit, sorts its keys, and counts in code points', () => {
  const line = lineOf(articleOf('😀 Анна', [span('per', [[3, 7]])]))
  expect(line.endsWith('}\n')).toBe(true)
  const written = JSON.parse(line) as { text: string; annotations: unknown[] }
  expect(written).toMatchObject({
    format: 'tamga/1',
    unit: 'code point',
    tokens: [
      [0, 1],
      [2, 6],
    ],
  })
  expect(written.annotations[0]).toMatchObject({ ranges: [[2, 6]], quotes: ['Анна'], label: 'per', code: 'PER' })
  expect([...written.text].slice(2, 6).join('')).toBe('Анна')
  expect(Object.keys(written)).toEqual(Object.keys(written).sort())
})

test('the label set goes along', () => {
  expect(JSON.parse(jsonl.writer({ policy: 'refuse', labels, levels: 1 }).head[0]!.text)).toEqual(labels)
})

test.each([
  ...Object.entries(scripts).map(([name, drawing]) => [name, draw(drawing)] as const),
  ['rich', rich()] as const,
])('%s: what was written is read back', async (_name, article) =>
  expect(await readAll([lineOf(article)])).toEqual([{ line: 1, article }]),
)

test('articles without signature, language or annotations are read back', async () => {
  const article = { ...articleOf('x', [], null), closed: null, undecided: 7, date: null, source: null, group: 'g' }
  expect(await readAll([lineOf(article)])).toEqual([{ line: 1, article }])
})

/** The problem that a change of the second of three lines gives, as `code field`. */
async function problemAfter(path: string, value: unknown): Promise<string> {
  const changed = JSON.parse(lineOf(rich())) as Tree
  change(changed, path.split('/'), value)
  const read = await readAll([lineOf(rich()), '\n', JSON.stringify(changed), lineOf(rich())])
  expect(read.map(({ line }) => line)).toEqual([1, 3, 4])
  const refused = read[1]!
  if (!('problem' in refused)) return 'accepted'
  const { line, field } = refused.problem.details
  expect(line).toBe(3)
  return [refused.problem.code, field].filter((part) => part !== undefined).join(' ')
}

interface Tree {
  [key: string]: Tree
}

/** Sets the value at a path; undefined takes it away, out of a list too. */
function change(tree: Tree, [key, ...rest]: string[], value: unknown): void {
  if (rest.length > 0) change(tree[key!]!, rest, value)
  else if (value !== undefined) tree[key!] = value as Tree
  else if (Array.isArray(tree)) tree.splice(Number(key), 1)
  else delete tree[key!]
}

test.each<[string, string, unknown, string]>([
  ['a field that nobody asked for', 'colour', 'red', 'accepted'],
  ['another version', 'format', 'tamga/2', 'line_field format'],
  ['no unit', 'unit', undefined, 'line_field unit'],
  ['no text', 'text', undefined, 'line_no_text'],
  ['a text with NUL', 'text', 'a\0', 'text_nul'],
  ['another text', 'text', 'a', 'line_field sha256'],
  ['a number for a title', 'title', 5, 'line_field title'],
  ['an unknown language', 'language', 'xx', 'line_field language'],
  ['no such day', 'date', '2025-02-30', 'line_field date'],
  ['NUL in metadata', 'meta', { a: ['\0'] }, 'line_field meta'],
  ['NUL in an author', 'annotations/0/author', '\0', 'line_field annotations'],
  ['tokens over one another', 'tokens/1', [0, 1], 'line_field tokens'],
  ['a token beyond the end', 'tokens', [[400, 401]], 'line_field tokens'],
  ['sentences that are no pairs', 'sentences', [[1]], 'line_field sentences'],
  ['half a signature', 'closed', { by: 'R1' }, 'line_field closed/at'],
  ['a negative count', 'undecided', -1, 'line_field undecided'],
  ['annotations that are none', 'annotations', 'x', 'line_field annotations'],
  ['an annotation that is none', 'annotations/1', null, 'line_field annotations/1'],
  ['a short id', 'annotations/0/id', 'x', 'line_field annotations/0/id'],
  ['one id twice', 'annotations/3/id', idOf(2), 'line_field annotations'],
  ['an unknown kind', 'annotations/0/kind', 'dot', 'line_field annotations/0/kind'],
  ['a moved range', 'annotations/1/ranges', [[14, 20]], 'line_field annotations/1/quotes'],
  ['an empty range', 'annotations/1/ranges', [[4, 4]], 'line_field annotations/1/ranges'],
  ['a range beyond the end', 'annotations/1/ranges', [[4, 400]], 'line_field annotations/1/ranges'],
  ['another quote', 'annotations/0/quotes/0', 'Анну', 'line_field annotations/0/quotes'],
  ['another label', 'annotations/0/label', 'org', 'line_field annotations/0/digest'],
  ['another attribute', 'annotations/0/attributes/base', 'Аня', 'line_field annotations/0/digest'],
  ['an end that is not there', 'annotations/1', undefined, 'line_field annotations/1/to'],
  ['an unknown verdict', 'annotations/0/decisions/0/verdict', 'ok', 'line_field annotations/0/decisions/0/verdict'],
  ['supporters that are no names', 'annotations/0/supporters', [1], 'line_field annotations/0/supporters'],
])('%s is refused by field', async (_case, path, value, expected) =>
  expect(await problemAfter(path, value)).toBe(expected),
)

test('a line that is no JSON, and one that is no object, are named by number', async () => {
  const read = await readAll(['{', '[]', '7'])
  expect(read.map((line) => 'problem' in line && [line.problem.code, line.problem.details])).toEqual([
    ['line_not_json', { line: 1 }],
    ['line_field', { field: '', line: 2 }],
    ['line_field', { field: '', line: 3 }],
  ])
})
