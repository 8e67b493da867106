const BUDGET = 3
const JUMP = 0.8

/** A stretch of blocks in one `section`. */
export interface Section {
  readonly element: HTMLElement
  readonly from: number
  readonly to: number
}

/** What the surface does when a section comes near the screen or leaves it. */
interface Drawing {
  readonly draw: (section: Section) => void
  readonly clear: (section: Section) => void
  /** A section that must stay drawn wherever it is. */
  readonly isHeld: (section: Section) => boolean
}

/**
 * Keeps the sections near the screen drawn and the others plain. Drawing beyond the screen takes at most 3 ms a frame;
 * after a jump what is on the screen is drawn inside the scroll event, before anything is painted.
 */
export class Liveness {
  readonly #sections: readonly Section[]
  readonly #drawing: Drawing
  readonly #scroller: Element | null
  readonly #observer: IntersectionObserver
  readonly #byElement: ReadonlyMap<Element, Section>
  readonly #live = new Set<Section>()
  readonly #waiting = new Set<Section>()
  #frame = 0
  #top = 0

  constructor(sections: readonly Section[], scroller: Element | null, drawing: Drawing) {
    this.#sections = sections
    this.#scroller = scroller
    this.#drawing = drawing
    this.#byElement = new Map(sections.map((section) => [section.element, section]))
    this.#observer = new IntersectionObserver((entries) => this.#moved(entries), {
      root: scroller,
      rootMargin: '200% 0px',
    })
    for (const { element } of sections) this.#observer.observe(element)
    this.#scrollTarget.addEventListener('scroll', this.#scrolled, { passive: true })
    addEventListener('beforeprint', this.#printing)
    addEventListener('afterprint', this.#printed)
  }

  isLive(section: Section): boolean {
    return this.#live.has(section)
  }

  /** Draws a section now and, at least until it leaves the screen's surroundings, keeps it drawn. */
  enliven(section: Section): void {
    this.#waiting.delete(section)
    if (this.#live.has(section)) return
    this.#live.add(section)
    this.#drawing.draw(section)
  }

  /** Draws what is on the screen now. */
  enlivenVisible(): void {
    const { top, bottom } = this.#view()
    for (const section of this.#sections) {
      const box = section.element.getBoundingClientRect()
      if (box.top > bottom) break
      if (box.bottom >= top) this.enliven(section)
    }
  }

  dispose(): void {
    this.#observer.disconnect()
    cancelAnimationFrame(this.#frame)
    this.#scrollTarget.removeEventListener('scroll', this.#scrolled)
    removeEventListener('beforeprint', this.#printing)
    removeEventListener('afterprint', this.#printed)
  }

  get #scrollTarget(): EventTarget {
    return this.#scroller ?? document
  }

  #view(): { top: number; bottom: number } {
    return this.#scroller?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight }
  }

  #moved(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const section = this.#byElement.get(target)
      if (!section) continue
      if (isIntersecting && !this.#live.has(section)) this.#waiting.add(section)
      if (!isIntersecting) this.#leave(section)
    }
    if (this.#waiting.size > 0) this.#frame ||= requestAnimationFrame(this.#drawSome)
  }

  #leave(section: Section): void {
    this.#waiting.delete(section)
    if (!this.#live.has(section) || this.#drawing.isHeld(section)) return
    this.#live.delete(section)
    this.#drawing.clear(section)
  }

  #drawSome = (): void => {
    this.#frame = 0
    const until = performance.now() + BUDGET
    for (const section of this.#waiting) {
      this.enliven(section)
      if (performance.now() > until) break
    }
    if (this.#waiting.size > 0) this.#frame = requestAnimationFrame(this.#drawSome)
  }

  #scrolled = (): void => {
    const top = this.#scroller?.scrollTop ?? scrollY
    const height = this.#scroller?.clientHeight ?? innerHeight
    if (Math.abs(top - this.#top) > height * JUMP) this.enlivenVisible()
    this.#top = top
  }

  #printing = (): void => {
    for (const section of this.#sections) if (!this.#live.has(section)) this.#drawing.draw(section)
  }

  #printed = (): void => {
    for (const section of this.#sections) if (!this.#live.has(section)) this.#drawing.clear(section)
  }
}
