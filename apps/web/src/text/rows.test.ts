import { expect, test } from 'vitest'
import { depthOf, ROWS, rowsOf } from './rows.ts'
import { marksFrom } from './picture.ts'

test.each([
  ['a lone mark lies next to the text', ['  aaaa  '], 'a0'],
  ['neighbours share a row', ['aaa bbb '], 'a0 b0'],
  ['marks that touch share a row', ['aaabbb  '], 'a0 b0'],
  ['the inner one is next to the text', ['aaaaaaaa', '  bbb   '], 'a1 b0'],
  ['a nest of three, inner ones at its start', ['aaaaaaaa', 'bbbbb   ', 'cc      '], 'a2 b1 c0'],
  ['crossing marks: the shorter is next to the text', ['aaaaa   ', '   bbbbbb'], 'a0 b1'],
  ['twins of one length go by their ids', ['bbb', 'aaa'], 'a0 b1'],
  ['a gap holds its row free', ['aa    aa', '   bb   '], 'a1 b0'],
  ['a row stays empty where a far nest needs it', ['aaaaaaaaaa', 'bb    cccc', '       dd '], 'a2 b0 c1 d0'],
])('%s', (_what, lines, rows) => {
  const found = rowsOf(marksFrom(lines))
  const drawn = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, row]) => `${id}${row}`)
  expect(drawn.join(' ')).toBe(rows)
})

test('levels beyond the last share it', () => {
  const deep = Array.from({ length: ROWS + 3 }, (_, i) => String.fromCharCode(97 + i).repeat(20 - i))
  const rows = rowsOf(marksFrom(deep))
  expect(Math.max(...rows.values())).toBe(ROWS - 1)
  expect(depthOf(rows)).toBe(ROWS)
})

test('no marks, no depth', () => expect(depthOf(rowsOf([]))).toBe(0))
