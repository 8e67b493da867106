import { startOfPoint } from './characters.ts'
import { linesAround } from './lines.ts'
import { isWordlike, pieces, signedTokens } from './pieces.ts'
import type { Range } from './range.ts'
import type { Steps } from './steps.ts'

const dashed = /^[\p{N}%][–—]\p{N}/u
const hyphened = /^[%‰°$€£¥₸₽][-\u2010\u2011]\p{L}/u

/**
 * What one click selects: a token of letters or digits, joined by hyphens, with the sign of its number (`60%`, `№13`),
 * the dot of its abbreviation (`тыс.`), the ending of its sign (`10%-ға`), and with a long dash between digits (`8–9-х`).
 * Edges are edges of tokens.
 */
export function words(text: string, steps?: Steps): Range[] {
  const found: Range[] = []
  for (const [start, end] of signedTokens(text, steps)) {
    if (!isWordlike(text, start, end)) continue
    const last = found.at(-1)
    if (last && last[1] === start - 1 && joins(text, last[1])) last[1] = end
    else found.push([start, end])
  }
  return found
}

/** Whether the sign at `at` joins the words around it. */
function joins(text: string, at: number): boolean {
  const around = text.slice(startOfPoint(text, at), at + 3)
  return dashed.test(around) || hyphened.test(around)
}

/** The word at a caret: the one that begins or goes on there, else the one that ends there; null between words. */
export function wordAt(text: string, offset: number, steps?: Steps): Range | null {
  if (offset < 0 || offset > text.length) return null
  const [from, to] = linesAround(text, offset, offset, steps)
  const near = words(text.slice(from, to), steps).filter(
    ([start, end]) => start <= offset - from && offset - from <= end,
  )
  const word = near.at(-1)
  return word ? [word[0] + from, word[1] + from] : null
}

/** Runs of letters and digits, as a drag snaps to: like words, but cut at hyphens and dashes. */
export function letterRuns(text: string, steps?: Steps): Range[] {
  return pieces(text, steps).filter(([start, end]) => isWordlike(text, start, end))
}
