import { hull, type Range } from '@tamga/model'
import { initialsOf } from '../ui/initials.ts'
import { BlockView } from './block-view.ts'
import { EdgeDrag } from './edge-drag.ts'
import { Flashes } from './flashes.ts'
import { lineHeight, type Density } from './geometry.ts'
import { further, hitAt, type Hit } from './hits.ts'
import { Hover } from './hover.ts'
import type { LabelStyle } from './label-css.ts'
import { Liveness, type Section } from './liveness.ts'
import { MarkIndex } from './mark-index.ts'
import { isWet, type Mark } from './mark.ts'
import { blocksOf, sectionsOf, type Block } from './paragraphs.ts'
import { People, type Person } from './people.ts'
import { Points } from './points.ts'
import type { Selected } from './selected.ts'
import { extraOf, segmentsOf, type Look } from './segments.ts'
import { TextSelection } from './selection.ts'
import { dress, type Dress } from './stylesheets.ts'
import { Tint } from './tint.ts'
import { TypeMetrics } from './type-metrics.ts'
import { scrollerOf, Viewport, type Place } from './viewport.ts'
import { WordWalk } from './word-walk.ts'
import './surface.css'

export interface SurfaceOptions {
  /** The revision's text, to the letter. It never changes; another revision is another surface. */
  readonly text: string
  /** BCP 47, for reading aloud and line breaking. */
  readonly language?: string
  /** What a screen reader calls the text. */
  readonly label?: string
  readonly density?: Density
  /** The element that scrolls the text; without it the nearest scrolling ancestor, else the page. */
  readonly scroller?: Element | null
  /** The user clicked a mark (`id`) or away from it (null). `ids` are all marks there, the clicked one's inside first. */
  readonly onPick?: (id: string | null, ids: readonly string[]) => void
  /** What the user has selected; `settled` is false in the middle of a drag. */
  readonly onSelect?: (selected: Selected | null, settled: boolean) => void
  /** The user dragged an edge of the chosen mark. Without it the handles do not move. */
  readonly onResize?: (id: string, ranges: readonly Range[]) => void
  /** What a screen reader says of a mark: label, state, depth. Default: the label's code. */
  readonly describe?: (mark: Mark) => string
}

/**
 * An article with its marks: all text is in the document at all times, marks are drawn near the screen. Knows nothing
 * of rooms, rights or stores: it is given marks and says what the user points at. Offsets are UTF-16 code units.
 */
export class Surface {
  readonly host: HTMLElement
  readonly text: string
  readonly #options: SurfaceOptions
  readonly #blocks: readonly Block[]
  readonly #views: readonly BlockView[]
  readonly #sections: readonly Section[]
  readonly #overlay = document.createElement('div')
  readonly #viewport: Viewport
  readonly #index: MarkIndex
  readonly #points: Points
  readonly #metrics: TypeMetrics
  readonly #liveness: Liveness
  readonly #walk: WordWalk
  readonly #selection: TextSelection
  readonly #edges: EdgeDrag
  readonly #people: People
  readonly #resized: ResizeObserver
  readonly #listening = new AbortController()
  readonly #preview = new Tint('edge')
  readonly #flashes = new Flashes((ids) => this.#drawMarks(ids))
  readonly #hover: Hover
  readonly #late = new Set<number>()
  readonly #peopled = new Set<number>()
  #labels: readonly LabelStyle[] = []
  #numbers: ReadonlyMap<string, number> = new Map()
  #dress: Dress
  #density: Density
  #chosen: string | null = null
  #focus: number | null = null
  #width = 0
  #moved = 0
  // The first line on the screen when the text last came to rest, and the timer that notes it.
  #rest: Place | null = null
  #restTimer = 0

