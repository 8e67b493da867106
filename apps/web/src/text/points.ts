import { nextGrapheme, previousGrapheme } from '@tamga/language'
import type { Range as Span } from '@tamga/model'
import type { BlockView } from './block-view.ts'
import { blockAt } from './paragraphs.ts'

// How far above and below its glyphs a character still takes a click, px.
const ABOVE = 4
const BELOW = 4

/** Offsets of the text (code units) to points of the document and of the screen, and back. Total in every direction. */
export class Points {
  readonly #host: HTMLElement
  readonly #text: string
  readonly #views: readonly BlockView[]
  readonly #indexes = new WeakMap<Node, number>()
  readonly #blocks

  constructor(host: HTMLElement, text: string, views: readonly BlockView[]) {
    this.#host = host
    this.#text = text
    this.#views = views
    this.#blocks = views.map(({ block }) => block)
    for (const [i, { element }] of views.entries()) this.#indexes.set(element, i)
  }

  /** The offset of any DOM point: in a text, in any element inside the host, or outside of it. */
  toOffset(node: Node, at: number): number {
    const index = this.#blockOf(node)
    if (index !== null) return this.#offsetIn(index, node, at)
    const range = document.createRange()
    range.selectNodeContents(this.#host)
    const side = range.comparePoint(node, at)
    if (side !== 0) return side < 0 ? 0 : this.#text.length
    return this.#offsetBeforeChild(node, at)
  }

  /** The DOM point of an offset; offsets outside the text are drawn to its ends. */
  toPoint(offset: number, bias: 'left' | 'right' = 'right'): readonly [Node, number] {
    const inside = Math.min(Math.max(0, offset), this.#text.length)
    const view = this.#views[blockAt(this.#blocks, bias === 'left' ? Math.max(0, inside - 1) : inside)]
    return view ? view.point(inside, bias) : [this.#host, 0]
  }

  /** A live DOM range over `[start, end)`. */
  toRange([start, end]: Span): Range {
    const range = document.createRange()
    range.setStart(...this.toPoint(start, 'right'))
    range.setEnd(...this.toPoint(end, 'left'))
    return range
  }

  /** The boxes of the letters of `[start, end)` on the screen, one a line or piece; those of no width are left out. */
  rects([start, end]: Span): DOMRect[] {
    const boxes: DOMRect[] = []
    const range = document.createRange()
    for (let i = blockAt(this.#blocks, start); i < this.#views.length; i++) {
      const view = this.#views[i]
      if (!view || view.block.start >= end) break
      // Text by text: a range over a whole segment would answer with the segment's box, rails included.
      for (const [text, from, to] of view.texts(start, end)) {
        range.setStart(text, from)
        range.setEnd(text, Math.max(from, to))
        boxes.push(...range.getClientRects())
      }
    }
    return boxes.filter(({ width }) => width > 0)
  }

  /** The index of the block that holds the character at an offset. */
  blockIndex(offset: number): number {
    return blockAt(this.#blocks, offset)
  }

  /** Where the character under a point of the screen begins, or null if none is there. */
  characterAt(x: number, y: number): number | null {
    const gap = this.gapAt(x, y)
    if (gap === null) return null
    return (
      [this.#graphemeAfter(gap), this.#graphemeBefore(gap)].find((span) => span && this.#holds(span, x, y))?.[0] ?? null
    )
  }

  /** The offset between two characters that is nearest to a point of the screen, or null outside of the text. */
  gapAt(x: number, y: number): number | null {
    const caret = caretAt(x, y)
    return caret && this.#host.contains(caret[0]) ? this.toOffset(...caret) : null
  }

  #holds(span: Span, x: number, y: number): boolean {
    const boxes = this.rects(span)
    return boxes.some((box) => box.left <= x && x < box.right && box.top - ABOVE <= y && y < box.bottom + BELOW)
  }

  #graphemeAfter(offset: number): Span | null {
    if (offset >= this.#text.length) return null
    return [offset, nextGrapheme(this.#text, offset)]
  }

  #graphemeBefore(offset: number): Span | null {
    return offset <= 0 ? null : [previousGrapheme(this.#text, offset), offset]
  }

  #blockOf(node: Node): number | null {
    for (let at: Node | null = node; at && at !== this.#host; at = at.parentNode) {
      const index = this.#indexes.get(at)
      if (index !== undefined) return index
    }
    return null
  }

  #offsetIn(index: number, node: Node, at: number): number {
    const view = this.#views[index]
    if (!view) return this.#text.length
    const range = document.createRange()
    range.setStart(view.element, 0)
    range.setEnd(node, at)
    return view.block.start + range.toString().length
  }

  /** The start of the first block at or after a child of the host or of a section; the text's end if there is none. */
  #offsetBeforeChild(node: Node, at: number): number {
    const before = node.childNodes[at]
    const section = before ?? nextOutside(node, this.#host)
    for (let next: Node | null = section; next; next = nextOutside(next, this.#host)) {
      const element = this.#indexes.has(next) ? next : next.firstChild
      const index = element ? this.#indexes.get(element) : undefined
      if (index !== undefined) return this.#blocks[index]?.start ?? this.#text.length
    }
    return this.#text.length
  }
}

function nextOutside(node: Node, host: Node): Node | null {
  for (let at: Node | null = node; at && at !== host; at = at.parentNode) if (at.nextSibling) return at.nextSibling
  return null
}

function caretAt(x: number, y: number): readonly [Node, number] | null {
  if ('caretPositionFromPoint' in document) {
    const caret = document.caretPositionFromPoint(x, y)
    return caret && [caret.offsetNode, caret.offset]
  }
  const range = (document as Document).caretRangeFromPoint(x, y)
  return range && [range.startContainer, range.startOffset]
}
