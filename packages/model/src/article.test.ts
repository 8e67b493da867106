import { describe, expect, test } from 'vitest'
import { ArticleLine, ArticleMeta, faultOfText, isStorable, limits, titleFrom } from './article.ts'

test.each<[string, string, ReturnType<typeof faultOfText>]>([
  ['a letter', 'a', null],
  ['line breaks and blanks around a letter', '\r\n \u00a0ә\n\n', null],
  ['an emoji family', '👨‍👩‍👧‍👦', null],
  ['nothing', '', { code: 'text_empty', offset: null }],
  ['blanks only', ' \n\t\u00a0\u2028', { code: 'text_empty', offset: null }],
  ['NUL at the start', '\0a', { code: 'text_nul', offset: 0 }],
  ['NUL after an emoji', '😀\0', { code: 'text_nul', offset: 2 }],
  ['half an emoji at the end', 'ab\ud83d', { code: 'text_surrogate', offset: 2 }],
  ['half an emoji after a whole one', '😀\ude00', { code: 'text_surrogate', offset: 2 }],
  ['halves in the wrong order', 'a\ude00\ud83d', { code: 'text_surrogate', offset: 1 }],
  ['half an emoji before NUL', '\ud83d\0', { code: 'text_nul', offset: 1 }],
])('%s', (_case, text, fault) => expect(faultOfText(text)).toEqual(fault))

test('a text is as long as its code points: a million emoji pass, one more does not', () => {
  expect(faultOfText('😀'.repeat(limits.articleCodePoints))).toBeNull()
  expect(faultOfText('😀'.repeat(limits.articleCodePoints) + 'a')).toEqual({ code: 'text_too_long', offset: null })
  expect(faultOfText('a'.repeat(limits.articleCodePoints + 1))).toEqual({ code: 'text_too_long', offset: null })
})

test.each([
  ['Ақтөбеде форум өтті\nМәтін', 'Ақтөбеде форум өтті'],
  ['\n\n  Бірінші жол \r\nекінші', 'Бірінші жол'],
  ['a\u2028b', 'a'],
  ['сөз '.repeat(50), 'сөз '.repeat(29) + 'сөз…'],
  ['a'.repeat(119) + '😀😀', 'a'.repeat(119) + '…'],
  ['x', 'x'],
])('%j has the working title %j', (text, title) => {
  expect(titleFrom(text)).toBe(title)
})

const list = (depth: number): unknown => (depth === 0 ? 1 : [list(depth - 1)])
const deep = (depth: number): unknown => (depth === 0 ? 1 : { a: deep(depth - 1) })

test.each<[string, unknown, boolean]>([
  ['a tree of JSON', { a: [1, 'x', null, true, { b: {} }] }, true],
  ['NUL in a value', { a: ['\0'] }, false],
  ['NUL in a key', { 'a\0': 1 }, false],
  ['half a character in a key', { '\ud83d': 1 }, false],
  ['infinity', { a: Infinity }, false],
  ['sixteen levels', deep(16), true],
  ['seventeen levels', deep(17), false],
  ['a list in lists, sixteen deep', list(16), true],
  ['a list in lists, seventeen deep', list(17), false],
  ['undefined', undefined, false],
])('%s: storable', (_case, value, expected) => expect(isStorable(value)).toBe(expected))

const meta = { title: ' A ', language: 'kk', date: '2024-02-29', source: null, licence: null, group: null, meta: {} }

describe('metadata', () => {
  test('is trimmed where it is a title', () => expect(ArticleMeta.parse(meta).title).toBe('A'))

  test.each<[string, object]>([
    ['a blank title', { title: '  ' }],
    ['a language beyond the three', { language: 'de' }],
    ['a day that is none', { date: '2025-02-29' }],
    ['a date with a time', { date: '2025-02-28T00:00:00Z' }],
    ['a source of 1,001 letters', { source: 'a'.repeat(1001) }],
    ['metadata that is no object', { meta: [] }],
  ])('%s is refused', (_case, change) => expect(ArticleMeta.safeParse({ ...meta, ...change }).success).toBe(false))
})

describe('a line of an import', () => {
  test('keeps fields that it does not name', () => {
    expect(ArticleLine.parse({ text: 'a', id: 7, byline: 'B' })).toEqual({ text: 'a', id: 7, byline: 'B' })
  })

  test.each<[string, object]>([
    ['without text', {}],
    ['with a number for text', { text: 1 }],
    ['in an unknown language', { text: 'a', language: 'xx' }],
    ['with a list for an id', { text: 'a', id: [] }],
  ])('%s is refused', (_case, line) => expect(ArticleLine.safeParse(line).success).toBe(false))
})
