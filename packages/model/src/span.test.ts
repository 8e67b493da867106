import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byPosition, covers, crosses, faultOfRanges, hull, overlaps, quotesOf, type Range } from './span.ts'

const range = fc
  .tuple(fc.nat(20), fc.integer({ min: 1, max: 10 }))
  .map(([start, length]): Range => [start, start + length])

test.each<[string, Range, Range, { overlaps: boolean; covers: boolean; crosses: boolean }]>([
  ['apart', [0, 2], [3, 5], { overlaps: false, covers: false, crosses: false }],
  ['touching', [0, 3], [3, 5], { overlaps: false, covers: false, crosses: false }],
  ['crossing', [0, 4], [3, 5], { overlaps: true, covers: false, crosses: true }],
  ['holding', [0, 5], [1, 4], { overlaps: true, covers: true, crosses: false }],
  ['held', [1, 4], [0, 5], { overlaps: true, covers: false, crosses: false }],
  ['equal', [1, 4], [1, 4], { overlaps: true, covers: true, crosses: false }],
  ['same start', [0, 5], [0, 4], { overlaps: true, covers: true, crosses: false }],
])('%s: %j and %j', (_case, a, b, expected) =>
  expect({ overlaps: overlaps(a, b), covers: covers(a, b), crosses: crosses(a, b) }).toEqual(expected),
)

test('two ranges are apart, crossing, or one holds the other', () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      const kinds = [!overlaps(a, b), crosses(a, b), covers(a, b) || covers(b, a)]
      expect(kinds.filter(Boolean)).toHaveLength(1)
      expect(overlaps(a, b)).toBe(overlaps(b, a))
      expect(crosses(a, b)).toBe(crosses(b, a))
    }),
  )
})

test('reading order puts an outer span before what it holds', () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      fc.pre(covers(a, b))
      expect(byPosition(a, b)).toBeLessThanOrEqual(0)
    }),
  )
})

test('the hull holds every range and no more', () => {
  expect(
    hull([
      [7, 12],
      [0, 4],
    ]),
  ).toEqual([0, 12])
})

test.each<[string, Range[], ReturnType<typeof faultOfRanges>]>([
  ['one range', [[0, 1]], null],
  [
    'several, in any order',
    [
      [4, 5],
      [0, 1],
    ],
    null,
  ],
  [
    'several that touch',
    [
      [0, 1],
      [1, 3],
    ],
    null,
  ],
  ['the whole text', [[0, 5]], null],
  ['none', [], 'empty'],
  ['an empty one', [[1, 1]], 'empty'],
  ['one that runs backwards', [[3, 1]], 'empty'],
  ['one before the start', [[-1, 1]], 'outside'],
  ['one beyond the end', [[0, 6]], 'outside'],
  ['a fraction', [[0, 0.5]], 'outside'],
  ['one that starts in a pair', [[2, 4]], 'pair'],
  ['one that ends in a pair', [[0, 2]], 'pair'],
  [
    'two over each other',
    [
      [0, 3],
      [1, 4],
    ],
    'overlap',
  ],
  [
    'one twice',
    [
      [0, 1],
      [0, 1],
    ],
    'overlap',
  ],
  [
    'one in the other, apart in the list',
    [
      [0, 5],
      [4, 5],
    ],
    'overlap',
  ],
  [
    'two over each other, apart in the list',
    [
      [3, 5],
      [0, 1],
      [4, 5],
    ],
    'overlap',
  ],
])('on a😀bc: %s', (_case, ranges, fault) => expect(faultOfRanges('a😀bc', ranges)).toBe(fault))

test('ranges that are no numbers do not stand', () => {
  expect(faultOfRanges('abc', [[NaN, NaN]])).not.toBeNull()
  expect(faultOfRanges('abc', [[0, NaN]])).not.toBeNull()
})

test('quotes are one slice a range, in the order of the ranges', () => {
  expect(
    quotesOf('Анна и Борис', [
      [7, 12],
      [0, 4],
    ]),
  ).toEqual(['Борис', 'Анна'])
})
