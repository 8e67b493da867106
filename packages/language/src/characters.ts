// Sources of regular expressions (flag u) that all other files build upon.

/** White space: that of JavaScript and that of Python (which splits at U+001C-1F and U+0085), and the zero width space. */
export const blank = '[\\s\\u001c-\\u001f\\u0085\\u200b]'

/** A line break, CR LF as one. */
export const lineBreak = '(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])'

/** What continues a character and never begins one: marks, joiners, skin tones, tags. */
export const extend = '[\\p{M}\\u200c\\u200d\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]'
const joined = `(?:(?!\\u200d)${extend})*\\u200d`

const pictograph = '\\p{Extended_Pictographic}'
const flag = '\\p{Regional_Indicator}'

/** One character as a reader sees it (grapheme cluster): CR LF, flags, joined emoji, a base with its marks. No Hangul rules. */
export const cluster =
  `(?:\\r\\n|[\\p{Cc}\\p{Zl}\\p{Zp}\\u00ad]|${flag}${flag}${extend}*|` +
  `${pictograph}(?:${joined}${pictograph})*${extend}*|[^]${extend}*)`

// Scripts that put no blanks between words: their characters are tokens one by one.
const unspaced = '[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]'

/** A letter or digit with its marks. */
export const letter = `(?!${unspaced})[\\p{L}\\p{N}]${extend}*`

/** Hyphens that join words. Long dashes do not. */
export const hyphen = '[\\-\\u2010\\u2011]'

/** A sticky matcher: the end of the match that begins exactly at `at`, or -1. */
export function matcher(source: string): (text: string, at: number) => number {
  const pattern = new RegExp(source, 'yu')
  return (text, at) => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : -1
  }
}

const blankAt = new RegExp(`^${blank}$`, 'u')

/** Whether a character is white space here; tokens never hold such a one. */
export const isBlank = (character: string): boolean => blankAt.test(character)