  /** Builds the text inside `host`, which must be empty and in the document. */
  constructor(host: HTMLElement, options: SurfaceOptions) {
    this.host = host
    this.text = options.text
    this.#options = options
    this.#density = options.density ?? 'gloss'
    this.#blocks = blocksOf(options.text)
    this.#views = this.#blocks.map((block, i) => this.#view(block, this.#blocks[i + 1]?.kind === 'more'))
    this.#sections = sectionsOf(this.#blocks).map(([from, to]) => this.#section(from, to))
    this.#dress = dress([])
    this.#mount()
    this.#index = new MarkIndex(this.#blocks)
    this.#points = new Points(host, this.text, this.#views)
    const scroller = options.scroller === undefined ? scrollerOf(host) : options.scroller
    this.#viewport = new Viewport(scroller, this.#sections, this.#views, this.#points)
    this.#metrics = new TypeMetrics(host)
    this.#walk = new WordWalk(this.text, this.#blocks)
    this.#people = new People(this.#overlay, this.#points)
    this.#estimate()
    this.#liveness = this.#newLiveness(scroller)
    this.#selection = this.#newSelection()
    this.#hover = this.#newHover()
    this.#edges = this.#newEdges()
    this.#resized = new ResizeObserver(this.#fit)
    this.#resized.observe(host)
    this.#listen(scroller ?? document)
    this.#liveness.enlivenVisible()
  }

  /** Replaces all marks. */
  marks(list: Iterable<Mark>): void {
    this.#index.fill(list)
    this.#redraw()
  }

