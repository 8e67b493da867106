import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Attributes, Content, SpanContent } from './annotation.ts'
import { digestOf, layerDigest, sha256Hex } from './digest.ts'

const text = 'Ақтөбеде 😀 форум өтті'
const id = (letter: string) => letter.repeat(16)
const span = (over: Partial<SpanContent> = {}): Content => ({
  kind: 'span',
  ranges: [[0, 8]],
  label: 'city',
  attributes: [['base', 'Ақтөбе']],
  ...over,
})

/** Fixed for ever: decisions in every database are bound to these. The JSON is written out as a program of another kind would. */
test.each<[string, Content, string, string]>([
  [
    'a span',
    span(),
    '["tamga/1","span",[[0,8]],["Ақтөбеде"],"city",[["base","Ақтөбе"]],null,null]',
    '961082a5c8c99e250cba185e2b67f9109c9793de2ae7fd589ed1fa473c29623e',
  ],
  [
    'a span with a gap, after an emoji, in the order of the annotator',
    span({
      ranges: [
        [18, 22],
        [9, 17],
      ],
      label: 'evt',
      attributes: [],
    }),
    '["tamga/1","span",[[18,22],[9,17]],["өтті","😀 форум"],"evt",[],null,null]',
    'fc481633f67cb0f76239981a33ed26a1ba6fe9278583ccc2e01f4719713b6720',
  ],
  [
    'every kind of attribute',
    span({
      attributes: [
        ['a', true],
        ['b', -0],
        ['c', 1.5],
        ['d', ['x', 'y']],
        ['e', '"\n'],
      ],
    }),
    '["tamga/1","span",[[0,8]],["Ақтөбеде"],"city",[["a",true],["b",0],["c",1.5],["d",["x","y"]],["e","\\"\\n"]],null,null]',
    '9b017d0942839c29faf60d7494e64cc9631dc6d46d5c4629ab52162bc503d6d5',
  ],
  [
    'a relation',
    { kind: 'relation', from: id('a'), to: id('b'), label: 'part-of', attributes: [] },
    '["tamga/1","relation",[],[],"part-of",[],"aaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbb"]',
    '2973483258fff3a1edc61290da1189a1d8feeed60eae9adaf055f40d996b9d92',
  ],
  [
    'a label of the article',
    { kind: 'article', label: 'sport', attributes: [] },
    '["tamga/1","article",[],[],"sport",[],null,null]',
    '1c730a88e061c4d9b4987981ae4c23e8368a40271a854aeeda4f49f2cbabfceb',
  ],
])('%s', (_name, content, json, hex) => {
  expect(createHash('sha256').update(json, 'utf8').digest('hex')).toBe(hex)
  expect(digestOf(content, text)).toBe(hex)
})

describe('what is the same has the same digest', () => {
  test.each<[string, Attributes, Attributes]>([
    [
      'attributes in another order',
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['b', 2],
        ['a', 1],
      ],
    ],
    ['choices in another order', [['a', ['x', 'y']]], [['a', ['y', 'x']]]],
    ['−0 and 0', [['a', -0]], [['a', 0]]],
  ])('%s', (_case, one, other) =>
    expect(digestOf(span({ attributes: one }), text)).toBe(digestOf(span({ attributes: other }), text)),
  )

  test('in another article too, if quote and offsets are the same', () => {
    expect(digestOf(span(), text)).toBe(digestOf(span(), 'Ақтөбеде басқа мәтін'))
  })

  test('sorting choices does not change the content it was asked for', () => {
    const choices = ['y', 'x']
    digestOf(span({ attributes: [['a', choices]] }), text)
    expect(choices).toEqual(['y', 'x'])
  })
})

const relation = (from: string, to: string): Content => ({ kind: 'relation', from, to, label: 'city', attributes: [] })

test.each<[string, Content, string]>([
  ['another range', span({ ranges: [[0, 7]] }), text],
  [
    'its ranges in another order',
    span({
      ranges: [
        [4, 8],
        [0, 4],
      ],
    }),
    text,
  ],
  [
    'the range parted in two',
    span({
      ranges: [
        [0, 4],
        [4, 8],
      ],
    }),
    text,
  ],
  ['another quote', span(), text.replace('Ақ', 'АҚ')],
  ['the same letters composed otherwise', span(), text.replace('ө', 'о\u0308')],
  ['another label', span({ label: 'prov' }), text],
  ['another value', span({ attributes: [['base', 'Ақтөбесі']] }), text],
  ['no value', span({ attributes: [] }), text],
  ['another attribute', span({ attributes: [['unit', 'Ақтөбе']] }), text],
  ['a number for its text', span({ attributes: [['base', 1]] }), text],
  ['another kind', { kind: 'article', label: 'city', attributes: [['base', 'Ақтөбе']] }, text],
  ['a relation', relation(id('a'), id('b')), text],
])('%s is another digest', (_case, content, text) =>
  expect(digestOf(content, text)).not.toBe(digestOf(span(), 'Ақтөбеде')),
)

test('the ends of a relation, and which is which, are in its digest', () => {
  const digests = [relation(id('a'), id('b')), relation(id('b'), id('a')), relation(id('a'), id('c'))].map((one) =>
    digestOf(one, text),
  )
  expect(new Set(digests).size).toBe(3)
})

test('a layer has one digest whatever order its annotations come in', () => {
  const lines = [
    { id: id('a'), digest: 'x' },
    { id: id('b'), digest: 'y' },
    { id: id('c'), digest: 'x' },
  ]
  const expected = createHash('sha256')
    .update(`${id('a')} x\n${id('b')} y\n${id('c')} x`)
    .digest('hex')
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 3 }), (lines) => {
      expect(layerDigest(lines)).toBe(expected)
    }),
  )
  expect(layerDigest(lines.slice(1))).not.toBe(expected)
  expect(layerDigest([])).toBe(sha256Hex(''))
})

test('the hash of a text is that of its UTF-8', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
    }),
  )
})
