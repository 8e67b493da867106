import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hardText } from '../fixtures/texts.ts'
import { isGraphemeBoundary } from './graphemes.ts'

const drawn = (text: string) => {
  let out = ''
  for (let at = 0; at < text.length; at++) out += (at > 0 && isGraphemeBoundary(text, at) ? '|' : '') + text.charAt(at)
  return out
}

test.each([
  ['Ёлка', 'Ё|л|к|а'],
  ['е\u0308лка', 'е\u0308|л|к|а'],
  ['👩🏽‍🚀👩‍👩‍👧', '👩🏽‍🚀|👩‍👩‍👧'],
  ['🇰🇿🇷🇺🇰a', '🇰🇿|🇷🇺|🇰|a'],
  ['❤️1️⃣', '❤️|1️⃣'],
  ['a\u200d👩', 'a\u200d|👩'],
  ['\r\n\n\r', '\r\n|\n|\r'],
  ['\n\u0301', '\n|\u0301'],
  ['𝔸𝔹', '𝔸|𝔹'],
])('%j is %j', (text, expected) => expect(drawn(text)).toBe(expected))

test.each([[-1], [4]])('an offset outside is no boundary: %i', (at) =>
  expect(isGraphemeBoundary('abc', at)).toBe(false),
)

test('agrees with Unicode on texts without Hangul and Indic joins', () => {
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const parts = ['a', 'Қ', '\u0301', '\u200d', '👩', '🏽', '🇰', '🇿', '\r', '\n', '\u00ad', ' ', '❤', '\ufe0f', '𝔸', '1']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chosen) => {
      const text = chosen.join('')
      const starts = new Set([...segmenter.segment(text)].map(({ index }) => index).concat(text.length))
      for (let at = 0; at <= text.length; at++) expect([at, isGraphemeBoundary(text, at)]).toEqual([at, starts.has(at)])
    }),
    { numRuns: 2000 },
  )
})

test('never cuts a surrogate pair', () => {
  fc.assert(
    fc.property(hardText, (text) => {
      for (let at = 1; at < text.length; at++)
        if (/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1)))
          expect(isGraphemeBoundary(text, at)).toBe(false)
    }),
  )
})
