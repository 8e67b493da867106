import { blank, extend } from './characters.ts'
import type { Steps } from './steps.ts'

// What it looks through besides the word: at most 40 code units on either side, each a few times.
const WINDOWS = 80

const split = (words: string): string[] => words.trim().split(/\s+/)

// Words that no sentence of running text ends with, unless shortened: their dot is always their own.
const always = new Set([
  ...split(`г гг в вв п пп ж жж ғ ғғ б бб с д к р н э е т тт ч л ш х қ
    тыс млн млрд трлн руб тг чел экз проф акад доц канд докт асс зам зав пом нач
    ред сост изд вып сб гл ст стр табл илл прим напр англ каз рус лат франц сокр
    ул просп пр пр-т б-р наб пл мкр мкрн пос дер обл р-н респ корп кв эт оф оз гр др проч св дж
    даң ауд сағ`),
  ...split(`mr mrs ms dr prof messrs st jr sr inc ltd corp co bros dept univ assn
    vs etc ca cf al approx p pp v vol eds ph jan feb apr jun jul aug sept oct nov dec
    ave blvd gov sen capt sgt lt maj rev hon pres`),
])

// Words of their own as well: the dot is theirs only beside what they shorten.
const beforeName = new Set(split('им пер gen col rep mt ed'))
const beforeNumber = new Set(split('рис тел көш no nos fig figs art sec ch mar ext'))
const afterNumber = new Set(split('мин сек коп min sec hr hrs'))

// Units that are written without a dot: «5 м. Потом», but «м. Абай», «см. рис. 3».
const notAfterNumber = new Set(split('м см'))

const near = `(?:(?![\\n\\v\\f\\r\\u0085\\u2028\\u2029])${blank})*`
const name = new RegExp(`^${near}[«"“„(]?\\p{Lu}`, 'u')
const number = new RegExp(`^${near}[№+(]?\\p{N}`, 'u')
const afterDigit = new RegExp(`\\p{N}${near}$`, 'u')
const pause = /^[,;:]/
const initial = new RegExp(`^\\p{Lu}${extend}*$`, 'u')
const initialBefore = new RegExp(`(?:^|[^\\p{L}\\p{N}])\\p{Lu}${extend}*\\.${near}$`, 'u')
const cyrillicBefore = new RegExp(`\\p{sc=Cyrl}${near}$`, 'u')
// no letter of these looks like a Cyrillic one, so none is a name's initial typed in the wrong alphabet
const latinOnly = /^[DFGJLNQRSUVWYZ]$/
const cyrillicName = new RegExp(`^${near}[«"“„(]?(?=\\p{Lu})\\p{sc=Cyrl}`, 'u')
const englishBefore = new RegExp(`(?:^|[^\\p{L}])[a-z]+${near}$`, 'u')

/**
 * Whether the full stop at `end` belongs to the word before it, `start` to `end`: an abbreviation or an initial.
 * Looks 40 code units around, never beyond the line.
 */
export function takesDot(text: string, start: number, end: number, steps?: Steps): boolean {
  if (steps) steps.taken += end - start + WINDOWS
  const left = text.slice(Math.max(0, start - 40), start).replace(/^[^]*[\n\v\f\r\u0085\u2028\u2029]/, '')
  const right = text.slice(end + 1, end + 41)
  const word = text.slice(start, end)
  return initial.test(word) ? isInitial(word, left, right) : isShortened(word, left, right)
}

function isInitial(letter: string, left: string, right: string): boolean {
  if (initialBefore.test(left)) return true
  if (/[IVX]/.test(letter) && cyrillicBefore.test(left)) return false // a Roman figure: «Пётр I. Он …»
  if (letter === 'I' && englishBefore.test(left)) return false // the pronoun: "so do I. Then …"
  if (latinOnly.test(letter) && cyrillicName.test(right)) return false // «10 G. Затем», «поколение Z. Оно»
  return name.test(right) || pause.test(right)
}

function isShortened(word: string, left: string, right: string): boolean {
  const plain = word.toLowerCase().replace(/^\p{N}+/u, '')
  if (!/\p{L}$/u.test(plain)) return false
  if (always.has(plain) || pause.test(right)) return true
  if (beforeName.has(plain) && name.test(right)) return true
  if (beforeNumber.has(plain) && number.test(right)) return true
  const counts = afterDigit.test(left) || /^\p{N}/u.test(word)
  return counts ? afterNumber.has(plain) : notAfterNumber.has(plain)
}
