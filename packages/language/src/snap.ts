import { linesAround } from './lines.ts'
import { partners } from './pairs.ts'
import { isWordlike, pieces } from './pieces.ts'
import type { Range } from './range.ts'
import { counted, type Steps } from './steps.ts'

// A pair longer than this is a speech, not a name: its other half is not fetched.
const NEAR = 200

/** Pieces of the lines of a selection, with the partner of each piece that is half of a pair. */
type Ground = { text: string; pieces: Range[]; partner: (number | undefined)[]; far: boolean[] }

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
  const ground = survey(text.slice(...lines), steps)
  const held = covered(ground.pieces, from - lines[0], to - lines[0])
  if (!held) return null
  const grown = fetchHalves(ground, held, steps)
  const [first, last] = shrink(ground, grown) ?? grown
  return [edge(ground, first)[0] + lines[0], edge(ground, last)[1] + lines[0]]
}

function survey(text: string, steps?: Steps): Ground {
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

function fetchHalves({ partner, far }: Ground, [first, last]: Range, steps?: Steps): Range {
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

function shrink(ground: Ground, [first, last]: Range): Range | null {
  let [low, high] = [first, last]
  while (low <= high) {
    if (low < high && ground.partner[low] === high) [low, high] = [low + 1, high - 1]
    else if (isIdle(ground, low, low, high) || isLeading(ground, low)) low++
    else if (isIdle(ground, high, low, high) || isTrailing(ground, high)) high--
    else return [low, high]
  }
  return null
}

/** A quote or bracket whose other half is not in the selection. */
function isIdle(ground: Ground, index: number, low: number, high: number): boolean {
  const other = ground.partner[index]
  if (other !== undefined) return other < low || other > high
  return /^[«»‹›()[\]{}„“”"]/.test(piece(ground, index))
}

function isLeading(ground: Ground, index: number): boolean {
  if (/^[,;:.!?…–—]/.test(piece(ground, index))) return true
  return isHyphen(ground, index) && !isMinus(ground, index)
}

function isTrailing(ground: Ground, index: number): boolean {
  if (/^[,;:.–—]/.test(piece(ground, index)) || isHyphen(ground, index)) return true
  return /^[!?…]/.test(piece(ground, index)) && !isClosing(ground, index + 1)
}

const isHyphen = (ground: Ground, index: number): boolean => /^[-\u2010\u2011]/.test(piece(ground, index))

function isMinus(ground: Ground, index: number): boolean {
  const [start, end] = edge(ground, index)
  return /^\p{N}/u.test(ground.text.slice(end, end + 2)) && !(index > 0 && isRunUpTo(ground, index - 1, start))
}

const isRunUpTo = (ground: Ground, index: number, end: number): boolean =>
  edge(ground, index)[1] === end && isWordlike(ground.text, ...edge(ground, index))

const isClosing = (ground: Ground, index: number): boolean => (ground.partner[index] ?? Infinity) < index

const edge = (ground: Ground, index: number): Range => ground.pieces[index] ?? [0, 0]

const piece = (ground: Ground, index: number): string => ground.text.slice(...edge(ground, index))
