import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attributeOf,
  faultOfContent,
  readAttributes,
  readContent,
  readRanges,
  readValue,
  withAttribute,
  type Attributes,
  type Content,
} from './annotation.ts'
import { LabelSet } from './label-set.ts'
import { isPlain } from './plain.ts'

const colour = { hue: 20, light: 0.56, dark: 0.72 }
const label = (id: string, more: object = {}) => ({ id, code: id.toUpperCase(), name: {}, colour, ...more })
const choices = [
  { id: 'x', name: {} },
  { id: 'y', name: {} },
]
const labels = LabelSet.parse({
  labels: [label('per'), label('old', { retired: true }), label('people', { group: true })],
  attributes: [
    { id: 'base', code: 'base', name: {}, type: 'text' },
    { id: 'one', code: 'one', name: {}, type: 'choice', choices },
    { id: 'many', code: 'many', name: {}, type: 'choice', choices, multiple: true },
    { id: 'gone', code: 'gone', name: {}, type: 'flag', retired: true },
  ],
  relations: [{ id: 'part-of', code: 'part-of', name: {} }],
})

const id = (letter: string) => letter.repeat(16)
const span = (more: object = {}): Content => ({ kind: 'span', ranges: [[0, 4]], label: 'per', attributes: [], ...more })
const relation = (more: object = {}): Content => ({
  kind: 'relation',
  from: id('a'),
  to: id('b'),
  label: 'part-of',
  attributes: [],
  ...more,
})

describe('content that may stand on «Анна 😀»', () => {
  test.each<[string, Content]>([
    ['a span', span()],
    [
      'a span in two parts',
      span({
        ranges: [
          [5, 7],
          [0, 4],
        ],
      }),
    ],
    ['a retired label', span({ label: 'old' })],
    ['a retired attribute', span({ attributes: [['gone', true]] })],
    ['an attribute of another label', span({ attributes: [['base', 'Анна']] })],
    ['several choices', span({ attributes: [['many', ['x', 'y']]] })],
    ['a relation', relation()],
    ['a label of the article', { kind: 'article', label: 'per', attributes: [] }],
  ])('%s', (_case, content) => expect(faultOfContent(content, { text: 'Анна 😀', labels })).toBeNull())
})

test.each<[string, Content, string]>([
  ['no range', span({ ranges: [] }), 'span_empty'],
  ['an empty range', span({ ranges: [[1, 1]] }), 'span_empty'],
  ['beyond the end', span({ ranges: [[0, 8]] }), 'span_outside'],
  ['half an emoji', span({ ranges: [[0, 6]] }), 'span_inside_character'],
  [
    'ranges over each other',
    span({
      ranges: [
        [0, 4],
        [3, 5],
      ],
    }),
    'span_overlap',
  ],
  ['an unknown label', span({ label: 'x' }), 'label_unknown'],
  ['a label named like a method', span({ label: 'constructor' }), 'label_unknown'],
  ['a group', span({ label: 'people' }), 'label_group_chosen'],
  ['a relation type as a label', span({ label: 'part-of' }), 'label_unknown'],
  ['an unknown attribute', span({ attributes: [['x', 1]] }), 'attribute_unknown'],
  ['a number for a text', span({ attributes: [['base', 1]] }), 'attribute_value'],
  ['an unknown choice', span({ attributes: [['one', 'z']] }), 'attribute_value'],
  ['several choices where one is asked', span({ attributes: [['one', ['x']]] }), 'attribute_value'],
  ['one choice where several are asked', span({ attributes: [['many', 'x']] }), 'attribute_value'],
  ['a choice twice', span({ attributes: [['many', ['x', 'x']]] }), 'attribute_value'],
  ['a label as a relation type', relation({ label: 'per' }), 'label_unknown'],
  ['an end that is no id', relation({ to: 'x' }), 'annotation_malformed'],
  ['a group for the article', { kind: 'article', label: 'people', attributes: [] }, 'label_group_chosen'],
])('%s may not stand', (_case, content, code) =>
  expect(faultOfContent(content, { text: 'Анна 😀', labels })).toBe(code),
)

