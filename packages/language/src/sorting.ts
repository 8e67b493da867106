import type { Language } from './language.ts'
import { composed } from './normal.ts'
import { counted, type Steps } from './steps.ts'

const kazakh = 'аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя'
const latin = 'abcdefghijklmnopqrstuvwxyz'

/** Latin first where it is the reader's own script. ё is a letter for a Kazakh reader, a kind of е for a Russian one. */
const alphabets: Readonly<Record<Language, readonly string[]>> = {
  kk: [...kazakh, ...latin],
  ru: [...kazakh.replace('ё', ''), ...latin],
  en: [...latin, ...kazakh],
}

const weights: Readonly<Record<Language, ReadonlyMap<string, string>>> = {
  kk: weigh(alphabets.kk),
  ru: weigh(alphabets.ru),
  en: weigh(alphabets.en),
}

function weigh(alphabet: readonly string[]): Map<string, string> {
  return new Map(alphabet.map((letter, index) => [letter, String.fromCharCode(0x100 + index)]))
}

/**
 * The order of a reader of `language`, as a comparison for `sort`: by the alphabet (Kazakh letters in their Kazakh
 * places), numbers by value, quotes and other signs ignored, hyphens as blanks; then by accents and signs, then small
 * letters first. Only equal strings compare as 0. Own tables, for browsers know no Kazakh order.
 */
export function collate(language: Language): (a: string, b: string) => number {
  return (a, b) => {
    if (a === b) return 0
    const [left, right] = [sortKey(a, language), sortKey(b, language)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

export const compareKazakh = collate('kk')

/** A string whose code units compare as the texts do; for long lists compute it once a text. */
export function sortKey(text: string, language: Language, steps?: Steps): string {
  const plain = counted(composed(text, steps), steps)
  const lower = plain.toLowerCase()
  const cases = plain.replace(/[^]/gu, (letter) => (letter === letter.toLowerCase() ? '1' : '2'))
  return [primary(lower, language), lower, cases, text].join('\u0000')
}

function primary(lower: string, language: Language): string {
  const parts = lower.trim().match(/[0-9]+|[\s\-\u2010-\u2015]+|[^]/gu) ?? []
  return parts.map((part) => weightOf(part, language)).join('')
}

function weightOf(part: string, language: Language): string {
  if (/^[\s\-\u2010-\u2015]/.test(part)) return '\u0001'
  if (/^[0-9]/.test(part)) return numberWeight(part.replace(/^0+(?=.)/, ''))
  const known = weights[language].get(part) ?? weights[language].get(part.normalize('NFD').charAt(0))
  return known ?? (/[\p{L}\p{N}]/u.test(part) ? `\u0fff${part}` : '')
}

const numberWeight = (digits: string): string =>
  `\u0002${String.fromCharCode(Math.min(digits.length, 0xffff))}${digits}`
