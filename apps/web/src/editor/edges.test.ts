import type { Range } from '@tamga/model'
import { expect, test } from 'vitest'
import { moved, withRange, type Edge, type Unit } from './edges.ts'

/** Reads `[` and `]` around the ranges of a drawn text. */
function read(drawn: string): { text: string; ranges: Range[] } {
  const ranges: Range[] = []
  let text = ''
  let start = 0
  for (const sign of drawn) {
    if (sign === '[') start = text.length
    else if (sign === ']') ranges.push([start, text.length])
    else text += sign
  }
  return { text, ranges }
}

function draw(text: string, ranges: readonly Range[] | null): string | null {
  if (!ranges) return null
  const signs = ranges.flatMap(([start, end]) => [[start, '['] as const, [end, ']'] as const])
  return signs
    .sort(([a], [b]) => b - a)
    .reduce((drawn, [at, sign]) => drawn.slice(0, at) + sign + drawn.slice(at), text)
}

test.each<[string, Edge, 'out' | 'in', Unit, string | null]>([
  ['в [городе] Ақтөбе', 'end', 'out', 'word', 'в [городе Ақтөбе]'],
  ['в [городе Ақтөбе]', 'end', 'in', 'word', 'в [городе] Ақтөбе'],
  ['аким [области]', 'start', 'out', 'word', '[аким области]'],
  ['[аким области]', 'start', 'in', 'word', 'аким [области]'],
  ['[аким] области', 'end', 'in', 'word', null],
  ['[аким] области', 'start', 'out', 'word', null],
  ['«[Таза] Қазақстан»', 'end', 'out', 'word', '«[Таза Қазақстан]»'],
  ['[альянс] «Таза Қазақстан» және', 'end', 'out', 'word', '[альянс «Таза Қазақстан»] және'],
  ['аким[а] области', 'start', 'out', 'word', '[акима] области'],
  ['[Ақтөбе]де', 'end', 'out', 'letter', '[Ақтөбед]е'],
  ['[А]нна', 'end', 'in', 'letter', null],
  ['[👩🏽‍🚀] А', 'end', 'out', 'letter', '[👩🏽‍🚀 ]А'],
  ['[а 👩🏽‍🚀]', 'end', 'in', 'letter', '[а ]👩🏽‍🚀'],
  ['первая\n[вторая]', 'start', 'out', 'word', '[первая\nвторая]'],
  ['[один] два [три]', 'end', 'in', 'word', '[один] два три'],
  ['[один] два [три] четыре', 'end', 'out', 'word', '[один] два [три четыре]'],
])('%s: %s %s by a %s → %s', (drawn, edge, direction, unit, expected) => {
  const { text, ranges } = read(drawn)
  expect(draw(text, moved(text, ranges, edge, direction === 'out', unit))).toBe(expected)
})

test.each<[string, Range, string]>([
  ['[один] два три', [9, 12], '[один] два [три]'],
  ['[один] два три', [4, 8], '[один два] три'],
])('%s and %j → %s', (drawn, added, expected) => {
  const { text, ranges } = read(drawn)
  expect(
    draw(
      text,
      withRange(ranges, added).toSorted((a, b) => a[0] - b[0]),
    ),
  ).toBe(expected)
})
