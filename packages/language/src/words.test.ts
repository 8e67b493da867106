import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hardText } from '../fixtures/texts.ts'
import { tokens } from './tokens.ts'
import { letterRuns, wordAt, words } from './words.ts'

const drawn = (text: string, ranges: [number, number][]) => ranges.map((range) => text.slice(...range)).join('|')

test.each([
  ['Касым-Жомарт «Boeing»-тың', 'Касым-Жомарт|Boeing|тың'],
  ['8–9-х, 60%–70% и 5 тыс.', '8–9-х|60%–70%|и|5|тыс.'],
  ['Алматы–Астана – №13: $5', 'Алматы|Астана|№13|$5'],
  ['10%-ға $5-дан 10%-«», 10% - ға', '10%-ға|$5-дан|10%|10%|ға'],
  ['К.Жубанова 👍 2,1', 'К.|Жубанова|2,1'],
])('%s is clicked as %s', (text, expected) => expect(drawn(text, words(text))).toBe(expected))

test('letter runs end at hyphens and dashes', () => {
  const text = 'Послание-2025, 8–9-х, 60% тыс. «Ел»'
  expect(drawn(text, letterRuns(text))).toBe('Послание|2025|8|9|х|60%|тыс.|Ел')
})

test.each([
  ['|Касым-Жомарт ушёл', 'Касым-Жомарт'],
  ['Касым-|Жомарт ушёл', 'Касым-Жомарт'],
  ['один два|, три', 'два'],
  ['один, |два', 'два'],
  ['А.|Байтурсынов', 'Байтурсынов'],
  ['первая\nвтор|ая', 'вторая'],
  ['один ,| два', undefined],
  ['один,| два', undefined],
  ['|', undefined],
])('a click at %j selects %s', (drawing, expected) => {
  const text = drawing.replace('|', '')
  const found = wordAt(text, drawing.indexOf('|'))
  expect(found ? text.slice(...found) : undefined).toBe(expected)
})

test.each([-1, 4])('a click outside selects nothing: %i', (at) => expect(wordAt('abc', at)).toBeNull())

test('words stand on token edges, sorted and disjoint, and each is found from within', () => {
  fc.assert(
    fc.property(hardText, (text) => {
      const starts = new Set(tokens(text).map(([start]) => start))
      const ends = new Set(tokens(text).map(([, end]) => end))
      let at = 0
      for (const [start, end] of words(text)) {
        expect(start >= at && starts.has(start) && ends.has(end)).toBe(true)
        expect(wordAt(text, start)).toEqual([start, end])
        at = end
      }
    }),
    { numRuns: 500 },
  )
})
