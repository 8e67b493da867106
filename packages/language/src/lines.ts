import { lineBreak } from './characters.ts'
import type { Range } from './range.ts'
import type { Steps } from './steps.ts'

const aBreak = new RegExp(lineBreak, 'u')
const breaks = /[\n\v\f\r\u0085\u2028\u2029]/

export const hasLineBreak = (text: string): boolean => aBreak.test(text)

/** The lines that hold `start` to `end`, without the break after the last one. A paragraph is one line. */
export function linesAround(text: string, start: number, end: number, steps?: Steps): Range {
  let from = start
  let to = end
  while (from > 0 && !breaks.test(text.charAt(from - 1))) from--
  while (to < text.length && !breaks.test(text.charAt(to))) to++
  if (steps) steps.taken += to - from + 1
  return [from, to]
}
