import type { GoldArticle } from '@tamga/model'
import { describe, expect, test } from 'vitest'
import { annotationOf, articleOf, draw, idOf, labels, scripts, span } from '../fixtures.ts'
import type { Policy } from '../policy.ts'
import { decode } from './decode.ts'
import { conll2003 } from './conll2003.ts'

const writeOne = (article: GoldArticle, policy: Policy = 'refuse', levels = 1) =>
  conll2003.writer({ policy, labels, levels }).article(article)
const textOf = (article: GoldArticle, policy?: Policy, levels?: number) =>
  writeOne(article, policy, levels).pieces[0]!.text

/** The fourth field of each token line, then the fifth and so on, as one string a column. */
const tagsOf = (drawing: string, policy: Policy) =>
  tokenRows(textOf(draw(drawing), policy)).reduce<string[]>((columns, row) => {
    row.slice(3).forEach((tag, i) => (columns[i] = `${columns[i] ?? ''} ${tag}`.trim()))
    return columns
  }, [])
const tokenRows = (file: string) =>
  file
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.split(' '))

test('an article is a document mark of four fields, a blank line, and a block for each sentence', () => {
  expect(textOf(draw('[PER Анна] пришла. Она в [CITY Алматы].'))).toBe(
    [
      '-DOCSTART- -X- O O',
      '',
      'Анна -X- O B-PER',
      'пришла -X- O O',
      '. -X- O O',
      '',
      'Она -X- O O',
      'в -X- O O',
      'Алматы -X- O B-CITY',
      '. -X- O O',
      '',
      '',
    ].join('\n'),
  )
})

test.each([
  ['[PER Анна Иванова] и [CITY Алматы]', 'outermost', ['B-PER I-PER O B-CITY']],
  ['[PER Анна] [PER Борис]', 'outermost', ['B-PER B-PER']],
  ['[ORG форум [CITY Астана] 2025]', 'outermost', ['B-ORG I-ORG I-ORG']],
  ['[ORG форум [CITY Астана] 2025]', 'longest', ['B-ORG I-ORG I-ORG']],
  ['[CITY [ORG Астана] форумы]', 'outermost', ['B-CITY I-CITY']],
  ['[CITY город [PER Анна] здесь]', 'priority', ['O B-PER O']],
  [
    '[PER в [CITY один [ORG два] три] четыре]',
    'columns',
    ['B-PER I-PER I-PER I-PER I-PER', 'O B-CITY I-CITY I-CITY O', 'O O B-ORG O O'],
  ],
  ['[CITY [PER [ORG тройной]]]', 'columns', ['B-ORG', 'B-PER', 'B-CITY']],
  ['[CITY [PER [ORG тройной]]]', 'outermost', ['B-ORG']],
  ['[ORG Вот [OLD старый] знак]', 'columns', ['B-ORG I-ORG I-ORG', 'O B-OLD O']],
] as const)('%s under %s', (drawing, policy, columns) => expect(tagsOf(drawing, policy)).toEqual(columns))

describe('crossing spans', () => {
  const text = 'один два три четыре пять шесть'
  // PER on words 1-2, ORG on words 2-5: they cross on word 2
  const article = articleOf(text, [span('per', [[0, 8]]), span('org', [[5, 24]])])

  test.each([
    ['outermost', ['B-PER I-PER O O O O'], idOf(2)],
    ['longest', ['O B-ORG I-ORG I-ORG I-ORG O'], idOf(1)],
    ['priority', ['O B-ORG I-ORG I-ORG I-ORG O'], idOf(1)],
  ] as const)('%s', (policy, columns, dropped) => {
    const written = writeOne(article, policy)
    expect(decode(written.pieces[0]!.text)[0]!.columns).toHaveLength(columns.length)
    expect(
      tokenRows(written.pieces[0]!.text)
        .map((row) => row[3])
        .join(' '),
    ).toBe(columns[0])
    expect(written.fates).toContainEqual({
      outcome: 'dropped',
      annotation: dropped,
      reason: 'crossing',
      inside: dropped === idOf(1) ? idOf(2) : idOf(1),
    })
  })

  test('columns keep both', () => {
    expect(writeOne(article, 'columns').fates.map(({ outcome }) => outcome)).toEqual(['kept', 'kept'])
  })
})

const fateOf = (article: GoldArticle, policy: Policy, id: string) =>
  writeOne(article, policy).fates.find(({ annotation }) => annotation === id)

test.each([
  ['inside one that stands', 'nested', draw('[ORG форум [CITY Астана] 2025]'), 'outermost', idOf(2), idOf(1)],
  ['holds one that stands', 'holds', draw('[CITY город [PER Анна] здесь]'), 'priority', idOf(1), idOf(2)],
  ['on the same tokens', 'same_tokens', draw('[PER [ORG Анна]]'), 'outermost', idOf(1), idOf(2)],
] as const)('a span %s is dropped as %s and names the other', (_case, reason, article, policy, id, inside) => {
  expect(fateOf(article, policy, id)).toEqual({ outcome: 'dropped', annotation: id, reason, inside })
})

