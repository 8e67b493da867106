import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeRange } from './anchor.ts'
import { isWellFormed } from './plain.ts'
import { insidePair } from './text.ts'

test.each([
  ['Форум в Актобе прошёл', [8, 14], { quote: 'Актобе', before: 'Форум в ', after: ' прошёл' }],
  ['Актобе', [0, 6], { quote: 'Актобе', before: '', after: '' }],
  [`${'a'.repeat(40)}X${'b'.repeat(40)}`, [40, 41], { quote: 'X', before: 'a'.repeat(32), after: 'b'.repeat(32) }],
  [`😀${'a'.repeat(31)}X${'b'.repeat(31)}😀`, [33, 34], { quote: 'X', before: 'a'.repeat(31), after: 'b'.repeat(31) }],
] as const)('%s at %j', (text, range, anchor) => expect(describeRange(text, range)).toEqual(anchor))

test('an anchor is a piece of its text, without half a character', () => {
  const text = fc
    .array(fc.constantFrom('a', 'қ', '😀', '👩🏽‍🚀', '\r\n'), { minLength: 1, maxLength: 60 })
    .map((parts) => parts.join(''))
  const place = text.chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length - 1), fc.nat(text.length)))
  fc.assert(
    fc.property(place, ([text, start, end]) => {
      fc.pre(start < end && !insidePair(text, start) && !insidePair(text, end))
      const { before, quote, after } = describeRange(text, [start, end])
      expect(text.slice(start - before.length, end + after.length)).toBe(before + quote + after)
      expect(isWellFormed(before + quote + after)).toBe(true)
    }),
  )
})
