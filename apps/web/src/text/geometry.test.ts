import { expect, test } from 'vitest'
import { geometryCss, lineHeight, rowAt } from './geometry.ts'
import { ROWS } from './rows.ts'

test('lines grow with the depth of the nest', () => {
  expect([0, 1, 2, 3, 4, 5].map((depth) => lineHeight('gloss', depth))).toEqual([34, 34, 44, 53, 62, 71])
  expect([1, 2, 3, 4].map((depth) => lineHeight('rails', depth))).toEqual([32, 36, 41, 46])
  expect(lineHeight('bare', 4)).toBe(34)
})

test.each([
  // gloss: a fragment of highest row 2 ends 8 + 18 px under the text; rail centres lie 22, 13 and 4 px above that end
  ['gloss', 22, 2, 0],
  ['gloss', 13, 2, 1],
  ['gloss', 4, 2, 2],
  ['gloss', 0, 2, 2],
  ['gloss', 27, 2, null],
  ['rails', 2, 1, 1],
  ['rails', 7, 1, 0],
  ['bare', 2, 0, null],
] as const)('%s: %i px above the end, highest row %i: row %j', (density, up, top, row) => {
  expect(rowAt(density, up, top)).toBe(row)
})

test('every highest row has its rules in both densities, with and without seals', () => {
  const css = geometryCss()
  for (let top = 0; top < ROWS; top++)
    for (const density of ['gloss', 'rails'])
      for (const kind of ['', '.z', '.v', '.z.v']) expect(css).toContain(`.${density} .n${top}${kind}{`)
})
