import { wordAt } from '@tamga/language'
import { can, hull, Problem, type AttributeValue, type Range, type State } from '@tamga/model'
import type { Step } from '@tamga/collab'
import { t } from '../i18n/index.svelte.ts'
import { parentsOf, type ShownSpan } from '../text/annotations.svelte.ts'
import { shorten } from '../text/quote.ts'
import { Reading } from '../text/reading.svelte.ts'
import type { Room } from '../text/room.svelte.ts'
import { seen, type Selected } from '../text/selected.ts'
import { moved, withRange, type Edge, type Unit } from './edges.ts'

/** Somebody's work on an open article: what is selected and chosen, and what can be done with it. */
export class Editing extends Reading {
  selected = $state.raw<Selected | null>(null)
  /** The label that a pointer or focus is on: its definition is shown. */
  pointed = $state<string | null>(null)
  picking = $state(false)
  /** Which spans are listed and walked through. */
  filter = $state<State | 'all'>('all')
  /** On narrow screens the side that lies over the text. */
  drawer = $state<'spans' | 'details' | null>(null)
  /** Labels in the order of last use, the latest first. */
  recent = $state.raw<readonly string[]>([])
  /** Why the last act was not done. */
  problem = $state.raw<Problem | null>(null)
  #chosen = $state<string | null>(null)
  // The span chosen last, for adding a part, and the place where arrow keys go on.
  #last = $state<string | null>(null)
  #place: number | null = null
  readonly #made = new Set<string>()
  readonly #stop: () => void

