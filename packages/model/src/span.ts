import { insidePair } from './text.ts'

/** Half-open, in UTF-16 code units of one revision's text: `[start, end)`, never empty. */
export type Range = readonly [start: number, end: number]

export const overlaps = (a: Range, b: Range): boolean => a[0] < b[1] && b[0] < a[1]

/** True if `outer` holds all of `inner`; equal ranges hold each other. */
export const covers = (outer: Range, inner: Range): boolean => outer[0] <= inner[0] && inner[1] <= outer[1]

/** True if two ranges overlap and neither holds the other. */
export const crosses = (a: Range, b: Range): boolean => overlaps(a, b) && !covers(a, b) && !covers(b, a)

/** From the first start to the last end of an annotation's ranges. `ranges` must not be empty. */
export const hull = (ranges: readonly Range[]): Range => [
  Math.min(...ranges.map(([start]) => start)),
  Math.max(...ranges.map(([, end]) => end)),
]

/** Reading order: by start, the longer first, so that an outer span comes before what it holds. */
export const byPosition = (a: Range, b: Range): number => a[0] - b[0] || b[1] - a[1]

/** Why ranges cannot stand on a text, or null: empty, outside, overlapping one another, or inside a surrogate pair. */
export function faultOfRanges(text: string, ranges: readonly Range[]): 'empty' | 'outside' | 'overlap' | 'pair' | null {
  if (ranges.length === 0 || ranges.some(([start, end]) => start >= end)) return 'empty'
  if (ranges.some(([start, end]) => !Number.isInteger(start) || !Number.isInteger(end) || start < 0)) return 'outside'
  if (ranges.some(([, end]) => end > text.length)) return 'outside'
  if (ranges.some(([start, end]) => insidePair(text, start) || insidePair(text, end))) return 'pair'
  const sorted = [...ranges].sort(byPosition)
  return sorted.some((range, i) => i > 0 && overlaps(sorted[i - 1]!, range)) ? 'overlap' : null
}

/** The quotes of ranges, in their order: one slice a range. */
export const quotesOf = (text: string, ranges: readonly Range[]): string[] =>
  ranges.map(([start, end]) => text.slice(start, end))
