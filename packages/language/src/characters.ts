import type { Steps } from './steps.ts'

// Sources of regular expressions (flag u) that other files build upon.

/** White space: that of JavaScript and that of Python (which splits at U+001C-1F and U+0085), and the zero width space. */
export const blank = '[\\s\\u001c-\\u001f\\u0085\\u200b]'

/** A line break, CR LF as one. */
export const lineBreak = '(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])'

/** What continues a character and never begins one: marks, joiners, skin tones, tags. */
export const extend = '[\\p{M}\\u200c\\u200d\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]'

// Scripts that put no blanks between words: their characters are tokens one by one.
const unspaced = '[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]'

/** Hyphens that join words. Long dashes do not. */
export const hyphen = '[\\-\\u2010\\u2011]'

/** What a character is to the segmenter, as bits: one character has several. */
export const kinds = {
  blank: 1,
  /** A control or separator: a cluster of its own, whatever follows. */
  alone: 2,
  flag: 4,
  pictograph: 8,
  extend: 16,
  /** A letter or digit that words are made of. */
  word: 32,
  letter: 64,
  number: 128,
  decimal: 256,
  small: 512,
  /** White space and emoji never are, all letters may be: what a character with marks can be built upon. */
  known: 1024,
} as const

/** A test of one character. */
const one = (source: string): RegExp => new RegExp(`^${source}$`, 'u')

const tests: readonly (readonly [number, RegExp])[] = [
  [kinds.blank, one(blank)],
  [kinds.alone, /^[\p{Cc}\p{Zl}\p{Zp}\u00ad]$/u],
  [kinds.flag, /^\p{Regional_Indicator}$/u],
  [kinds.pictograph, /^\p{Extended_Pictographic}$/u],
  [kinds.extend, one(extend)],
  [kinds.word, one(`(?!${unspaced})[\\p{L}\\p{N}]`)],
  [kinds.letter, /^\p{L}$/u],
  [kinds.number, /^\p{N}$/u],
  [kinds.decimal, /^\p{Nd}$/u],
  [kinds.small, /^\p{Ll}$/u],
]

// The kinds of the code points that were met so far; 0 is one that was not.
const REMEMBERED = 0x20000
const remembered = new Uint16Array(REMEMBERED)

/** The kinds of a code point. */
function kindsOf(point: number): number {
  const before = remembered[point]
  if (before) return before
  const character = String.fromCodePoint(point)
  const found = tests.reduce((bits, [bit, test]) => (test.test(character) ? bits | bit : bits), kinds.known as number)
  if (point < REMEMBERED) remembered[point] = found
  return found
}

/** The kinds of the character that begins at `at` (code units); 0 at the end of the text. */
export function kindsAt(text: string, at: number, steps?: Steps): number {
  if (steps) steps.taken++
  const point = text.codePointAt(at)
  return point === undefined ? 0 : kindsOf(point)
}

/** Where the character that begins at `at` ends. */
export const afterPoint = (text: string, at: number): number => at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)

/** Where the character that ends at `at`, which lies after 0, begins. */
export function startOfPoint(text: string, at: number): number {
  return at > 1 && (text.codePointAt(at - 2) ?? 0) > 0xffff ? at - 2 : at - 1
}

/** Where the marks, joiners and skin tones that begin at `at` end; `at` where none do. */
export function extendEnd(text: string, at: number, steps?: Steps): number {
  let end = at
  while (kindsAt(text, end, steps) & kinds.extend) end = afterPoint(text, end)
  return end
}

/** Where white space that begins at `at` ends; `at` where there is none. */
export function blankEnd(text: string, at: number, steps?: Steps): number {
  let end = at
  while (kindsAt(text, end, steps) & kinds.blank) end++
  return end
}

/**
 * Where the character as a reader sees it (grapheme cluster) that begins at `at` ends: CR LF, flags, joined emoji, a base
 * with its marks. No Hangul rules.
 */
export function clusterEnd(text: string, at: number, steps?: Steps): number {
  const first = kindsAt(text, at, steps)
  const end = afterPoint(text, at)
  if (first & kinds.alone) return text.startsWith('\r\n', at) ? at + 2 : end
  if (first & kinds.flag && kindsAt(text, end, steps) & kinds.flag) return extendEnd(text, end + 2, steps)
  return first & kinds.pictograph ? emojiEnd(text, end, steps) : extendEnd(text, end, steps)
}

const JOINER = 0x200d

/** Where an emoji ends whose first character ends at `from`: its marks, and each emoji that a joiner puts to it. */
function emojiEnd(text: string, from: number, steps?: Steps): number {
  let at = from
  // a joiner that joins: only the first one after an emoji
  let joins = true
  for (;;) {
    const next = kindsAt(text, at, steps)
    if (!(next & kinds.extend)) return at
    const joined = joins && text.charCodeAt(at) === JOINER
    at = afterPoint(text, at)
    if (!joined) continue
    if (kindsAt(text, at, steps) & kinds.pictograph) at = afterPoint(text, at)
    else joins = false
  }
}

/** Whether a character is white space here; tokens never hold such a one. */
export const isBlank = (character: string): boolean =>
  character !== '' && afterPoint(character, 0) === character.length && (kindsAt(character, 0) & kinds.blank) !== 0
