import { takesDot } from './abbreviations.ts'
import { blank, cluster, extend, hyphen, letter, matcher } from './characters.ts'
import type { Range } from './range.ts'

/** Raise when `tokens` or `sentences` give other ranges than before: they are stored with each revision. */
export const SEGMENTER_VERSION = 1

const run = `${letter}(?:[\\u00ad\\u2060]*${letter})*`
const joint = `(?:${hyphen}|_|(?<=\\p{L}${extend}*)['’‘](?=\\p{L})|(?<=\\p{Nd})[.,](?=\\p{Nd}))`

const wordEnd = matcher(`${run}(?:${joint}${run})*`)
const blankEnd = matcher(`${blank}+`)
const clusterEnd = matcher(cluster)
const dotEnd = matcher(`\\.(?!${extend})`)
const lowerDotLower = matcher(`(?<=\\p{Ll})\\.(?=\\p{Ll})`)
const small = '(?!\\p{Lu})[\\u0430-\\u04ff]'
const dotted = `(?:[\\u0400-\\u04ff]|(?:${small}){2})(?:\\.(?:${small}){1,2})+|[A-Za-z](?:\\.[a-z])+`
const dottedEnd = matcher(`(?:${dotted})(?:\\.(?!${extend}))?(?![\\p{L}\\p{N}]|${extend})`)

/**
 * The tokens of a text, sorted and disjoint: each code unit that is no white space lies in exactly one.
 * - Words joined by hyphens or apostrophes are one token (Касым-Жомарт, 1-інші, Boeing-тың, O'Brien), so are
 *   numbers with their comma or points (2,1 · 10.10.2025) and host names (mail.kz).
 * - The dot of an abbreviation or an initial is in its token (тыс. · т.б. · А.), and an initial is a token of its own
 *   also without a blank: К.Жубанова is `К.` `Жубанова`, as А. Байтурсынова is `А.` `Байтурсынова`.
 * - All else stands alone, one character a token: quotes, brackets, dashes, `60` `%`, `№` `13`, `8` `–` `9-х`, emoji.
 *
 * Looks never beyond a line: the tokens of two lines are those of each.
 */
export function tokens(text: string): Range[] {
  const found: Range[] = []
  let at = 0
  while (at < text.length) {
    const blanks = blankEnd(text, at)
    if (blanks > 0) {
      at = blanks
      continue
    }
    const end = tokenEnd(text, at)
    found.push([at, end])
    at = end
  }
  return found
}

function tokenEnd(text: string, start: number): number {
  let end = wordEnd(text, start)
  if (end < 0) return clusterEnd(text, start)
  if (dotEnd(text, end) < 0) return end
  const dotted = dottedEnd(text, start)
  if (dotted > 0) return dotted
  if (takesDot(text, start, end)) return end + 1
  while (lowerDotLower(text, end) > 0) end = wordEnd(text, end + 1)
  return end
}
