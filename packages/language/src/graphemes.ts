import { cluster, extend, matcher } from './characters.ts'

const clusterEnd = matcher(cluster)
const leans = new RegExp(`^(?:${extend}|\\p{Extended_Pictographic}|\\p{Regional_Indicator})$`, 'u')

/**
 * Whether `offset` (code units) lies between two characters as a reader sees them: never inside a surrogate pair,
 * CR LF, a flag, an emoji joined by ZWJ, or between a letter and its marks. Both ends of the text are boundaries;
 * an offset outside of it is none. Korean syllables written in single jamo are not put together.
 */
export function isGraphemeBoundary(text: string, offset: number): boolean {
  if (offset === 0 || offset === text.length) return true
  if (offset < 0 || offset > text.length || cutsPair(text, offset)) return false
  let at = safeStart(text, offset)
  while (at < offset) at = clusterEnd(text, at)
  return at === offset
}

/** An offset before `offset` where a character surely begins. */
function safeStart(text: string, offset: number): number {
  let at = before(text, offset)
  while (at > 0 && leans.test(String.fromCodePoint(text.codePointAt(at) ?? 0))) at = before(text, at)
  return at
}

const before = (text: string, offset: number): number => offset - (cutsPair(text, offset - 1) ? 2 : 1)

function cutsPair(text: string, offset: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, offset - 1), offset + 1))
}