  readonly mayMark = $derived.by(() => can(this.room.article.role, 'annotate') && this.room.article.withdrawn === null)
  readonly #parents = $derived.by(() => parentsOf(this.room.annotations.spans))
  readonly span: ShownSpan | null = $derived.by(() => this.#spanOf(this.#chosen))
  /** The span that the chosen one lies in, most closely. */
  readonly around: ShownSpan | null = $derived.by(() => this.span && (this.#parents.get(this.span.id) ?? null))
  readonly listed: readonly ShownSpan[] = $derived.by(() =>
    this.filter === 'all'
      ? this.room.annotations.spans
      : this.room.annotations.spans.filter(({ state }) => state === this.filter),
  )
  /** The span that a selection can be added to: the one chosen last. */
  readonly growing: ShownSpan | null = $derived.by(() => (this.selected ? this.#spanOf(this.#last) : null))

  constructor(room: Room) {
    super(room)
    this.#stop = room.annotations.observe((changed) => this.#follow(changed))
  }

  dispose(): void {
    this.#stop()
  }

  get chosen(): string | null {
    return this.#chosen
  }

  // --- words

  /** Why nothing can be marked here, or null. */
  get barred(): string | null {
    if (this.mayMark) return null
    const owner = this.room.article.members.find(({ role }) => role === 'owner')
    return t('editor.readOnly', (owner ? { name: owner.name } : {}) as { name: string })
  }

  /** Why the chosen span stays as it is although one may mark here, or null. */
  get locked(): string | null {
    return this.span && this.#lockOf(this.span)
  }

  /** Why the selection cannot be added to the span chosen last, or null. */
  get lockedGrowth(): string | null {
    return this.growing && this.#lockOf(this.growing)
  }

  #lockOf({ state }: ShownSpan): string | null {
    const { settings, role } = this.room.article
    return settings.lockApproved && state === 'approved' && !can(role, 'decide') ? t('problems.locked') : null
  }

  /** «label of “…”»: what an act did or would do. */
  what({ act, annotations }: Step): string {
    const shown = this.room.annotations.byId.get(annotations[0] ?? '')
    const quote = shown ? this.quote(shown.content, 40) : ''
    return act === 'ends' ? t('editor.what_ends') : t(`editor.what_${act}`, { quote })
  }

  // --- choosing

  /** Chooses a span, null for none. `show` brings it into view. */
  choose(id: string | null, { show = false } = {}): void {
    const span = this.#spanOf(id)
    this.#chosen = span?.id ?? null
    this.room.presence.tell({ chosen: this.#chosen })
    if (!span) return
    this.#last = span.id
    this.#place = hull(span.content.ranges)[0]
    this.surface?.setSelected(null)
    if (show) this.surface?.scrollTo(this.#place)
    this.say(this.#wordsOf(span))
  }

  /** What the reader selected in the text. */
  select(selected: Selected | null): void {
    this.selected = selected
    this.room.presence.tell({ at: selected && seen(selected) })
    if (selected) this.#chosen = null
  }

  /** Nothing chosen, nothing selected; arrow keys go on from there. */
  clear(): void {
    this.#chosen = null
    this.surface?.setSelected(null)
    this.room.presence.tell({ chosen: null })
  }

  /** The next or previous of the listed spans, or null. */
  neighbour(by: 1 | -1): ShownSpan | null {
    const { listed } = this
    const at = this.span ? listed.indexOf(this.span) : -1
    if (at >= 0) return listed[at + by] ?? null
    const place = this.selected?.range[0] ?? this.#place ?? 0
    const starts = (span: ShownSpan) => hull(span.content.ranges)[0]
    return (by > 0 ? listed.find((s) => starts(s) >= place) : listed.findLast((s) => starts(s) < place)) ?? null
  }

  /** The first span inside the chosen one, or null. */
  get inner(): ShownSpan | null {
    const { span } = this
    return span && (this.room.annotations.spans.find((other) => this.#parents.get(other.id) === span) ?? null)
  }

  /** The spans that lie in the chosen one with nothing between. */
  get held(): readonly ShownSpan[] {
    const { span } = this
    return span ? this.room.annotations.spans.filter((other) => this.#parents.get(other.id) === span) : []
  }

  /** Takes a key of the text that means a chosen span rather than words. True if it did. */
  takeKey(event: KeyboardEvent): boolean {
    const { code, ctrlKey, metaKey, altKey, shiftKey } = event
    if (ctrlKey || metaKey || altKey || this.selected || !code.startsWith('Arrow')) return false
    if (!this.span) return this.#takeUp()
    if (shiftKey) return this.#selectSpan()
    const target = this.#towards(code)
    if (target) this.choose(target.id, { show: true })
    return true
  }

  #towards(code: string): ShownSpan | null {
    if (code === 'ArrowUp') return this.around
    if (code === 'ArrowDown') return this.inner
    return this.neighbour(code === 'ArrowRight' ? 1 : -1)
  }

  /** Shift and an arrow at a chosen span: its words become the selection, which the arrow then extends. */
  #selectSpan(): false {
    if (this.span) this.surface?.setSelected(hull(this.span.content.ranges))
    return false
  }

  /** The first arrow after a span was left: the words go on from its place. */
  #takeUp(): boolean {
    if (this.#place === null) return false
    const place = this.#place
    this.#place = null
    this.surface?.setSelected(wordAt(this.room.text, place) ?? [place, place + 1])
    return this.surface !== null
  }

  // --- writing

  /** Puts a label on the selection, or on the chosen span in place of the one it has. */
  putLabel(label: string): void {
    if (this.barred) return this.say(this.barred)
    if (this.selected) this.#mark(label, this.selected.range)
    else if (this.span) this.#relabel(this.span, label)
    else this.say(t('editor.needSelection'))
  }

  #mark(label: string, range: Range): void {
    const known = this.room.annotations.spans.find((span) => isOn(span, label, range))
    const id = known?.id ?? this.room.newId()
    const content = { kind: 'span', ranges: [range], label, attributes: [] } as const
    if (!known && !this.#write(() => this.room.layer.add(content, { id }))) return
    if (!known) this.#made.add(id)
    this.#use(label)
    this.choose(id)
    const words = { code: this.codeOf(label), quote: shorten(this.room.text.slice(...range), 60) }
    this.say(known ? t('editor.said_already', words) : t('editor.said_made', words))
  }

  #relabel(span: ShownSpan, label: string): void {
    if (span.content.label === label) return this.say(this.#wordsOf(span))
    if (!this.#onAll(span, (id) => this.room.layer.setLabel(id, label))) return
    this.#use(label)
    this.say(t('editor.said_relabelled', { quote: this.quote(span.content), code: this.codeOf(label) }))
  }

  #use(label: string): void {
    this.recent = [label, ...this.recent.filter((other) => other !== label)]
  }

  /** Moves an edge of the chosen span, or of the selection. */
  moveEdge(edge: Edge, out: boolean, unit: Unit): void {
    const { span, selected } = this
    const ranges = span?.content.ranges ?? (selected ? [selected.range] : null)
    const next = ranges && moved(this.room.text, ranges, edge, out, unit)
    if (!next) return this.say(t(ranges ? 'editor.needRoom' : 'editor.needSpan'))
    if (span) this.setRanges(span.id, next)
    else this.surface?.setSelected(hull(next))
  }

  /** Gives a span other ranges. */
  setRanges(id: string, ranges: readonly Range[]): void {
    if (this.barred) return this.say(this.barred)
    const span = this.#spanOf(id)
    if (!span || !this.#onAll(span, (twin) => this.room.layer.setRanges(twin, ranges))) return
    this.surface?.scrollTo(hull(ranges)[0])
    this.say(t('editor.said_edges', { quote: this.quote({ ...span.content, ranges }) }))
  }

  /** Adds the selection to the span that was chosen last, as a further part. */
  addPart(): void {
    const { growing, selected } = this
    if (!growing || !selected) return this.say(t('editor.needBoth'))
    const ranges = withRange(growing.content.ranges, selected.range)
    if (!this.#onAll(growing, (id) => this.room.layer.setRanges(id, ranges))) return
    this.choose(growing.id)
    this.say(t('editor.said_part', { quote: shorten(this.room.text.slice(...selected.range), 60) }))
  }

  setAttribute(attribute: string, value: AttributeValue | null): boolean {
    const { span } = this
    return span !== null && this.#onAll(span, (id) => this.room.layer.setAttribute(id, attribute, value))
  }

  setUnsure(unsure: boolean): void {
    const { span } = this
    // a doubt may be told of what is approved, too
    const write = () => this.#writeOn(span!, (id) => this.room.layer.setUnsure(id, unsure))
    if (!span || this.#isBarred(this.barred) || !write()) return
    this.say(t(unsure ? 'editor.said_unsure' : 'editor.said_sure', { quote: this.quote(span.content) }))
  }

  /** Removes the chosen span: a reviewer all twins, an annotator the one of their own. */
  remove(): void {
    const { span } = this
    if (!span) return this.say(t('editor.needSpan'))
    if (this.#isBarred(this.barred ?? this.#lockOf(span))) return
    const own = span.twins.find((id) => this.#made.has(id)) ?? span.id
    const ids = can(this.room.article.role, 'removeAny') ? span.twins : [own]
    if (!this.#write(() => this.room.layer.act(() => ids.forEach((id) => this.room.layer.setGone(id, true))))) return
    this.say(t('editor.said_removed', { quote: this.quote(span.content) }))
  }

  undo(): void {
    const done = this.room.undo.undo()
    this.room.acts++
    if (!done) return this.say(t('editor.said_nothing'))
    this.#after(done, done.left.length > 0 ? t('editor.said_left') : t('editor.said_undone', { what: this.what(done) }))
  }

  redo(): void {
    const done = this.room.undo.redo()
    this.room.acts++
    if (!done) return this.say(t('editor.said_nothingAgain'))
    this.#after(done, done.left.length > 0 ? t('editor.said_left') : t('editor.said_redone', { what: this.what(done) }))
  }

  #after({ annotations }: Step, words: string): void {
    const span = this.#spanOf(annotations[0] ?? null)
    this.choose(span?.id ?? null, { show: true })
    this.say(words)
  }

  /** Writes on a span and all its twins in one act, unless something stands against it. */
  #onAll(span: ShownSpan, write: (id: string) => void): boolean {
    return !this.#isBarred(this.barred ?? this.#lockOf(span)) && this.#writeOn(span, write)
  }

  /** Says what stands against an act. True if something does. */
  #isBarred(reason: string | null): boolean {
    if (reason !== null) this.say(reason)
    return reason !== null
  }

  #writeOn(span: ShownSpan, write: (id: string) => void): boolean {
    return this.#write(() => this.room.layer.act(() => span.twins.forEach(write)))
  }

  #write(act: () => void): boolean {
    try {
      act()
      this.problem = null
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
      return false
    }
  }

  // --- what others do

  /** Keeps to the chosen span when it is folded into its twin, and lets go of it when it is removed. */
  #follow(changed: readonly string[]): void {
    if (this.#chosen === null || !changed.includes(this.#chosen)) return
    const shown = this.room.annotations.byId.get(this.#chosen)
    this.#chosen = !shown || shown.state === 'gone' ? null : (shown.twins[0] ?? null)
    if (this.#chosen === null) this.room.presence.tell({ chosen: null })
  }

  override showRemote(changed: ReadonlySet<string>): void {
    super.showRemote(changed)
    const { span } = this
    if (!span || !changed.has(span.id)) return
    const name = this.changerOf(span.id)?.name ?? t('editor.said_somebody')
    this.say(t('editor.said_changed', { name, quote: this.quote(span.content) }))
  }

  #spanOf(id: string | null): ShownSpan | null {
    const span = this.spanAt(id)
    return span?.state === 'gone' ? null : span
  }

  #wordsOf(span: ShownSpan): string {
    const state = t(`states.${span.state}`)
    const [place, all] = [this.listed.indexOf(span) + 1, this.listed.length]
    return t('editor.said_chosen', {
      code: this.codeOf(span.content.label),
      quote: this.quote(span.content),
      state,
      place,
      all,
    })
  }
}

const isOn = ({ content }: ShownSpan, label: string, [start, end]: Range): boolean =>
  content.label === label &&
  content.ranges.length === 1 &&
  content.ranges[0]![0] === start &&
  content.ranges[0]![1] === end
