import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codePointLength, insidePair, lineOf, OffsetMap } from './text.ts'

const scripts: Record<string, string> = {
  russian: 'Актобе',
  kazakh: 'Әуе, ғұмыр, өң, үй, һәм',
  combining: 'Й\u0301 е\u0308 a\u0308\u0323',
  noBreakSpace: 'А.\u00a0Б.\u202f5',
  softHyphen: 'Универ\u00adситет',
  crlf: 'a\r\nb\r\n',
  byteOrderMark: '\ufeffa',
  emoji: 'a😀b',
  family: '👨‍👩‍👧‍👦!',
  flags: '🇰🇿🇷🇺',
  skin: '👩🏽‍🚀',
  hebrew: 'שלום',
  gothic: '𐌰𐌱',
}

const wellFormed = fc
  .array(fc.oneof(fc.constantFrom(...Object.values(scripts)), fc.string({ unit: 'grapheme' })), { maxLength: 8 })
  .map((parts) => parts.join(''))

/** Offsets as Python or Postgres would count them: by walking the code points. */
const pointsOf = (text: string) => [...text]

describe('code units and code points', () => {
  test.each(Object.entries(scripts))('%s: each code point boundary goes there and back', (_name, text) => {
    const map = new OffsetMap(text)
    let units = 0
    for (const [points, char] of pointsOf(text).entries()) {
      expect([map.toPoints(units), map.toUnits(points)]).toEqual([points, units])
      units += char.length
    }
    expect([map.toPoints(units), map.toUnits(pointsOf(text).length)]).toEqual([pointsOf(text).length, text.length])
  })

  test('a slice by code points is the slice by code units', () => {
    fc.assert(
      fc.property(wellFormed, fc.nat(), fc.nat(), (text, a, b) => {
        const points = pointsOf(text)
        const [start, end] = [a % (points.length + 1), b % (points.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ]
        const map = new OffsetMap(text)
        expect(text.slice(map.toUnits(start), map.toUnits(end))).toBe(points.slice(start, end).join(''))
        expect([map.toPoints(map.toUnits(start)), map.toPoints(map.toUnits(end))]).toEqual([start, end])
      }),
    )
  })

  test('a text is as long as its code points', () => {
    const anything = fc.array(fc.constantFrom('a', 'қ', '\ud83d', '\ude00')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(wellFormed, anything), (text) => {
        expect(codePointLength(text)).toBe(pointsOf(text).length)
      }),
    )
  })

  test.each([
    ['before the start', -1],
    ['beyond the end', 5],
    ['between two units', 0.5],
    ['no number', NaN],
  ])('%s there is no offset', (_case, offset) => {
    const map = new OffsetMap('a😀b')
    expect(() => map.toPoints(offset)).toThrow(RangeError)
    expect(() => map.toUnits(offset)).toThrow(RangeError)
  })

  test('beyond the last code point there is no offset', () => {
    expect(() => new OffsetMap('a😀b').toUnits(4)).toThrow(RangeError)
    expect(() => new OffsetMap('😀').toUnits(2)).toThrow(RangeError)
    expect(() => new OffsetMap('').toUnits(1)).toThrow(RangeError)
  })

  test('inside a surrogate pair there is no code point', () => {
    expect(() => new OffsetMap('a😀b').toPoints(2)).toThrow('inside a surrogate pair')
  })
})

test('a pair is cut only between its halves', () => {
  expect([0, 1, 2, 3, 4].map((offset) => insidePair('a😀b', offset))).toEqual([false, false, true, false, false])
  expect(insidePair('\udc00\ud800', 1)).toBe(false)
})

test.each([
  ['', 0, 1, 1],
  ['ab', 2, 1, 3],
  ['a\nb', 2, 2, 1],
  ['a\r\nb', 3, 2, 1],
  ['😀😀x', 4, 1, 3],
  ['\n\n', 2, 3, 1],
])('in %j offset %i is line %i, column %i', (text, offset, line, column) =>
  expect(lineOf(text, offset)).toEqual({ line, column }),
)
