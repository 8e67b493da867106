/** What stands on the key caps of the keyboards our readers have, by `event.code`. */
export const layouts = ['qwerty', 'ru', 'kk'] as const
export type Layout = (typeof layouts)[number]

/** How a layout is named to its user. */
export const layoutNames: Readonly<Record<Layout, string>> = { qwerty: 'QWERTY', ru: 'ЙЦУКЕН', kk: 'ҚАЗ' }

const rows: Readonly<Record<Layout, readonly [digits: string, top: string, home: string, bottom: string]>> = {
  qwerty: ['`1234567890-=', 'QWERTYUIOP[]', "ASDFGHJKL;'", 'ZXCVBNM,./'],
  ru: ['Ё1234567890-=', 'ЙЦУКЕНГШЩЗХЪ', 'ФЫВАПРОЛДЖЭ', 'ЯЧСМИТЬБЮ.'],
  kk: ['("ӘІҢҒ,.ҮҰҚӨҺ', 'ЙЦУКЕНГШЩЗХЪ', 'ФЫВАПРОЛДЖЭ', 'ЯЧСМИТЬБЮ№'],
}

const keys = (letters: string) => [...letters].map((letter) => `Key${letter}`)

const codes: readonly (readonly string[])[] = [
  ['Backquote', ...[...'1234567890'].map((digit) => `Digit${digit}`), 'Minus', 'Equal'],
  [...keys('QWERTYUIOP'), 'BracketLeft', 'BracketRight'],
  [...keys('ASDFGHJKL'), 'Semicolon', 'Quote'],
  [...keys('ZXCVBNM'), 'Comma', 'Period', 'Slash'],
]

const caps: Readonly<Record<Layout, ReadonlyMap<string, string>>> = {
  qwerty: capsOf('qwerty'),
  ru: capsOf('ru'),
  kk: capsOf('kk'),
}

function capsOf(layout: Layout): ReadonlyMap<string, string> {
  return new Map(codes.flatMap((row, i) => row.map((code, j) => [code, [...rows[layout][i]!][j]!] as const)))
}

/** The letter that a layout has on a key, or null for keys without a letter (Enter, arrows …). */
export const capOf = (code: string, layout: Layout): string | null => caps[layout].get(code) ?? null

/**
 * The caps of a key for everybody at the table: the Latin one, and beside it the reader's own where it differs (A·Ф).
 * A reader of QWERTY gets the Cyrillic one of ЙЦУКЕН, so that the two can talk about the same key.
 */
export function bothCaps(code: string, layout: Layout): string {
  const latin = capOf(code, 'qwerty')
  const own = capOf(code, layout === 'qwerty' ? 'ru' : layout)
  if (!latin) return code
  return own && own !== latin ? `${latin}·${own}` : latin
}

/** Which layout must have typed this: null when the character says nothing. */
export function layoutOf(code: string, key: string): Layout | null {
  const typed = key.toUpperCase()
  if ([...typed].length !== 1) return null
  const fits = layouts.filter((layout) => capOf(code, layout) === typed)
  if (fits.length === 1) return fits[0]!
  return fits.length > 1 && !fits.includes('qwerty') ? 'ru' : null
}
