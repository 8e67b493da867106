import { hyphen, startOfPoint } from './characters.ts'
import type { Range } from './range.ts'
import { counted, type Steps } from './steps.ts'
import { tokens } from './tokens.ts'

const wordlike = /^(?:[№$€£¥₸₽]?\p{N}|\p{L})/u
const signBefore = /^[№$€£¥₸₽]$/
const signAfter = /^[%‰°$€£¥₸₽]$/

/** Whether a token or piece is made of letters or digits. */
export const isWordlike = (text: string, start: number, end: number): boolean =>
  wordlike.test(text.slice(start, Math.min(end, start + 3)))

/** Tokens with the signs of numbers put to their numbers: `60%`, `№13`, `$5`. */
export function signedTokens(text: string, steps?: Steps): Range[] {
  const joined: Range[] = []
  for (const [start, end] of tokens(text, steps)) {
    const last = joined.at(-1)
    if (last && last[1] === start && joinsSign(text, last, [start, end])) last[1] = end
    else joined.push([start, end])
  }
  return joined
}

function joinsSign(text: string, [from, to]: Range, [start, end]: Range): boolean {
  if (/^\p{N}/u.test(text.slice(start, start + 2))) return signBefore.test(text.slice(from, to))
  return signAfter.test(text.slice(start, end)) && /^\p{N}/u.test(text.slice(startOfPoint(text, to), to))
}

/** The smallest pieces that a selection may hold: signed tokens, cut at their hyphens, each hyphen by itself. */
export function pieces(text: string, steps?: Steps): Range[] {
  return signedTokens(text, steps).flatMap(([start, end]) =>
    isWordlike(text, start, end) ? cutAtHyphens(text, start, end, steps) : [[start, end] satisfies Range],
  )
}

const atHyphens = new RegExp(`(${hyphen})`, 'u')

function cutAtHyphens(text: string, start: number, end: number, steps?: Steps): Range[] {
  const parts = counted(text.slice(start, end), steps).split(atHyphens)
  let at = start
  return parts.map((part) => [at, (at += part.length)])
}