test('what a table has no place for is dropped under every policy, with its reason', () => {
  const text = 'Анна и Борис  придут'
  const contents = [
    span('per', [[0, 4]]),
    span('per', [
      [0, 4],
      [7, 12],
    ]),
    span('per', [[12, 14]]),
    { kind: 'article', label: 'org', attributes: [] } as const,
    { kind: 'relation', from: idOf(1), to: idOf(2), label: 'holds-office', attributes: [] } as const,
  ]
  for (const policy of conll2003.policies) {
    const reasons = writeOne(articleOf(text, contents), policy).fates.map((fate) =>
      'reason' in fate ? fate.reason : fate.outcome,
    )
    expect(reasons).toEqual(['kept', 'discontinuous', 'no_token', 'article_label', 'relation'])
  }
})

test.each([
  ['inside_token', [1, 3], 'Анна'],
  ['inside_token', [0, 6], 'Анна Борис'],
  ['blank_edge', [0, 5], 'Анна'],
  ['blank_edge', [4, 10], 'Борис'],
] as const)('an edge off the tokens is clipped: %s %j becomes %s', (reason, range, became) => {
  const article = articleOf('Анна Борис', [span('per', [range])])
  expect(writeOne(article, 'outermost').fates).toEqual([{ outcome: 'clipped', annotation: idOf(1), reason, became }])
})

test('of two spans that come to the same tokens, the exact one stands', () => {
  const article = articleOf('Анна', [span('org', [[1, 3]]), span('city', [[0, 4]])])
  expect(fateOf(article, 'outermost', idOf(2))).toMatchObject({ outcome: 'kept' })
  expect(fateOf(article, 'outermost', idOf(1))).toMatchObject({ reason: 'same_tokens' })
})

test('a sentence break inside a span is left out and counted; a break beside it stays', () => {
  const written = writeOne(draw('Она. [ORG Сказка. Про рыбку]. Конец.'))
  expect(written.notes.joined).toBe(1)
  expect(decode(written.pieces[0]!.text)[0]!.blocks).toHaveLength(3)
})

test.each([
  ['a b', 'a_b'],
  ['a\u00a0b', 'a_b'],
  ['a\u2028b\u0085c', 'a_b_c'],
  ['a\tb\r\nc', 'a_b__c'],
  ['\ufeffa', '_a'],
  ['-DOCSTART-', '_DOCSTART-'],
  ['Универ\u00adситет', 'Универ\u00adситет'],
  ['👩🏽‍🚀', '👩🏽‍🚀'],
])('the token %j is written as %j', (token, cell) => {
  const article = { ...articleOf(token, []), tokens: [[0, token.length]], sentences: [[0, token.length]] } as const
  const written = writeOne(article)
  expect(written.pieces[0]!.text).toBe(`-DOCSTART- -X- O O\n\n${cell} -X- O O\n\n`)
  expect(written.notes.rewritten).toBe(token === cell ? 0 : 1)
})

test('all lines of a wide export have its width, the document mark included', () => {
  const lines = textOf(draw('[PER Анна] там'), 'columns', 3)
    .split('\n')
    .filter((line) => line !== '')
  expect(lines).toEqual(['-DOCSTART- -X- O O O O', 'Анна -X- O B-PER O O', 'там -X- O O O O'])
})

test('an article without tokens is a document mark and a blank line', () => {
  expect(textOf({ ...articleOf('x', []), tokens: [], sentences: [] })).toBe('-DOCSTART- -X- O O\n\n')
})

test('attribute values that do not go along are counted', () => {
  const article = articleOf('Ақтөбеде', [span('city', [[0, 8]], [['base', 'Ақтөбе']])], 'kk')
  expect(writeOne(article).notes.attributes).toBe(1)
})

test('a label that the set does not know goes by its id', () => {
  const article = { ...articleOf('x', []), annotations: [annotationOf(idOf(1), span('gone', [[0, 1]]), 'x')] }
  expect(textOf(article)).toContain('x -X- O B-gone\n')
})

test.each(Object.entries(scripts))('%s: every span comes back from the columns', (_script, drawing) => {
  const article = draw(drawing)
  const written = writeOne(article, 'columns')
  expect(written.fates.filter(({ outcome }) => outcome !== 'kept')).toEqual([])
  const [decoded] = decode(written.pieces[0]!.text)
  const found = decoded!.columns.flat().map(({ label, first, after }) => {
    return `${label} ${article.text.slice(article.tokens[first]![0], article.tokens[after - 1]![1])}`
  })
  const drawn = article.annotations.map(({ content, quotes }) => `${content.label.toUpperCase()} ${quotes.join()}`)
  expect(found.sort()).toEqual(drawn.sort())
})
