import { takesDot } from './abbreviations.ts'
import { afterPoint, blankEnd, clusterEnd, extendEnd, kinds, kindsAt, startOfPoint } from './characters.ts'
import type { Range } from './range.ts'
import type { Steps } from './steps.ts'

/** Raise when `tokens` or `sentences` give other ranges than before: they are stored with each revision. */
export const SEGMENTER_VERSION = 1

/**
 * The tokens of a text, sorted and disjoint: each code unit that is no white space lies in exactly one.
 * - Words joined by hyphens or apostrophes are one token (Касым-Жомарт, 1-інші, Boeing-тың, O'Brien), so are
 *   numbers with their comma or points (2,1 · 10.10.2025) and host names (mail.kz).
 * - The dot of an abbreviation or an initial is in its token (тыс. · т.б. · А.), and an initial is a token of its own
 *   also without a blank: К.Жубанова is `К.` `Жубанова`, as А. Байтурсынова is `А.` `Байтурсынова`.
 * - All else stands alone, one character a token: quotes, brackets, dashes, `60` `%`, `№` `13`, `8` `–` `9-х`, emoji.
 *
 * Looks never beyond a line: the tokens of two lines are those of each. Takes time in proportion to the text.
 */
export function tokens(text: string, steps?: Steps): Range[] {
  const found: Range[] = []
  let at = blankEnd(text, 0, steps)
  while (at < text.length) {
    const end = tokenEnd(text, at, steps)
    found.push([at, end])
    at = blankEnd(text, end, steps)
  }
  return found
}

function tokenEnd(text: string, start: number, steps?: Steps): number {
  let end = wordEnd(text, start, steps)
  if (end < 0) return clusterEnd(text, start, steps)
  if (!isDot(text, end, steps)) return end
  const dotted = dottedEnd(text, start, steps)
  if (dotted > 0) return dotted
  if (takesDot(text, start, end, steps)) return end + 1
  while (isInnerDot(text, end, steps)) end = wordEnd(text, end + 1, steps)
  return end
}

/** Where a word ends, runs of letters and digits joined by hyphens and the like; -1 where none begins. */
function wordEnd(text: string, start: number, steps?: Steps): number {
  const first = runAt(text, start, steps)
  if (!first) return -1
  for (let run = first; ;) {
    const joined: Run | null = joins(text, run, steps) ? runAt(text, run.end + 1, steps) : null
    if (!joined) return run.end
    run = joined
  }
}

/** Letters and digits with their marks and, between them, soft hyphens and word joiners. */
interface Run {
  readonly end: number
  /** The kinds of its last letter or digit, and whether marks follow that. */
  readonly last: number
  readonly marked: boolean
}

function runAt(text: string, start: number, steps?: Steps): Run | null {
  let run: Run | null = null
  for (let at = start; ; at = shyEnd(text, run.end, steps)) {
    const last = kindsAt(text, at, steps)
    if (!(last & kinds.word)) return run
    const base = afterPoint(text, at)
    const end = extendEnd(text, base, steps)
    run = { end, last, marked: end > base }
  }
}

function shyEnd(text: string, from: number, steps?: Steps): number {
  let at = from
  while (text[at] === '\u00ad' || text[at] === '\u2060') at++
  if (steps) steps.taken += at - from + 1
  return at
}

/** Whether the sign after a run may join another run to it. */
function joins(text: string, { end, last, marked }: Run, steps?: Steps): boolean {
  switch (text[end]) {
    case '-':
    case '\u2010':
    case '\u2011':
    case '_':
      return true
    case "'":
    case '’':
    case '‘':
      return (last & kinds.letter) !== 0 && (kindsAt(text, end + 1, steps) & kinds.letter) !== 0
    case '.':
    case ',':
      return !marked && (last & kinds.decimal) !== 0 && (kindsAt(text, end + 1, steps) & kinds.decimal) !== 0
    default:
      return false
  }
}

/** Whether a full stop that carries no mark stands at `at`. */
const isDot = (text: string, at: number, steps?: Steps): boolean =>
  text[at] === '.' && !(kindsAt(text, at + 1, steps) & kinds.extend)

/** Whether the full stop at `at` stands between two small letters. */
function isInnerDot(text: string, at: number, steps?: Steps): boolean {
  if (text[at] !== '.' || !(kindsAt(text, at + 1, steps) & kinds.small)) return false
  return (kindsAt(text, startOfPoint(text, at), steps) & kinds.small) !== 0
}

/** A small Cyrillic letter (or sign of that block), by its code unit. */
const isSmallCyrillic = (unit: number): boolean =>
  unit >= 0x430 && unit <= 0x4ff && !/^\p{Lu}/u.test(String.fromCharCode(unit))
const isCyrillic = (unit: number): boolean => unit >= 0x400 && unit <= 0x4ff
const isLatin = (unit: number): boolean => (unit >= 0x41 && unit <= 0x5a) || isSmallLatin(unit)
const isSmallLatin = (unit: number): boolean => unit >= 0x61 && unit <= 0x7a
const DOT = 0x2e

/**
 * Where an abbreviation of several parts ends that begins at `start` (т.б. · т.с.с. · б.з.д. · e.g.), its last dot
 * included; -1 where none begins. Each part has one letter, in Cyrillic one or two.
 */
function dottedEnd(text: string, start: number, steps?: Steps): number {
  const unit = (at: number) => text.charCodeAt(at)
  const first = unit(start)
  if (isLatin(first)) return partsEnd(text, start + 1, isSmallLatin, 1, steps)
  if (isCyrillic(first) && unit(start + 1) === DOT) return partsEnd(text, start + 1, isSmallCyrillic, 2, steps)
  if (!isSmallCyrillic(first) || !isSmallCyrillic(unit(start + 1))) return -1
  return partsEnd(text, start + 2, isSmallCyrillic, 2, steps)
}

/** The parts after the first, which ends at `from`: as many as there are, less the last where letters go on after it. */
function partsEnd(text: string, from: number, isPart: (unit: number) => boolean, most: number, steps?: Steps): number {
  const unit = (at: number) => text.charCodeAt(at)
  let [before, end] = [-1, from]
  let length = 0
  while (unit(end) === DOT && isPart(unit(end + 1))) {
    length = most === 2 && isPart(unit(end + 2)) ? 2 : 1
    before = end
    end += 1 + length
    if (steps) steps.taken += 3
  }
  if (before < 0) return -1
  const whole = closedEnd(text, end, steps)
  if (whole > 0) return whole
  const shorter = length === 2 ? closedEnd(text, end - 1, steps) : -1
  if (shorter > 0) return shorter
  return before === from ? -1 : closedEnd(text, before, steps)
}

/** Where parts that end at `at` end with the dot that follows, if any; -1 if a letter, digit or mark comes next. */
function closedEnd(text: string, at: number, steps?: Steps): number {
  const goesOn = kinds.letter | kinds.number | kinds.extend
  if (isDot(text, at, steps) && !(kindsAt(text, at + 1, steps) & goesOn)) return at + 1
  return kindsAt(text, at, steps) & goesOn ? -1 : at
}
