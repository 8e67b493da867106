import type { BlockView } from './block-view.ts'
import type { Section } from './liveness.ts'
import type { Points } from './points.ts'

/** An offset of the text and where its line stands on the screen, px from the top. */
export interface Place {
  readonly offset: number
  readonly top: number
}

/** What of the text is on the screen, and how to keep it there. */
export class Viewport {
  readonly #scroller: Element | null
  readonly #sections: readonly Section[]
  readonly #views: readonly BlockView[]
  readonly #points: Points

  /** @param scroller the element that scrolls the text, or null for the page */
  constructor(scroller: Element | null, sections: readonly Section[], views: readonly BlockView[], points: Points) {
    this.#scroller = scroller
    this.#sections = sections
    this.#views = views
    this.#points = points
  }

  /** The first line that is wholly on the screen, or null if none is. */
  first(): Place | null {
    const { top, bottom } = this.#edges()
    const section = this.#sections.find(({ element }) => element.getBoundingClientRect().bottom > top + 1)
    for (const { element, block } of this.#views.slice(section?.from ?? 0)) {
      const box = element.getBoundingClientRect()
      if (block.kind === 'empty' || box.bottom <= top + 1) continue
      if (box.top >= top || box.top > bottom) return { offset: block.start, top: box.top }
      return this.#firstLineBelow(top, box, block.start)
    }
    return null
  }

  /** The first line, if one of these blocks is cut by the upper edge: such a one may grow above what is read. */
  ifCut(blocks: Iterable<number>): Place | null {
    const { top } = this.#edges()
    for (const index of blocks) {
      const box = this.#views[index]?.element.getBoundingClientRect()
      if (box && box.top < top && box.bottom > top) return this.first()
    }
    return null
  }

  /** Scrolls so that a place is again where it was. */
  keep({ offset, top }: Place): void {
    const box = this.#boxAt(offset)
    if (box) this.#scrollBy(box.top - top)
  }

  /** True if the line of an offset is on the screen and not close to its edges. */
  shows(offset: number): boolean {
    const { top, bottom } = this.#edges()
    const margin = Math.min(80, (bottom - top) / 6)
    const box = this.#boxAt(offset)
    return box !== undefined && box.top >= top + margin && box.bottom <= bottom - margin
  }

  /** Brings the block of an offset near: sections that were never laid out get their true height on the way. */
  approach(offset: number): void {
    this.#views[this.#points.blockIndex(offset)]?.element.scrollIntoView({ block: 'center' })
  }

  /** Puts the line of an offset at two fifths of the height. */
  centre(offset: number): void {
    const { top, bottom } = this.#edges()
    const box = this.#boxAt(offset)
    if (box) this.#scrollBy(box.top - top - (bottom - top) * 0.4)
  }

  #edges(): { top: number; bottom: number } {
    return this.#scroller?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight }
  }

  #boxAt(offset: number): DOMRect | undefined {
    return this.#points.rects([offset, offset + 1])[0]
  }

  #scrollBy(by: number): void {
    if (Math.abs(by) >= 1) (this.#scroller ?? document.documentElement).scrollTop += by
  }

  #firstLineBelow(top: number, box: DOMRect, start: number): Place {
    for (let y = top + 4; y < box.bottom; y += 12) {
      const offset = this.#points.gapAt(box.left + 4, y)
      const there = offset === null ? undefined : this.#boxAt(offset)
      if (offset !== null && there && there.top >= top) return { offset, top: there.top }
    }
    return { offset: start, top: box.top }
  }
}

/** The nearest ancestor that scrolls, or null if the page does. */
export function scrollerOf(host: HTMLElement): Element | null {
  for (let at = host.parentElement; at && at !== document.documentElement; at = at.parentElement)
    if (/auto|scroll|overlay/.test(getComputedStyle(at).overflowY)) return at
  return null
}
