import type { Range } from './span.ts'

/** How a span is found again when its text changes: its quote with what stood around it. */
export interface Anchor {
  readonly quote: string
  readonly before: string
  readonly after: string
}

const CONTEXT = 32

/** Describes one range (code units) by its quote and up to 32 code units on either side, surrogate pairs kept whole. */
export function describeRange(text: string, [start, end]: Range): Anchor {
  const before = text.slice(Math.max(0, start - CONTEXT), start).replace(/^[\uDC00-\uDFFF]/, '')
  const after = text.slice(end, end + CONTEXT).replace(/[\uD800-\uDBFF]$/, '')
  return { quote: text.slice(start, end), before, after }
}