  /** Applies one batch of changes, null for a mark that is gone. One call a transaction. */
  patch(changed: ReadonlyMap<string, Mark | null>): void {
    this.#drawAgain(this.#index.patch(changed))
    if (this.#chosen !== null && !this.#index.get(this.#chosen)) this.#chosen = null
  }

  /** Takes the colours, codes and glyphs of a label set. */
  setLabels(labels: readonly LabelStyle[]): void {
    const before = this.#dress
    this.#labels = labels
    this.#numbers = new Map(labels.map(({ id }, n) => [id, n]))
    this.#dress = dress(labels)
    this.#dressHost()
    before.dispose()
    this.#redraw()
  }

  get density(): Density {
    return this.#density
  }

  set density(density: Density) {
    const place = this.#viewport.first()
    this.#density = density
    this.#dressHost()
    this.#redraw()
    if (place) this.#viewport.keep(place)
  }

  get chosen(): string | null {
    return this.#chosen
  }

  /** Shows a mark as the chosen one: ink rail, its code in a flag, a handle at each edge. Does not scroll. */
  select(id: string | null): void {
    if (id === this.#chosen) return
    const before = this.#chosen
    this.#chosen = id
    this.#drawMarks([before, id])
  }

  /** What the user has selected, or null. */
  get selected(): Selected | null {
    return this.#selection.selected
  }

  /** Selects `[start, end)` exactly, as if the user had; null for nothing. */
  setSelected(range: Range | null): void {
    this.#selection.set(range && { anchor: range[0], head: range[1], exact: true, range })
  }

  /** Marks over the letter at an offset, the innermost first. */
  idsAt(offset: number): string[] {
    const { marks, rows } = this.#index.nest(this.#points.blockIndex(offset))
    const here = marks.filter(({ ranges }) => ranges.some(([start, end]) => start <= offset && offset < end))
    return here.map(({ id }) => id).sort((a, b) => (rows.get(a) ?? 0) - (rows.get(b) ?? 0))
  }

  /** Brings an offset into view if it is not well inside already, its line at two fifths of the height. */
  scrollTo(offset: number): void {
    if (this.#blocks.length === 0) return
    this.#liveness.enliven(this.#sectionOf(this.#points.blockIndex(offset)))
    if (this.#viewport.shows(offset)) return
    this.#viewport.approach(offset)
    this.#liveness.enlivenVisible()
    this.#viewport.centre(offset)
  }

  /**
   * The screen boxes of `[start, end)`, one a line or piece, for popovers beside a place. Boxes of text that is not
   * near the screen may be missing.
   */
  rects(range: Range): DOMRect[] {
    return this.#points.rects(range)
  }

  /** The paragraph of an offset, counted from 1 without empty lines. */
  paragraphAt(offset: number): number {
    return this.#blocks[this.#points.blockIndex(offset)]?.paragraph ?? 0
  }

  /** For review: dims all but one paragraph, and only the chosen mark is washed. Null ends it. */
  setFocusMode(paragraph: number | null): void {
    const began = (this.#focus === null) !== (paragraph === null)
    this.#focus = paragraph
    this.host.classList.toggle('focusing', paragraph !== null)
    for (const { element, block } of this.#views) element.classList.toggle('current', block.paragraph === paragraph)
    if (began) this.#redraw()
  }

  /** Shows for a moment that somebody changed these marks, in the colour (1 to 8) of that person. */
  flash(ids: Iterable<string>, colour: number): void {
    this.#flashes.show([...ids], colour)
  }

  /** Shows the others who have this article open. */
  setPeople(people: readonly Person[]): void {
    this.#people.show(people)
    const byBlock = new Map<number, { initials: string; colour: number }[]>()
    for (const { name, colour, at } of people) {
      if (!at) continue
      const block = this.#firstBlock(at[1])
      byBlock.set(block, [...(byBlock.get(block) ?? []), { initials: initialsOf(name), colour }])
    }
    for (const block of new Set([...this.#peopled, ...byBlock.keys()]))
      this.#views[block]?.setPeople(byBlock.get(block) ?? [])
    this.#peopled.clear()
    for (const block of byBlock.keys()) this.#peopled.add(block)
  }

  /** Takes everything away again: the host is empty and nothing listens. */
  dispose(): void {
    this.#listening.abort()
    this.#resized.disconnect()
    this.#people.dispose()
    this.#edges.dispose()
    this.#selection.dispose()
    this.#liveness.dispose()
    this.#preview.show([])
    cancelAnimationFrame(this.#moved)
    clearTimeout(this.#restTimer)
    this.#dress.dispose()
    this.host.replaceChildren()
    this.host.classList.remove('surface', this.#density, this.#dress.scope, 'focusing')
  }

  #view(block: Block, goesOn: boolean): BlockView {
    return new BlockView(block, this.text.slice(block.start, block.end), goesOn)
  }

  #section(from: number, to: number): Section {
    const element = document.createElement('section')
    element.append(...this.#views.slice(from, to).map((view) => view.element))
    return { element, from, to }
  }

  #mount(): void {
    this.host.classList.add('surface')
    this.#dressHost()
    if (this.#options.language) this.host.lang = this.#options.language
    if (this.#options.label) this.host.ariaLabel = this.#options.label
    this.host.role ??= 'document'
    this.host.tabIndex = 0
    this.#overlay.className = 'overlay'
    this.#overlay.ariaHidden = 'true'
    this.host.replaceChildren(...this.#sections.map(({ element }) => element), this.#overlay)
  }

  #dressHost(): void {
    const kept = [...this.host.classList].filter((name) => !/^(labels-\d+|gloss|rails|bare)$/.test(name))
    this.host.className = [...kept, this.#density, this.#dress.scope].join(' ')
  }

  #newLiveness(scroller: Element | null): Liveness {
    return new Liveness(this.#sections, scroller, {
      draw: (section) => this.#drawSection(section),
      clear: ({ from, to }) => this.#views.slice(from, to).forEach((view) => view.draw([])),
      isHeld: (section) => this.#holdsSelection(section),
    })
  }

  #newSelection(): TextSelection {
    return new TextSelection(this.host, {
      text: this.text,
      points: this.#points,
      walk: this.#walk,
      changed: (selected, settled) => this.#selectionChanged(selected, settled),
      clicked: (x, y) => this.#clicked(x, y),
      reveal: (offset) => this.scrollTo(offset),
      firstVisible: () => this.#viewport.first()?.offset ?? 0,
    })
  }

  #newHover(): Hover {
    const markAt = (x: number, y: number) => this.#hit(x, y)?.ids[0] ?? null
    return new Hover(this.host, markAt, (before, now) => this.#hovered(before, now), this.#listening.signal)
  }

  #newEdges(): EdgeDrag {
    return new EdgeDrag(this.host, {
      text: this.text,
      points: this.#points,
      chosen: () => (this.#options.onResize && this.#chosen !== null ? this.#index.get(this.#chosen) : undefined),
      preview: (range) => this.#preview.show(range ? [this.#points.toRange(range)] : []),
      moved: ({ id }, ranges) => this.#options.onResize?.(id, ranges),
    })
  }

  #listen(scrolled: EventTarget): void {
    const { signal } = this.#listening
    scrolled.addEventListener('scroll', this.#scrolled, { signal, passive: true })
    document.addEventListener('pointerup', () => this.#catchUp(), { signal })
    document.fonts.addEventListener('loadingdone', this.#facesCame, { signal })
    this.host.addEventListener('keydown', this.#key, { signal })
  }

  // --- drawing

  #look(): Look {
    const isNamed = (id: string) => this.#numbers.get(id) ?? this.#labels.length
    const describe = this.#options.describe ?? (({ label }: Mark) => this.#labels[isNamed(label)]?.code ?? label)
    return {
      chosen: this.#chosen,
      hovered: this.#hover.id,
      flashing: this.#flashes.colours,
      describe,
      codes: this.#density === 'gloss' ? 'all' : 'pointed',
      isWet: (mark) => (this.#focus === null ? isWet(mark) : false),
      label: isNamed,
      room: (mark) => this.#room(mark),
    }
  }

  #room(mark: Mark) {
    const [start, end] = hull(mark.ranges)
    const label = this.#labels[this.#numbers.get(mark.label) ?? -1]
    const sealed = ['approved', 'changed', 'disputed', 'partly'].includes(mark.state)
    return this.#metrics.room(this.text, start, end, label, extraOf(mark), sealed)
  }

  #drawSection({ from, to }: Section): void {
    const look = this.#look()
    for (let i = from; i < to; i++) this.#drawBlock(i, look)
  }

  #drawBlock(index: number, look: Look): void {
    const view = this.#views[index]
    if (!view) return
    const { marks, rows } = this.#index.nest(index)
    view.draw(segmentsOf(view.block, marks, rows, look))
  }

  /** Everything again: other labels, another density, other faces. */
  #redraw(): void {
    this.#selection.catchUp()
    for (const [i, view] of this.#views.entries()) view.setDepth(this.#index.nest(i).depth)
    for (const section of this.#sections) if (this.#liveness.isLive(section)) this.#drawSection(section)
    this.#estimate()
    this.#liveness.enlivenVisible()
    this.#settleLayout()
  }

  /** The touched blocks again, as far as they are live. Reads of layout come before writes. */
  #drawAgain(touched: ReadonlySet<number>): void {
    if (touched.size === 0) return
    this.#selection.catchUp()
    const held = this.#viewport.ifCut(touched)
    const look = this.#look()
    for (const index of touched) {
      this.#deepen(index)
      if (this.#liveness.isLive(this.#sectionOf(index))) this.#drawBlock(index, look)
    }
    if (held) this.#viewport.keep(held)
    this.#settleLayout()
  }

  /** The blocks of these marks again. */
  #drawMarks(ids: readonly (string | null)[]): void {
    if (this.#listening.signal.aborted) return
    this.#drawAgain(new Set(ids.flatMap((id) => (id === null ? [] : this.#index.blocksOf(id)))))
  }

  #deepen(index: number): void {
    if (this.#selection.isPressed) this.#late.add(index)
    else this.#views[index]?.setDepth(this.#index.nest(index).depth)
  }

  /** Line heights that changed while the pointer was down. */
  #catchUp(): void {
    if (this.#late.size === 0) return
    const late = new Set(this.#late)
    this.#late.clear()
    this.#drawAgain(late)
  }

  #settleLayout(): void {
    this.#selection.restore()
    this.#moved ||= requestAnimationFrame(() => {
      this.#moved = 0
      this.#people.place()
    })
  }

  #sectionOf(index: number): Section {
    const section = this.#sections.findLast(({ from }) => from <= index)
    if (!section) throw new Error(`no section holds block ${index}`)
    return section
  }

  #holdsSelection({ from, to }: Section): boolean {
    const ends = this.#selection.ends
    const [start, end] = [this.#blocks[from]?.start ?? 0, this.#blocks[to - 1]?.end ?? 0]
    return ends?.some((offset) => start <= offset && offset <= end) ?? false
  }

  /** Heights of sections that were never laid out, from the width of the text and the mean width of its letters. */
  #estimate(): void {
    const style = getComputedStyle(this.host)
    const width = this.host.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    const perLine = Math.max(1, width / this.#metrics.meanWidth(this.text))
    this.host.style.setProperty('--ch', `${this.#metrics.contentHeight()}px`)
    for (const { element, from, to } of this.#sections) {
      let height = 0
      for (let i = from; i < to; i++) height += this.#blockHeight(i, perLine)
      element.style.containIntrinsicSize = `auto none auto ${Math.round(height)}px`
    }
  }

  #blockHeight(index: number, perLine: number): number {
    const block = this.#blocks[index]
    if (!block || block.kind === 'empty') return 0
    const depth = this.#index.nest(index).depth
    return Math.ceil((block.end - block.start) / perLine) * lineHeight(this.#density, depth) + 15
  }

  #scrolled = (): void => {
    clearTimeout(this.#restTimer)
    this.#restTimer = window.setTimeout(() => (this.#rest = this.#viewport.first()), 120)
  }

  /** The width changed: the line that was first stays first. */
  #fit = (): void => {
    const width = this.host.clientWidth
    if (width !== this.#width) {
      const place = this.#rest
      this.#width = width
      this.#estimate()
      if (place) this.#viewport.keep(place)
    }
    this.#people.place()
  }

  #facesCame = (): void => {
    this.#metrics.measure()
    this.#redraw()
  }

  // --- pointing

  #hit(x: number, y: number): Hit | null {
    return hitAt(this.host, this.#density, x, y)
  }

  #hovered(before: string | null, now: string | null): void {
    this.host.classList.toggle('pointing', now !== null)
    this.#drawMarks([before, now])
  }

  #clicked(x: number, y: number): boolean {
    const hit = this.#hit(x, y)
    const id = hit && further(hit, this.#chosen)
    if (!hit || id === null) return false
    if (this.#selection.selected) this.#selection.set(null)
    this.#options.onPick?.(id, hit.ids)
    return true
  }

  #selectionChanged(selected: Selected | null, settled: boolean): void {
    if (selected && this.#chosen !== null) this.#options.onPick?.(null, [])
    this.host.classList.toggle('selecting', selected !== null)
    this.#options.onSelect?.(selected, settled)
  }

  /** Enter at the keyboard's word picks the innermost mark there, and again the next one outwards. */
  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const at = this.#selection.selected?.range[0] ?? this.#chosenStart()
    const ids = at === null ? [] : this.idsAt(at)
    const id = further({ on: 'text', ids }, this.#chosen)
    if (id === null) return
    event.preventDefault()
    this.#selection.set(null)
    this.#options.onPick?.(id, ids)
  }

  #chosenStart(): number | null {
    const mark = this.#chosen === null ? undefined : this.#index.get(this.#chosen)
    return mark ? hull(mark.ranges)[0] : null
  }

  #firstBlock(offset: number): number {
    let index = this.#points.blockIndex(offset)
    while (index > 0 && this.#blocks[index]?.kind !== 'first') index--
    return index
  }
}
