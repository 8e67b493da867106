import type { Language } from './language.ts'
import { hasLineBreak } from './lines.ts'
import { openers } from './openers.ts'
import type { Range } from './range.ts'
import { tokens } from './tokens.ts'

const terminator = /^[.!?…。！？؟]/
const opening = /^[«‹„“"([{]/
const closing = /^[»›“”")\]}]/
const quote = /^[»›“”"]/
const dash = /^[-–—―]$/
const emoji = /^\p{Extended_Pictographic}/u
const starter = /^[\p{L}\p{N}\p{Sc}№#@•*§&]/u
const goesOn = /^\p{Ll}(?!\p{Lu})/u
const numbering = /^(?:\p{N}+|[IVXLCDMІХ]+)$/u

type Tokens = { text: string; ranges: Range[] }

/**
 * The sentences of a text. They tile it exactly: blanks belong to the sentence before them (those at the very beginning to
 * the first). A line break always ends a sentence, so a headline stands alone. Else a sentence ends at . ! ? … with the
 * quotes, brackets and emoji after it, if a blank and then a capital, a figure or a dash with a capital follow.
 * - No end after the dot of an abbreviation or an initial, unless a word follows that begins sentences only («в 2024 г.
 *   Он …»); `language` chooses these words.
 * - No end after the number of a list item, nor before a small letter («– Да! – сказал он»).
 */
export function sentences(text: string, language: Language): Range[] {
  if (text === '') return []
  const found: Tokens = { text, ranges: tokens(text) }
  const starts = found.ranges.flatMap(([start], index) => (begins(found, index, language) ? [start] : []))
  const all = [0, ...starts]
  return all.map((start, index) => [start, all[index + 1] ?? text.length])
}

function begins(found: Tokens, index: number, language: Language): boolean {
  if (index === 0) return false
  const between = gap(found, index)
  if (between === '') return false
  if (hasLineBreak(between)) return true
  const end = endBefore(found, index)
  if (!end || !canStart(found, index, end.quoted)) return false
  return end.stop ? !numbersItem(found, end.index) : openers[language].has(word(found, index))
}

/** What ends just before a token, closing quotes, brackets and emoji left aside: a stop, or a word with its own dot. */
function endBefore(found: Tokens, index: number): { index: number; stop: boolean; quoted: boolean } | null {
  let at = index - 1
  let quoted = false
  while (at > 0 && (emoji.test(word(found, at)) || (closing.test(word(found, at)) && gap(found, at) === ''))) {
    quoted ||= quote.test(word(found, at))
    at--
  }
  const last = word(found, at)
  if (terminator.test(last)) return { index: at, stop: true, quoted }
  return last.length > 1 && last.endsWith('.') ? { index: at, stop: false, quoted } : null
}

/** Whether a token can be the first of a sentence; after a closing quote a dash goes on («Да!» – Президент …). */
function canStart(found: Tokens, index: number, quoted: boolean): boolean {
  let at = index
  if (dash.test(word(found, at))) {
    if (quoted) return false
    at++
  }
  while (opening.test(word(found, at))) at++
  return starter.test(word(found, at)) && !goesOn.test(word(found, at))
}

/** Whether the dot at `index` follows the number at the beginning of a line: «1. Первое». */
function numbersItem(found: Tokens, index: number): boolean {
  if (index === 0 || gap(found, index) !== '' || !numbering.test(word(found, index - 1))) return false
  return index === 1 || hasLineBreak(gap(found, index - 1))
}

function gap({ text, ranges }: Tokens, index: number): string {
  return text.slice(ranges[index - 1]?.[1] ?? 0, ranges[index]?.[0] ?? text.length)
}

const word = ({ text, ranges }: Tokens, index: number): string => text.slice(...(ranges[index] ?? [0, 0]))