describe('reading content of unknown origin', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['a list', ['span', [[0, 1]], 'per', []]],
    ['an unknown kind', { ...span(), kind: 'dot' }],
    ['no label', { ...span(), label: undefined }],
    ['a label that is no text', { ...span(), label: 5 }],
    ['a label with NUL', { ...span(), label: 'a\0' }],
    ['a label that is half a character', { ...span(), label: '\ud83d' }],
    ['no ranges', { ...span(), ranges: undefined }],
    ['an empty list of ranges', { ...span(), ranges: [] }],
    ['a fraction', { ...span(), ranges: [[0, 0.5]] }],
    ['three numbers', { ...span(), ranges: [[0, 1, 2]] }],
    ['numbers as text', { ...span(), ranges: [['0', '1']] }],
    ['an end that is no id', { ...relation(), from: 'x' }],
    ['attributes as an object', { ...span(), attributes: { base: 'x' } }],
    ['an attribute that is no pair', { ...span(), attributes: [['base']] }],
    ['an attribute without a name', { ...span(), attributes: [[1, 'x']] }],
    ['an object as a value', { ...span(), attributes: [['base', {}]] }],
    ['infinity as a value', { ...span(), attributes: [['base', Infinity]] }],
    ['a list of numbers as a value', { ...span(), attributes: [['base', [1]]] }],
    ['NUL in a value', { ...span(), attributes: [['base', 'a\0']] }],
    ['half a character in a value', { ...span(), attributes: [['base', '\ud83d']] }],
    ['NUL in a choice', { ...span(), attributes: [['base', ['a\0']]] }],
    ['NUL in the name of an attribute', { ...span(), attributes: [['a\0', 'x']] }],
  ])('%s is none', (_case, value) => expect(readContent(value)).toBeNull())

  test('what belongs to no content is left behind', () => {
    expect(readContent({ ...span(), author: 'me', from: id('a') })).toEqual(span())
    expect(readContent({ ...relation(), ranges: [[0, 1]] })).toEqual(relation())
  })

  test('attributes come sorted, the last of two alike, nulls left out, choices sorted, −0 as 0', () => {
    const attributes = [
      ['b', -0],
      ['a', 1],
      ['c', null],
      ['a', ['y', 'x']],
      ['d', 'x'],
      ['d', null],
    ]
    expect(readContent({ ...span(), attributes })).toEqual(
      span({
        attributes: [
          ['a', ['x', 'y']],
          ['b', 0],
        ],
      }),
    )
    expect(readContent({ kind: 'article', label: 'per' })).toEqual({ kind: 'article', label: 'per', attributes: [] })
  })

  test('a megabyte of attributes is read in no time: anybody may send it', () => {
    const attributes = Array.from({ length: 100_000 }, (_, i) => [`k${i % 99_999}`, i])
    const before = process.cpuUsage()
    expect(readAttributes(attributes)).toHaveLength(99_999)
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
  })

  test('whatever comes in, it reads content or null, and content is plain and reads as itself', () => {
    fc.assert(fc.property(hostile, checkRead), { numRuns: 2000 })
  })
})

const anything = fc.anything({ withNullPrototype: true, withObjectString: true, maxDepth: 3 })
const often = (...good: unknown[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: anything })
const hostile = fc.oneof(
  anything,
  fc.record({
    kind: often('span', 'relation', 'article'),
    ranges: often([[0, 1]], [[2, 1]], []),
    label: often('per', '__proto__'),
    attributes: fc.oneof(
      fc.array(fc.tuple(often('a', 'b', '__proto__'), often('x', 1, true, ['b', 'a'], null))),
      anything,
    ),
    from: often(id('a')),
    to: often(id('b')),
  }),
)

function checkRead(value: unknown): void {
  const content = readContent(value)
  if (content === null) return
  expect(isPlain(Object.values(content) as unknown)).toBe(true)
  expect(readContent(content)).toEqual(content)
  expect(content.attributes.map(([name]) => name)).toEqual(
    [...new Set(content.attributes.map(([name]) => name))].sort(),
  )
}

test('reading never throws, whatever it is given', () => {
  fc.assert(
    fc.property(anything, (value) => {
      readRanges(value)
      readValue(value)
      readAttributes(value)
    }),
  )
})

test.each<[Attributes, string, string | null, Attributes]>([
  [[], 'a', 'x', [['a', 'x']]],
  [
    [['b', 'x']],
    'a',
    'y',
    [
      ['a', 'y'],
      ['b', 'x'],
    ],
  ],
  [
    [
      ['a', 'x'],
      ['b', 'x'],
    ],
    'a',
    'y',
    [
      ['a', 'y'],
      ['b', 'x'],
    ],
  ],
  [
    [
      ['a', 'x'],
      ['b', 'x'],
    ],
    'a',
    null,
    [['b', 'x']],
  ],
  [[['a', 'x']], 'b', null, [['a', 'x']]],
])('%j with %s = %j is %j', (before, name, value, after) => {
  const kept = structuredClone(before)
  expect(withAttribute(before, name, value)).toEqual(after)
  expect(before).toEqual(kept)
})

test('an attribute is found by its id, not by what every object has', () => {
  expect(attributeOf(span({ attributes: [['base', 'x']] }), 'base')).toBe('x')
  expect(attributeOf(span(), 'constructor')).toBeUndefined()
})
