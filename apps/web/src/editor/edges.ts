import { isGraphemeBoundary, nextGrapheme, previousGrapheme, snap, words } from '@tamga/language'
import { hull, overlaps, type Range } from '@tamga/model'

export type Edge = 'start' | 'end'
export type Unit = 'word' | 'letter'

/**
 * The ranges of a span with one outer edge moved by a word or a letter, out or in; null if there is no room. Ranges
 * that the edge passes go with it; the last word or letter stays. Code units.
 */
export function moved(text: string, ranges: readonly Range[], edge: Edge, out: boolean, unit: Unit): Range[] | null {
  const [start, end] = hull(ranges)
  const back = (edge === 'start') === out
  const from = edge === 'start' ? start : end
  const to = back ? before(text, from, edge, unit) : after(text, from, edge, unit)
  if (to === null) return null
  if (out && unit === 'word' && ranges.length === 1) return [snapped(text, edge === 'start' ? [to, end] : [start, to])]
  return edge === 'start' ? withStart(ranges, start, to) : withEnd(ranges, end, to)
}

/** Half a pair of quotes that came in brings its other half. */
function snapped(text: string, range: Range): Range {
  const whole = snap(text, ...range)
  return whole && whole[0] <= range[0] && whole[1] >= range[1] ? whole : range
}

function withStart(ranges: readonly Range[], from: number, to: number): Range[] | null {
  return whole(ranges.map(([start, end]) => [start === from ? to : Math.max(start, to), end]))
}

function withEnd(ranges: readonly Range[], from: number, to: number): Range[] | null {
  return whole(ranges.map(([start, end]) => [start, end === from ? to : Math.min(end, to)]))
}

function whole(ranges: readonly Range[]): Range[] | null {
  const kept = ranges.filter(([start, end]) => start < end)
  return kept.length > 0 ? kept : null
}

/** The nearest earlier place for an edge: a word's start for a start, a word's end for an end. */
function before(text: string, from: number, edge: Edge, unit: Unit): number | null {
  if (unit === 'letter') return from > 0 ? boundary(text, from - 1, -1) : null
  const low = Math.max(0, from - NEAR)
  const places = wordsOf(text, low, from).map(([start, end]) => (edge === 'start' ? start : end))
  return places.findLast((place) => place < from) ?? null
}

function after(text: string, from: number, edge: Edge, unit: Unit): number | null {
  if (unit === 'letter') return from < text.length ? boundary(text, from + 1, 1) : null
  const places = wordsOf(text, from, Math.min(text.length, from + NEAR)).map(([start, end]) =>
    edge === 'start' ? start : end,
  )
  return places.find((place) => place > from) ?? null
}

// Words are looked for in the lines around: no word is longer, no gap between two is.
const NEAR = 2000

function wordsOf(text: string, from: number, to: number): Range[] {
  const low = text.lastIndexOf('\n', Math.max(0, from - 1)) + 1
  const line = text.indexOf('\n', to)
  const high = line < 0 ? text.length : line
  return words(text.slice(low, high)).map(([start, end]) => [start + low, end + low])
}

function boundary(text: string, from: number, step: 1 | -1): number {
  if (from <= 0 || from >= text.length || isGraphemeBoundary(text, from)) return from
  return step > 0 ? nextGrapheme(text, from) : previousGrapheme(text, from)
}

/** The ranges with one more, joined with those it overlaps or touches. In the annotator's order, the new one last. */
export function withRange(ranges: readonly Range[], added: Range): Range[] {
  const joined = ranges.filter((range) => touches(range, added))
  return [...ranges.filter((range) => !touches(range, added)), hull([...joined, added])]
}

const touches = (a: Range, b: Range) => overlaps(a, b) || a[1] === b[0] || b[1] === a[0]
