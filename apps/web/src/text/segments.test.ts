import { expect, test } from 'vitest'
import type { Mark } from './mark.ts'
import { marksFrom } from './picture.ts'
import { rowsOf } from './rows.ts'
import { segmentsOf, type Look, type Segment } from './segments.ts'
import { isWet } from './mark.ts'

const block = { start: 0, end: 20, paragraph: 1, kind: 'first' as const }
const look: Look = {
  chosen: null,
  hovered: null,
  flashing: new Map(),
  codes: 'all',
  isWet,
  label: (id) => id.charCodeAt(0) - 97,
  room: () => 'code',
  describe: ({ id }) => id,
}

const segments = (marks: readonly Mark[], changed: Partial<Look> = {}) =>
  segmentsOf(block, marks, rowsOf(marks), { ...look, ...changed })
const drawn = (found: readonly Segment[]) => found.map(({ start, end, classes }) => `${start}-${end} ${classes}`)

test.each([
  ['a mark', ['  aaa'], ['2-5 s n0 k0 r0l0']],
  ['the innermost gives the wash', ['aaaa', ' bb '], ['0-1 s n1 k0 r1l0', '1-3 s n1 k1 r0l1 r1l0', '3-4 s n1 k0 r1l0']],
  ['crossing', ['aaa  ', ' bbbb'], ['0-1 s n0 k0 r0l0', '1-3 s n1 k0 r0l0 r1l1', '3-5 s n1 k1 r1l1']],
  [
    'the gap of a discontinuous mark is a thread',
    ['aa  aa'],
    ['0-2 s n0 k0 r0l0', '2-4 s n0 r0l0 r0gap v', '4-6 s n0 k0 r0l0'],
  ],
])('%s', (_what, lines, expected) => expect(drawn(segments(marksFrom(lines)))).toEqual(expected))

test.each<[string, Partial<Mark>, Partial<Look>, string]>([
  ['open', {}, {}, 's n0 k0 r0l0'],
  ['approved: sealed and dry', { state: 'approved' }, {}, 's n0 r0l0 z r0z'],
  ['rejected', { state: 'rejected' }, {}, 's n0 r0l0 r0no v'],
  ['changed: broken seal, wet', { state: 'changed' }, {}, 's n0 k0 r0l0 z r0y'],
  ['disputed', { state: 'disputed' }, {}, 's n0 k0 r0l0 z r0x'],
  ['partly', { state: 'partly' }, {}, 's n0 k0 r0l0 z r0h'],
  ['unsure', { unsure: true }, {}, 's n0 k0 r0l0 r0u0 v'],
  ['two supporters', { supporters: 2 }, {}, 's n0 k0 r0l0 r0two v'],
  ['pending goes before unsure', { pending: true, unsure: true }, {}, 's n0 k0 r0l0 r0pen'],
  ['chosen', {}, { chosen: 'a' }, 's n0 q0 r0l0 r0sel v'],
  ['hovered, though dry', { state: 'approved' }, { hovered: 'a' }, 's n0 o0 r0l0 z r0z'],
  ['flashing', {}, { flashing: new Map([['a', 3]]) }, 's n0 k0 fl f3 r0l0'],
])('state %s', (_what, fields, changed, classes) => {
  expect(segments(marksFrom(['aaaa'], fields), changed)[0]?.classes).toBe(classes)
})

test.each<[string, Partial<Mark>, Partial<Look>, string]>([
  ['code', {}, {}, 'c c0 cl0'],
  ['approved', { state: 'approved' }, {}, 'c c0 cl0 ok'],
  ['two supporters', { supporters: 2 }, {}, 'c c0 cl0 ×2'],
  ['partly', { state: 'partly', approvals: [1, 2] }, {}, 'c c0 cl0 1/2'],
  ['no room for the code', {}, { room: () => 'glyph' }, 'c c0 cl0 g'],
  ['no room at all', {}, { room: () => 'none' }, ''],
  ['not pointed at, in rails', {}, { codes: 'pointed' }, ''],
  ['pointed at, in rails', {}, { codes: 'pointed', hovered: 'a' }, 'c c0 cl0'],
  ['the chosen one has its flag in any room', {}, { chosen: 'a', room: () => 'none' }, 'c c0 cl0 sel'],
])('code: %s', (_what, fields, changed, code) => {
  const [found] = segments(marksFrom(['aaaa'], fields), changed)
  expect(found?.codes.map(({ classes, extra }) => classes + extra).join()).toBe(code)
})

test('a seal closes only the last segment; a code opens only the first', () => {
  const found = segments(marksFrom(['aaaaaa', '  bb  '], { state: 'approved' }))
  expect(found.map(({ classes }) => /r1z/.test(classes))).toEqual([false, false, true])
  expect(found.map(({ codes }) => codes.length)).toEqual([1, 1, 0])
})

test('the chosen mark has a handle at each edge', () => {
  const found = segments(marksFrom(['aaaaaa', '  bb  ']), { chosen: 'a' })
  expect(found.map(({ handles }) => handles.join())).toEqual(['start', '', 'end'])
})

test('a screen reader hears the marks that begin, the outer one first', () => {
  expect(segments(marksFrom(['aaaa', 'bb  '])).map(({ description }) => description)).toEqual(['a; b', ''])
})

test('a mark that goes on into the next block is cut at the edge and neither sealed nor coded twice', () => {
  const marks = marksFrom(['                  aaaaa'], { state: 'approved' })
  const rows = rowsOf(marks)
  const next = { start: 20, end: 40, paragraph: 2, kind: 'first' as const }
  expect(drawn(segmentsOf(block, marks, rows, look))).toEqual(['18-20 s n0 r0l0'])
  expect(drawn(segmentsOf(next, marks, rows, look))).toEqual(['20-23 s n0 r0l0 z r0z'])
  expect(segmentsOf(next, marks, rows, look)[0]?.codes).toEqual([])
})
