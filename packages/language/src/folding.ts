import { counted, type Steps } from './steps.ts'

/** Letters that searching takes for one another, and what they become; to be used as `translate(lower(x), from, to)`. */
export const foldFrom = 'ёәіңғүұқөһ'
export const foldTo = 'еаингуукох'

const target = new Map([...foldFrom].map((letter, index) => [letter, foldTo.charAt(index)]))
const folding = new RegExp(`[${foldFrom}]`, 'g')

/**
 * Text as one would type it on a Russian keyboard, in lower case: Қазақстан → казакстан, ё → е. Each code unit keeps its
 * place, so offsets of hits are offsets of the text. Equals `translate(lower(x), foldFrom, foldTo)` of Postgres: a
 * final Σ becomes σ and İ becomes i, as there.
 */
export function fold(text: string, steps?: Steps): string {
  const lower = counted(text, steps).replaceAll('Σ', 'σ').replaceAll('İ', 'i').toLowerCase()
  return lower.replace(folding, (letter) => target.get(letter) ?? letter)
}

/** A pattern for LIKE that finds `query` anywhere, taken literally; its escape is the backslash. */
export function foldPattern(query: string): string {
  return `%${fold(query).replace(/[\\%_]/g, '\\$&')}%`
}
