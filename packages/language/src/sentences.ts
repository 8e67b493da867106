import type { Language } from './language.ts'
import { hasLineBreak } from './lines.ts'
import { openers } from './openers.ts'
import type { Range } from './range.ts'
import { counted, type Steps } from './steps.ts'
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

interface Tokens {
  readonly text: string
  readonly ranges: readonly Range[]
}

/**
 * The sentences of a text. They tile it exactly: blanks belong to the sentence before them (those at the very beginning to
 * the first). A line break always ends a sentence, so a headline stands alone. Else a sentence ends at . ! ? … with the
 * quotes, brackets and emoji after it, if a blank and then a capital, a figure or a dash with a capital follow.
 * - No end after the dot of an abbreviation or an initial, unless a word follows that begins sentences only («в 2024 г.
 *   Он …»); `language` chooses these words.
 * - No end after the number of a list item, nor before a small letter («– Да! – сказал он»).
 *
 * Takes time in proportion to the text. `ranges` are its tokens where they are known.
 */
export function sentences(text: string, language: Language, steps?: Steps, ranges = tokens(text, steps)): Range[] {
  if (text === '') return []
  const found: Tokens = { text, ranges }
  const openedBy = openedWords(found, steps)
  const starts = [0]
  let end: End | null = null
  for (let index = 1; index < ranges.length; index++) {
    end = endBefore(found, index, end, steps)
    if (begins(found, index, end, openedBy, language, steps)) starts.push(ranges[index]![0])
  }
  return starts.map((start, index) => [start, starts[index + 1] ?? text.length])
}

function begins(
  found: Tokens,
  index: number,
  end: End | null,
  openedBy: Uint32Array,
  language: Language,
  steps?: Steps,
): boolean {
  const between = counted(gap(found, index), steps)
  if (between === '') return false
  if (hasLineBreak(between)) return true
  if (!end || !canStart(found, index, end.quoted, openedBy)) return false
  return end.stop ? !numbersItem(found, end.index, steps) : openers[language].has(counted(word(found, index), steps))
}

/** What ends just before a token, closing quotes, brackets and emoji left aside: a stop, or a word with its own dot. */
interface End {
  readonly index: number
  readonly stop: boolean
  readonly quoted: boolean
}

/** What ends before a token, where it is known what ends before the token before it. */
function endBefore(found: Tokens, index: number, earlier: End | null, steps?: Steps): End | null {
  const at = index - 1
  const last = word(found, at)
  if (steps) steps.taken++
  if (at > 0 && (emoji.test(last) || (closing.test(last) && gap(found, at) === '')))
    return earlier && quote.test(last) ? { ...earlier, quoted: true } : earlier
  if (terminator.test(last)) return { index: at, stop: true, quoted: false }
  return last.length > 1 && last.endsWith('.') ? { index: at, stop: false, quoted: false } : null
}

/** For each token the first one at or after it that is no opening quote or bracket, or their number. */
function openedWords(found: Tokens, steps?: Steps): Uint32Array {
  const count = found.ranges.length
  const opened = new Uint32Array(count + 1).fill(count)
  if (steps) steps.taken += count
  for (let at = count - 1; at >= 0; at--) opened[at] = opening.test(word(found, at)) ? opened[at + 1]! : at
  return opened
}

/** Whether a token can be the first of a sentence; after a closing quote a dash goes on («Да!» – Президент …). */
function canStart(found: Tokens, index: number, quoted: boolean, openedBy: Uint32Array): boolean {
  const isDash = dash.test(word(found, index))
  if (isDash && quoted) return false
  const first = word(found, openedBy[isDash ? index + 1 : index]!)
  return starter.test(first) && !goesOn.test(first)
}

/** Whether the dot at `index` follows the number at the beginning of a line: «1. Первое». */
function numbersItem(found: Tokens, index: number, steps?: Steps): boolean {
  if (index === 0 || gap(found, index) !== '') return false
  if (!numbering.test(counted(word(found, index - 1), steps))) return false
  return index === 1 || hasLineBreak(counted(gap(found, index - 1), steps))
}

function gap({ text, ranges }: Tokens, index: number): string {
  return text.slice(ranges[index - 1]?.[1] ?? 0, ranges[index]?.[0] ?? text.length)
}

const word = ({ text, ranges }: Tokens, index: number): string => {
  const range = ranges[index]
  return range ? text.slice(range[0], range[1]) : ''
}
