const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/** True if a cut at `offset` (code units) would separate the two halves of a surrogate pair. */
export const insidePair = (text: string, offset: number): boolean =>
  offset > 0 && offset < text.length && isHigh(text.charCodeAt(offset - 1)) && isLow(text.charCodeAt(offset))

/** The length of a text in Unicode code points. */
export function codePointLength(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) if (isHigh(text.charCodeAt(i)) && isLow(text.charCodeAt(i + 1))) pairs++
  return text.length - pairs
}

/**
 * Turns offsets of one text between UTF-16 code units (the document, the browser) and Unicode code points (SQL, most
 * formats). Only the places of astral characters are kept, so a text without any costs nothing.
 */
export class OffsetMap {
  // code-unit offsets of the low halves: each takes one unit that is no code point of its own
  readonly #lows: readonly number[]
  readonly #length: number

  constructor(text: string) {
    const lows: number[] = []
    for (let i = 1; i < text.length; i++) if (insidePair(text, i)) lows.push(i)
    this.#lows = lows
    this.#length = text.length
  }

  /** Code units → code points. Throws a RangeError outside the text or inside a surrogate pair. */
  toPoints(units: number): number {
    if (!Number.isInteger(units) || units < 0 || units > this.#length) throw new RangeError(`no offset ${units}`)
    const before = firstAtLeast(this.#lows, units)
    if (this.#lows[before] === units) throw new RangeError(`offset ${units} is inside a surrogate pair`)
    return units - before
  }

  /** Code points → code units. Throws a RangeError outside the text. */
  toUnits(points: number): number {
    let low = 0
    let high = this.#lows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#lows[middle]! - middle <= points) low = middle + 1
      else high = middle
    }
    const units = points + low
    if (!Number.isInteger(points) || points < 0 || units > this.#length) throw new RangeError(`no code point ${points}`)
    return units
  }
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** One place of a text as a person names it. Lines and columns count from 1; columns in code points. */
export function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lastBreak = before.lastIndexOf('\n')
  const line = before.split('\n').length
  return { line, column: codePointLength(before.slice(lastBreak + 1)) + 1 }
}
