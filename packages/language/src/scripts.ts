import type { Language } from './language.ts'
import { composed } from './normal.ts'
import { counted, type Steps } from './steps.ts'

const kazakhLetter = /[әіңғүұқөһ]/
const kazakhOnly = /[әңғүұқөһ]/
const foreignCyrillic = /[їєґўјљњђћџ]/
const romanFigure = /^[хіvix]+$/
const russianLetter = /[щъё]/

const russianWords =
  listed(`и в во на с со по не что как это для от до из за к о об но а или также при его её ее их он она они
  был была было были у же бы быть мы я вы если только уже еще ещё более все том так где году лет`)
const kazakhWords =
  listed(`мен бен пен да де та те және бар деп болды бойынша туралы ал осы сол жалпы екен еді емес үшін ма ба
  жыл жылы кейін дейін арналған басқа оның олар ол бұл мың`)
const englishWords =
  listed(`the of and to in a is that for on with as was at by it from be are this an has have not or were its
  will after their new over he she they but about more said`)

type Word = { text: string; quoted: boolean }

/**
 * The language that a text is most likely written in, or null: no letters, or neither Cyrillic of ours nor English.
 * Cyrillic is Kazakh or Russian by the weight of its words: letters that only Kazakh has (little inside quotes, where
 * Russian texts keep Kazakh names), letters and small words that only one of the two has.
 */
export function detectLanguage(text: string, steps?: Steps): Language | null {
  const found = wordsOf(counted(composed(text.toLowerCase(), steps), steps))
  const cyrillic = found.filter((word) => /\p{sc=Cyrl}/u.test(word.text) && !romanFigure.test(word.text))
  const latin = found.filter((word) => /^\p{sc=Latn}+$/u.test(word.text) && !romanFigure.test(word.text))
  const others = found.length - cyrillic.length - latin.length
  if (others > found.length / 2 || cyrillic.length + latin.length === 0) return null
  return cyrillic.length >= latin.length ? kazakhOrRussian(cyrillic) : english(latin)
}

function wordsOf(text: string): Word[] {
  const found: Word[] = []
  let quoted = false
  for (const [part] of text.matchAll(/[\p{L}\p{M}]+|[«»"“”„\n]/gu)) {
    if (/[\p{L}\p{M}]/u.test(part)) found.push({ text: part, quoted })
    else quoted = part === '"' ? !quoted : part === '«' || part === '“' || part === '„'
  }
  return found
}

function kazakhOrRussian(found: readonly Word[]): Language | null {
  const foreign = found.filter((word) => foreignCyrillic.test(word.text)).length
  if (foreign > found.filter((word) => kazakhOnly.test(word.text)).length) return null
  return found.reduce((sum, word) => sum + kazakhWeight(word), 0) > 0 ? 'kk' : 'ru'
}

// Logarithms of how much likelier such a word is in Kazakh: about 3 of 5 words there have a letter of its own.
function kazakhWeight({ text, quoted }: Word): number {
  if (kazakhLetter.test(text)) return quoted ? 0.4 : 3
  if (kazakhWords.has(text)) return 2
  if (russianWords.has(text)) return -3
  if (russianLetter.test(text)) return -2
  return quoted ? -0.4 : -0.9
}

function english(found: readonly Word[]): Language | null {
  const plain = found.filter((word) => /^[a-z]+$/.test(word.text)).length
  const small = found.filter((word) => englishWords.has(word.text)).length
  return plain < found.length * 0.9 || (found.length >= 8 && small < found.length / 20) ? null : 'en'
}

function listed(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}
