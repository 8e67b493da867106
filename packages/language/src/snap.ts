import { linesAround } from './lines.ts'
import { partners } from './pairs.ts'
import { isWordlike, pieces } from './pieces.ts'
import type { Range } from './range.ts'
import { counted, type Steps } from './steps.ts'

// A pair longer than this is a speech, not a name: its other half is not fetched.
const NEAR = 200

/** Pieces of the lines of a selection, with the partner of each piece that is half of a pair. */
type Layout = { text: string; pieces: Range[]; partner: (number | undefined)[]; far: boolean[] }

/**
 * What a selection by drag becomes, or null if it holds nothing but blanks. Its blanks are trimmed; its edges move out to
 * the ends of letter runs (an abbreviation's dot is part of its run) and whole characters; half a pair of quotes or
 * brackets fetches its other half (same paragraph, at most 200 code units long); then a pair around all of it, lone
 * halves and the punctuation of the sentence are left outside. Snapping twice changes nothing.
 *
 * Two limits: where a text opens two quotes and closes one, the inner one counts as closed and the outer stays as it is;
 * a hyphen is an edge, so `НПО` in `НПО-проектов` may be selected although both are one token.
 */
export function snap(text: string, start: number, end: number, steps?: Steps): Range | null {
  const from = Math.max(0, Math.min(start, end))
  const to = Math.min(text.length, Math.max(start, end))
  if (from >= to) return null
  const lines = linesAround(text, from, to, steps)
  const layout = layoutOf(text.slice(...lines), steps)
  const held = covered(layout.pieces, from - lines[0], to - lines[0])
  if (!held) return null
  const grown = fetchHalves(layout, held, steps)
  const [first, last] = shrink(layout, grown) ?? grown
  return [edge(layout, first)[0] + lines[0], edge(layout, last)[1] + lines[0]]
}

function layoutOf(text: string, steps?: Steps): Layout {
  const found = pieces(text, steps)
  const indexAt = new Map(found.map(([start], index) => [start, index]))
  const partner = new Array<number | undefined>(found.length).fill(undefined)
  const far = new Array<boolean>(found.length).fill(false)
  let from = 0
  for (const line of counted(text, steps).split(/(?<=[\n\v\f\r\u0085\u2028\u2029])/)) {
    for (const [one, other] of partners(line, steps)) {
      const index = indexAt.get(one + from)
      if (index === undefined) continue
      partner[index] = indexAt.get(other + from)
      far[index] = Math.abs(other - one) > NEAR
    }
    from += line.length
  }
  return { text, pieces: found, partner, far }
}

function covered(found: readonly Range[], from: number, to: number): Range | null {
  const first = found.findIndex(([, end]) => end > from)
  const last = found.findLastIndex(([start]) => start < to)
  return first < 0 || last < first ? null : [first, last]
}

function fetchHalves({ partner, far }: Layout, [first, last]: Range, steps?: Steps): Range {
  let [low, high] = [first, last]
  // each piece is looked at once: to the right of where the selection began, then what came in on its left
  for (let [left, right] = [first, first]; right <= high || left > low;) {
    const index = right <= high ? right++ : --left
    const other = partner[index]
    if (steps) steps.taken++
    if (other === undefined || far[index]) continue
    low = Math.min(low, other)
    high = Math.max(high, other)
  }
  return [low, high]
}

function shrink(layout: Layout, [first, last]: Range): Range | null {
  let [low, high] = [first, last]
  while (low <= high) {
    if (low < high && layout.partner[low] === high) [low, high] = [low + 1, high - 1]
    else if (isIdle(layout, low, low, high) || isLeading(layout, low)) low++
    else if (isIdle(layout, high, low, high) || isTrailing(layout, high)) high--
    else return [low, high]
  }
  return null
}

/** A quote or bracket whose other half is not in the selection. */
function isIdle(layout: Layout, index: number, low: number, high: number): boolean {
  const other = layout.partner[index]
  if (other !== undefined) return other < low || other > high
  return /^[«»‹›()[\]{}„“”"]/.test(piece(layout, index))
}

function isLeading(layout: Layout, index: number): boolean {
  if (/^[,;:.!?…–—]/.test(piece(layout, index))) return true
  return isHyphen(layout, index) && !isMinus(layout, index)
}

function isTrailing(layout: Layout, index: number): boolean {
  if (/^[,;:.–—]/.test(piece(layout, index)) || isHyphen(layout, index)) return true
  return /^[!?…]/.test(piece(layout, index)) && !isClosing(layout, index + 1)
}

const isHyphen = (layout: Layout, index: number): boolean => /^[-\u2010\u2011]/.test(piece(layout, index))

function isMinus(layout: Layout, index: number): boolean {
  const [start, end] = edge(layout, index)
  return /^\p{N}/u.test(layout.text.slice(end, end + 2)) && !(index > 0 && isRunUpTo(layout, index - 1, start))
}

const isRunUpTo = (layout: Layout, index: number, end: number): boolean =>
  edge(layout, index)[1] === end && isWordlike(layout.text, ...edge(layout, index))

const isClosing = (layout: Layout, index: number): boolean => (layout.partner[index] ?? Infinity) < index

const edge = (layout: Layout, index: number): Range => layout.pieces[index] ?? [0, 0]

const piece = (layout: Layout, index: number): string => layout.text.slice(...edge(layout, index))
