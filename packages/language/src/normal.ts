import type { Steps } from './steps.ts'

/**
 * So many marks in a row are put in order together: normalising takes the square of their number (80,000 marks: 2 s). No
 * written language sets more than a handful on one letter.
 */
const MOST_MARKS = 30

const crowded = new RegExp(`\\p{M}{${MOST_MARKS + 1}}`, 'u')
const beyond = new RegExp(`(?<=\\p{M}{${MOST_MARKS}})(?=\\p{M})`, 'u')

/**
 * A text in normal form NFC, in time proportional to it: what a letter carries beyond 30 marks in a row is composed mark by
 * mark, much as the Unicode Standard's stream-safe text has it (UAX #15). All other text is exactly
 * `text.normalize('NFC')`.
 */
export function composed(text: string, steps?: Steps): string {
  if (steps) steps.taken += 2 * text.length + 1
  if (!crowded.test(text)) return text.normalize('NFC')
  return text
    .split(beyond)
    .map((part) => part.normalize('NFC'))
    .join('')
}
