import { clusterEnd, kinds, kindsAt, startOfPoint } from './characters.ts'
import type { Steps } from './steps.ts'

const leaning = kinds.extend | kinds.pictograph | kinds.flag

/**
 * Whether `offset` (code units) lies between two characters as a reader sees them: never inside a surrogate pair,
 * CR LF, a flag, an emoji joined by ZWJ, or between a letter and its marks. Both ends of the text are boundaries;
 * an offset outside of it is none. Korean syllables written in single jamo are not put together. Looks back to where a
 * character surely begins, past all marks and emoji: ask `nextGrapheme` for one boundary after another.
 */
export function isGraphemeBoundary(text: string, offset: number, steps?: Steps): boolean {
  if (offset === 0 || offset === text.length) return true
  if (offset < 0 || offset > text.length || cutsPair(text, offset)) return false
  return boundaryFrom(text, offset, steps) === offset
}

/** The first boundary after `offset`, which lies before the text's end. */
export function nextGrapheme(text: string, offset: number, steps?: Steps): number {
  let at = safeStart(text, offset + 1, steps)
  while (at <= offset) at = clusterEnd(text, at, steps)
  return at
}

/** The last boundary before `offset`, which lies after 0. */
export function previousGrapheme(text: string, offset: number, steps?: Steps): number {
  let start = safeStart(text, offset, steps)
  for (;;) {
    const end = clusterEnd(text, start, steps)
    if (end >= offset) return start
    start = end
  }
}

/** All boundaries of a text in order, 0 and its end among them; two of them for the empty text. */
export function* graphemeBoundaries(text: string, steps?: Steps): Generator<number> {
  yield 0
  for (let at = 0; at < text.length;) yield (at = clusterEnd(text, at, steps))
}

function boundaryFrom(text: string, offset: number, steps?: Steps): number {
  let at = safeStart(text, offset, steps)
  while (at < offset) at = clusterEnd(text, at, steps)
  return at
}

/** An offset before `offset` where a character surely begins. */
function safeStart(text: string, offset: number, steps?: Steps): number {
  let at = startOfPoint(text, offset)
  while (at > 0 && kindsAt(text, at, steps) & leaning) at = startOfPoint(text, at)
  return at > 0 && text.startsWith('\r\n', at - 1) ? at - 1 : at
}

const isBetween = (unit: number, from: number, to: number): boolean => unit >= from && unit <= to

/** Whether a surrogate pair lies around an offset. */
const cutsPair = (text: string, offset: number): boolean =>
  isBetween(text.charCodeAt(offset - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(offset), 0xdc00, 0xdfff)
