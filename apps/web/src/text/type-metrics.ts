import { nextGrapheme } from '@tamga/language'
import type { LabelStyle } from './label-css.ts'
import type { Room } from './segments.ts'

const CODE_SIZE = 9
const CODE_SPACING = 0.04
const GLYPH_ROOM = 14

/** Widths of letters and codes, from a canvas, so that drawing never reads the layout. Measured once the faces are there. */
export class TypeMetrics {
  readonly #host: HTMLElement
  readonly #canvas = document.createElement('canvas').getContext('2d')
  readonly #letters = new Map<string, number>()
  readonly #codes = new Map<string, number>()
  #letterFont = ''
  #codeFont = ''

  constructor(host: HTMLElement) {
    this.#host = host
    this.measure()
  }

  /** Reads the faces in use again and forgets the old widths. */
  measure(): void {
    this.#letters.clear()
    this.#codes.clear()
    const style = getComputedStyle(this.#host)
    // Not style.font: it is empty under forced colours and when any of its parts is off its initial value.
    this.#letterFont = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    this.#codeFont = `600 ${CODE_SIZE}px ${style.getPropertyValue('--sans') || 'sans-serif'}`
  }

  /** Height of a line's content box, px: rounded ascent and descent. */
  contentHeight(): number {
    const { fontBoundingBoxAscent, fontBoundingBoxDescent } = this.#metrics(this.#letterFont, 'x')
    return Math.round(fontBoundingBoxAscent) + Math.round(fontBoundingBoxDescent)
  }

  /** Mean width of a letter in a sample of at most 400 characters, px. */
  meanWidth(text: string): number {
    const sample = text.slice(0, 400)
    return sample === '' ? 8 : this.#metrics(this.#letterFont, sample).width / sample.length
  }

  /**
   * What fits into the beginning of a rail under `text[start, end)`.
   * @param extra what follows the code, as ` ×2`
   * @param sealed whether the rail ends with a seal
   */
  room(text: string, start: number, end: number, label: LabelStyle | undefined, extra: string, sealed: boolean): Room {
    if (!label) return 'none'
    const need = this.#codeWidth(label.code + extra) + (sealed ? 10 : 5)
    const width = this.#widthUpTo(text, start, end, need)
    return width >= need ? 'code' : width >= GLYPH_ROOM ? 'glyph' : 'none'
  }

  #widthUpTo(text: string, start: number, end: number, limit: number): number {
    let width = 0
    for (let at = start; at < end && width < limit;) {
      const joined = at + 1 < end && text.charCodeAt(at + 1) > 0x2ff
      const next = joined ? Math.min(end, nextGrapheme(text, at)) : at + 1
      width += this.#letterWidth(text.slice(at, next))
      at = next
    }
    return width
  }

  #letterWidth(letter: string): number {
    let width = this.#letters.get(letter)
    if (width === undefined) this.#letters.set(letter, (width = this.#metrics(this.#letterFont, letter).width))
    return width
  }

  #codeWidth(code: string): number {
    let width = this.#codes.get(code)
    if (width === undefined) {
      width = this.#metrics(this.#codeFont, code).width + code.length * CODE_SIZE * CODE_SPACING
      this.#codes.set(code, width)
    }
    return width
  }

  #metrics(font: string, text: string): TextMetrics {
    if (!this.#canvas) throw new Error('no canvas to measure type with')
    this.#canvas.font = font
    return this.#canvas.measureText(text)
  }
}
