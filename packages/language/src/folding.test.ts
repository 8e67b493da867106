import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, foldFrom, foldPattern, foldTo } from './folding.ts'

// Postgres: lower() maps each character by itself (İ to i, Σ to σ), translate() each by its place in the two lists.
const lower = (text: string) => [...text].map((sign) => (sign === 'İ' ? 'i' : sign.toLowerCase())).join('')
const translate = (text: string, from: string, to: string) =>
  [...text].map((sign) => (from.includes(sign) ? to.charAt(from.indexOf(sign)) : sign)).join('')

test.each([
  ['Қазақстан халқына', 'казакстан халкына'],
  ['ӘІҢҒҮҰҚӨҺ', 'аингуукох'],
  ['Ёлка Yandex ΟΔΟΣ', 'елка yandex οδοσ'],
  ['İзмир', 'iзмир'],
])('%s is found as %s', (text, expected) => expect(fold(text)).toBe(expected))

test('each letter has one place in both lists', () => {
  expect(new Set(foldFrom).size).toBe(foldFrom.length)
  expect(foldTo.length).toBe(foldFrom.length)
})

test('equals translate(lower(x), foldFrom, foldTo), keeps the length and does nothing twice', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ӘәІіҢңҒғҮүҰұҚқӨөҺһЁёABcΣσςİıẞßK ') }),
  )
  fc.assert(
    fc.property(text, (any) => {
      expect(fold(any)).toBe(translate(lower(any), foldFrom, foldTo))
      expect(fold(any)).toHaveLength(any.length)
      expect(fold(fold(any))).toBe(fold(any))
    }),
    { numRuns: 2000 },
  )
})

test('a pattern takes the query literally', () => expect(foldPattern('60%_\\Қ')).toBe('%60\\%\\_\\\\к%'))
