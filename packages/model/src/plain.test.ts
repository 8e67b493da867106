import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPlain, isWellFormed } from './plain.ts'

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

test.each<[string, unknown]>([
  ['null', null],
  ['true', true],
  ['−0', -0],
  ['a fraction', 0.1],
  ['the empty text', ''],
  ['an emoji', '👩🏽‍🚀'],
  ['the words __proto__', '__proto__'],
  ['an empty list', []],
  ['a span', ['span', [[0, 5]], 'per', [['base', 'Анна']], null]],
  ['a list eight deep', nested(8)],
])('%s is plain', (_name, value) => expect(isPlain(value)).toBe(true))

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['NaN', NaN],
  ['infinity', Infinity],
  ['minus infinity', -Infinity],
  ['a bigint', 1n],
  ['a symbol', Symbol('x')],
  ['a function', () => 1],
  ['an object', {}],
  ['an object without prototype', Object.create(null)],
  ['an object with a prototype of its own', JSON.parse('{"__proto__":{"admin":true}}')],
  ['a date', new Date(0)],
  ['bytes', new Uint8Array([1])],
  ['a map', new Map()],
  ['a boxed text', new String('x')],
  ['NUL', 'a\0b'],
  ['a lone high half', 'a\ud83d'],
  ['a lone low half', '\ude00a'],
  ['halves in the wrong order', '\ude00\ud83d'],
  ['a lone half in a list', [['\ud83d']]],
  ['undefined in a list', [undefined]],
  ['an object in a list', [[{}]]],
  ['a list nine deep', nested(9)],
  ['a list 100,000 deep', Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1)],
])('%s is not plain', (_name, value) => expect(isPlain(value)).toBe(false))

test('a list that holds itself is refused, not followed for ever', () => {
  const round: unknown[] = []
  round.push(round)
  expect(isPlain(round)).toBe(false)
})

test('plain values that hold no −0 come through JSON as they are', () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 4 }), (value) => {
      fc.pre(isPlain(value))
      expect(JSON.parse(JSON.stringify(value))).toEqual(positive(value))
    }),
  )
})

const positive = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(positive) : typeof value === 'number' ? value + 0 : value

test('a text is well formed if its UTF-8 gives it back', () => {
  const utf8 = (text: string) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))
  const texts = fc
    .array(fc.oneof(fc.constantFrom('\ud83d', '\ude00'), fc.string({ unit: 'grapheme' })))
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      expect(isWellFormed(text)).toBe(utf8(text) === text)
    }),
  )
})
