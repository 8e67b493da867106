import { composed } from './normal.ts'
import { counted, type Steps } from './steps.ts'

const cyrillic = [...'абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі']
const ascii = 'a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya a g q n o u u h i'.split(
  ' ',
)
const latin: Readonly<Record<string, string>> = {
  ß: 'ss',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  þ: 'th',
  ð: 'd',
}

const letters = new Map([
  ...cyrillic.map((letter, index) => [letter, (ascii[index] ?? '').replace('-', '')] as const),
  ...Object.entries(latin),
])

const LONGEST = 60

// Names that Windows keeps for devices, whatever the ending.
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)$/

/**
 * A file name without ending, `[a-z0-9]` joined by single hyphens, 1 to 60 characters: Russian and Kazakh letters are
 * transliterated, accents dropped, all else becomes a hyphen. A text of which nothing remains is `untitled`. Different
 * texts may have equal slugs.
 */
export function slug(text: string, steps?: Steps): string {
  const plain = transliterate(counted(composed(text, steps), steps).toLowerCase())
  const whole = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  const short = whole.length > LONGEST ? cut(whole) : whole
  if (short === '') return 'untitled'
  return reserved.test(short) ? `${short}-file` : short
}

const transliterate = (lower: string): string =>
  lower.replace(
    /\P{ASCII}/gu,
    (letter) => letters.get(letter) ?? letter.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, ''),
  )

/** At most 60 characters, cut at a hyphen if the second half has one. */
function cut(whole: string): string {
  const at = whole.lastIndexOf('-', LONGEST)
  return whole.slice(0, at > LONGEST / 2 ? at : LONGEST).replace(/-$/, '')
}
