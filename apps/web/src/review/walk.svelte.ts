import { attributesOf, byPosition, can, choosable, covers, digestOf, hull, isUndecided, labelById } from '@tamga/model'
import {
  Problem,
  withAttribute,
  type AttributeValue,
  type Content,
  type Label,
  type Range,
  type Reason,
} from '@tamga/model'
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { moved, type Edge, type Unit } from '../editor/edges.ts'
import { t } from '../i18n/index.svelte.ts'
import { isSpanShown, parentOf, type ShownSpan } from '../text/annotations.svelte.ts'
import { quoteOf } from '../text/quote.ts'
import type { Room } from '../text/room.svelte.ts'
import type { Selected } from '../text/selected.ts'
import type { Surface } from '../text/Surface.ts'
import { addMissed, amend, decide, signOff, takeBack, type Decision, type Refused } from './acts.ts'
import { sentenceOf } from './changes.ts'
import { glide } from './glide.ts'
import { Past } from './past.svelte.ts'
import { nextStop, queueOf, type Stop } from './queue.ts'

export type SpanContent = Extract<Content, { kind: 'span' }>

/** What the keys mean: decide, say why not, correct, or add what was missed. */
export type Mode = 'look' | 'why' | 'amend' | 'miss'

/** Somebody changed the span in question under the reviewer's eyes. */
interface Moved {
  readonly before: Content
  readonly after: Content | null
  readonly by: string | null
}

// A press that comes sooner after a change of the span was meant for what stood there before.
const GLANCE = 800
// An edit of one's own that is not acknowledged for so long is not waited for.
const PATIENCE = 6000

/** A reviewer's walk through an article: the span in question, the way to the next, and the decisions. */
export class Walk {
  readonly room: Room
  readonly me: string
  readonly past: Past
  surface = $state.raw<Surface | null>(null)
  /** What scrolls the text; it takes the focus between decisions. */
  stage = $state.raw<HTMLElement | null>(null)
  mode = $state<Mode>('look')
  /** The correction as it stands, while one is made. */
  draft = $state.raw<SpanContent | null>(null)
  selected = $state.raw<Selected | null>(null)
  /** Something is being sent: further decisions wait. */
  busy = $state(false)
  problem = $state.raw<Problem | null>(null)
  /** The last thing that happened, in words, for those who hear the page. */
  said = $state('')
  moved = $state.raw<Moved | null>(null)
  showsPast = $state(false)
  /** The span whose seal has just dropped by my own approval. */
  sealed = $state<string | null>(null)
  #current = $state<string | null>(null)
  #later = $state.raw<readonly string[]>([])
  #trail: string[] = []
  // What was decided here, until its fact has come: by annotation, the digest.
  readonly #decided = new SvelteMap<string, string>()
  readonly #refused = new SvelteMap<string, Refused>()
  // Spans that were removed after their approval, and that I have left so.
  readonly #left = new SvelteSet<string>()
  #seen: { readonly id: string; readonly content: Content; readonly digest: string } | null = null
  #movedAt = -Infinity
  readonly #stop: () => void

  /** All spans in reading order, with those that were removed after they had been approved. */
  readonly spans: readonly ShownSpan[] = $derived.by(() => {
    const { byId, spans } = this.room.annotations
    const removed = [...byId.values()]
      .filter(isSpanShown)
      .filter((span) => wasRemoved(span) && !this.#left.has(span.id))
    return removed.length === 0 ? spans : [...spans, ...removed].sort(inText)
  })
  readonly stops: readonly Stop[] = $derived.by(() =>
    this.spans.map((span) => ({ id: span.id, state: span.state, mine: this.#isMine(span) })),
  )
  readonly queue: readonly string[] = $derived.by(() => queueOf(this.stops, this.#later))
  readonly span: ShownSpan | null = $derived.by(() => this.#spanOf(this.#current))
  readonly refused: Refused | null = $derived.by(() => this.#refused.get(this.#current ?? '') ?? null)
  /** Exactly what a decision would be about: what is on the screen. */
  readonly shown: SpanContent | null = $derived.by(() => {
    const content = this.span?.content ?? null
    if (!this.refused || !content) return content
    // The refusal may know more than the room, which hears of it later.
    const isOld = this.#digest(content) === this.#digest(this.refused.shown)
    return isOld ? (this.refused.now as SpanContent | null) : content
  })
  /** Of exactly that: what the decision will be bound to. */
  readonly digest: string = $derived.by(() => (this.shown ? this.#digest(this.shown) : (this.span?.digest ?? '')))
  /** It was removed after it had been approved, or under the reviewer's eyes. */
  readonly isRemoved: boolean = $derived.by(() => this.span?.state === 'gone' || (this.refused !== null && !this.shown))
  /** What was decided last, if something else stands since: a reviewer sees both. */
  readonly before: Content | null = $derived.by(() =>
    this.span?.state === 'changed' ? this.past.decided(this.span.id) : null,
  )
  /** Who made it, and who made the same. */
  readonly makers = $derived.by(() => this.past.makersAmong(this.room.article.members))
  /** What of the nest of the span in question waits for me. */
  readonly nest: readonly ShownSpan[] = $derived.by(() => this.#nestOf(this.span))
  readonly counts = $derived.by(() => {
    const listed = this.room.annotations.spans
    const of = (state: string) => listed.filter((span) => span.state === state).length
    const waiting = listed.filter((span) => isUndecided(span.state)).length
    return { all: listed.length, waiting, approved: of('approved'), rejected: of('rejected') }
  })
  readonly labels: readonly Label[] = $derived.by(() => choosable(this.room.article.labelSet.set))

  constructor(room: Room, me: string) {
    this.room = room
    this.me = me
    this.past = new Past(room.article.id)
    this.#stop = room.annotations.observe((changed) => this.#follow(changed))
  }

  dispose(): void {
    this.#stop()
  }

  get current(): string | null {
    return this.#current
  }

  /** The name of who changed the span in question last; null as long as it is not known. */
  get lastEditor(): string | null {
    const { lastEditor } = this.past
    return lastEditor === null ? null : this.nameOf(lastEditor) || null
  }

  get mayDecide(): boolean {
    const { role, withdrawn } = this.room.article
    return can(role, 'decide') && withdrawn === null
  }

  get article(): string {
    return this.room.article.id
  }

  // --- words

  label(id: string): Label | undefined {
    return labelById(this.room.article.labelSet.set, id)
  }

  codeOf(label: string): string {
    return this.label(label)?.code ?? label
  }

  quote(content: Content, length = 60): string {
    return quoteOf(this.room.text, content, length)
  }

  nameOf(account: string): string {
    return this.room.article.members.find((member) => member.account === account)?.name ?? ''
  }

  say(words: string): void {
    // The same words twice are said twice only if something differs: a blank that nobody hears.
    this.said = this.said === words ? `${words}\u00a0` : words
  }

  // --- walking

  /** Begins at the first span that waits; called when the spans are there. */
  begin(): void {
    if (this.#current === null) this.#arrive(nextStop(this.stops, this.#later, null))
  }

  /** Goes to a span, or to the end of the walk (null). `back` brings here again. */
  go(id: string | null): void {
    if (this.#current !== null && this.#current !== id) this.#trail.push(this.#current)
    this.#arrive(id)
  }

  /** Puts the span off until the others are decided, and goes on. */
  later(): void {
    const id = this.#current
    if (id === null) return
    const next = nextStop(this.stops, this.#later, id)
    if (!next) return this.say(t(this.queue.includes(id) ? 'review.said_last' : 'review.said_end'))
    if (this.queue.includes(id)) this.#later = [...this.#later.filter((other) => other !== id), id]
    this.go(next)
  }

  /** Goes back to where the walk came from, decided or not: another decision there takes the place of the first. */
  back(): void {
    let id = this.#trail.pop()
    while (id !== undefined && (id === this.#current || !this.#spanOf(id))) id = this.#trail.pop()
    if (id === undefined) return this.say(t('review.said_first'))
    this.#arrive(id)
  }

  /** The span I decided last, if it is still there. */
  get lastDecided(): string | null {
    const mine = this.room.annotations.spans
      .flatMap(({ id, rulings }) => rulings.map((ruling) => ({ ...ruling, id })))
      .filter(({ account }) => account === this.me)
    return mine.length === 0 ? null : mine.reduce((a, b) => (a.order > b.order ? a : b)).id
  }

  /** A decision is never taken away: goes to my last one, so that another takes its place. */
  undo(): void {
    const { lastDecided } = this
    if (lastDecided === null) return
    this.go(lastDecided)
    this.say(`${t('review.said_undo')} ${this.said}`)
  }

  #arrive(id: string | null): void {
    const span = this.#spanOf(id)
    this.#current = span?.id ?? null
    this.#leaveMode()
    this.problem = null
    this.moved = null
    this.showsPast = false
    this.#see(span)
    // The press that decided the last span must not sign the article off.
    this.#movedAt = span ? -Infinity : performance.now()
    this.room.presence.tell({ chosen: this.#current })
    this.show()
    this.#takeFocus()
    this.say(span ? this.#wordsOf(span) : this.#endInWords())
    void this.#recall()
  }

  /** Brings the span in question into view. */
  show(): void {
    const { surface, stage, span } = this
    if (surface && stage && span) glide(stage, () => surface.scrollTo(hull(span.content.ranges)[0]))
  }

  /** The focus goes to the text, where the span in question is it: keys then decide, whatever was clicked last. */
  #takeFocus(): void {
    const { activeElement } = document
    if (activeElement === document.body || activeElement?.closest('[data-review]'))
      this.stage?.focus({ preventScroll: true })
  }

  #see(span: ShownSpan | null): void {
    this.#seen = span && { id: span.id, content: span.content, digest: span.digest }
  }

  // --- deciding

  approve(): Promise<void> {
    return this.#decide('approve', null)
  }

  reject(reason: Reason): Promise<void> {
    return this.#decide('reject', reason)
  }

  /** Asks why not; the answer rejects. */
  askWhy(): void {
    this.mode = 'why'
    this.say(t('review.said_why'))
  }

  async #decide(verdict: 'approve' | 'reject', reason: Reason | null): Promise<void> {
    const { span, shown } = this
    if (!span || !shown || this.isRemoved) return
    await this.#send(async () => {
      if (!(await this.#durable(span))) return this.say(t('review.said_unsaved'))
      const [refused] = await decide(this.article, [{ annotation: span.id, verdict, shown, reason }])
      if (refused) return this.#take(refused)
      this.#done([[span.id, this.#digest(shown)]])
      this.#onwards(t(`review.said_${verdict}`, this.#named(shown)))
    })
  }

  /** Approves all of the nest that waits for me; each is a decision of its own, and those that changed come back. */
  async approveNest(): Promise<void> {
    const nest = this.nest.filter((span) => !span.pending)
    await this.#send(async () => {
      const items = nest.map((span): Decision => {
        return { annotation: span.id, verdict: 'approve', shown: span.content, reason: null }
      })
      const refused = await decide(this.article, items)
      const failed = new Set(refused.map(({ annotation }) => annotation))
      this.#done(nest.filter(({ id }) => !failed.has(id)).map(({ id, digest }) => [id, digest]))
      for (const one of refused) this.#refused.set(one.annotation, one)
      const words = t('review.said_nest', { n: nest.length - failed.size })
      if (refused.length === 0) return this.#onwards(words)
      this.go(refused[0]!.annotation)
      this.say(`${words} ${t('review.said_nestRefused', { n: refused.length })}`)
    })
  }

  /** Leaves a span removed that had been approved. */
  leaveRemoved(): void {
    if (this.#current === null) return
    this.#left.add(this.#current)
    this.#refused.delete(this.#current)
    this.#onwards(t('review.said_left'))
  }

  /** Brings it back as it was: an edit in my name, which everybody can undo by another. */
  bringBack(): void {
    const { span } = this
    if (!span) return
    this.room.layer.setGone(span.id, false)
    this.#refused.delete(span.id)
    this.say(t('review.said_back', this.#named(span.content)))
  }

  #done(decided: readonly (readonly [id: string, digest: string])[]): void {
    for (const [id, digest] of decided) {
      this.#decided.set(id, digest)
      this.#refused.delete(id)
      this.#later = this.#later.filter((other) => other !== id)
      this.#confirm(id)
    }
  }

  #onwards(words: string): void {
    this.go(nextStop(this.stops, this.#later, this.#current))
    this.say(`${words} ${this.said}`)
  }

  /** A decision was not recorded: shows what stands and asks anew. */
  #take(refused: Refused): void {
    this.#refused.set(refused.annotation, refused)
    this.moved = null
    this.#leaveMode()
    this.say(sentenceOf('notRecorded', refused.shown, refused.now, refused.by))
    void this.#recall()
  }

  /** True as soon as nothing of this span waits for the server any more. */
  #durable(span: ShownSpan): Promise<boolean> {
    const isPending = () => span.twins.some((id) => this.room.annotations.byId.get(id)?.pending)
    if (!isPending()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (durable: boolean) => {
        stop()
        clearTimeout(timer)
        resolve(durable)
      }
      const stop = this.room.annotations.observe(() => isPending() || end(true))
      const timer = setTimeout(() => end(false), PATIENCE)
    })
  }

  /** One act at a time. A press right after the span changed was meant for what stood there before. */
  async #send(act: () => Promise<void>): Promise<void> {
    if (this.busy) return
    if (performance.now() - this.#movedAt < GLANCE)
      return this.say(this.span ? t('review.said_glance') : this.#endInWords())
    this.busy = true
    this.problem = null
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
    } finally {
      this.busy = false
    }
  }

  // --- correcting

  startAmending(): void {
    if (!this.shown) return
    this.draft = this.shown
    this.mode = 'amend'
    this.say(t('review.said_amend'))
  }

  moveEdge(edge: Edge, out: boolean, unit: Unit): void {
    const ranges = this.draft && moved(this.room.text, this.draft.ranges, edge, out, unit)
    if (ranges) this.setRanges(ranges)
    else this.say(t('review.said_noRoom'))
  }

  /** Gives the correction other ranges; begins one if none is being made. */
  setRanges(ranges: readonly Range[]): void {
    if (this.mode !== 'amend') this.startAmending()
    if (!this.draft) return
    this.draft = { ...this.draft, ranges }
    this.say(t('review.said_edges', { quote: this.quote(this.draft) }))
  }

  setAttribute(attribute: string, value: AttributeValue | null): void {
    if (this.draft) this.draft = { ...this.draft, attributes: withAttribute(this.draft.attributes, attribute, value) }
  }

  /** Attributes of the label that the correction has. */
  get attributes() {
    return this.draft ? attributesOf(this.room.article.labelSet.set, this.draft.label) : []
  }

  /** The label is the correction's, or of the words that everybody missed. */
  putLabel(label: string): Promise<void> | void {
    if (this.mode === 'miss') return this.#addMissed(label)
    if (!this.draft) return
    this.draft = { ...this.draft, label }
    this.say(t('review.said_label', { code: this.codeOf(label) }))
  }

  async approveAmended(): Promise<void> {
    const { span, shown, draft } = this
    if (!span || !shown || !draft) return
    if (this.#digest(draft) === this.#digest(shown)) return this.approve()
    await this.#send(async () => {
      if (!(await this.#durable(span))) return this.say(t('review.said_unsaved'))
      const refused = await amend(this.article, span.id, shown, draft)
      if (refused) return this.#take(refused)
      this.#done([[span.id, this.#digest(draft)]])
      this.#onwards(t('review.said_amended', this.#named(draft)))
    })
  }

  // --- what was missed

  startMissing(): void {
    this.mode = 'miss'
    this.surface?.host.focus({ preventScroll: true })
    this.say(t('review.said_miss'))
  }

  /** What the reviewer selected: words that somebody may have missed. */
  select(selected: Selected | null, settled: boolean): void {
    this.selected = selected
    if (selected && settled && this.mayDecide && (this.mode === 'look' || this.mode === 'why')) this.mode = 'miss'
  }

  async #addMissed(label: string): Promise<void> {
    const { selected } = this
    if (!selected) return this.say(t('review.said_miss'))
    const content: SpanContent = { kind: 'span', ranges: [selected.range], label, attributes: [] }
    const known = this.room.annotations.spans.find(({ digest }) => digest === this.#digest(content))
    if (known) return this.go(known.id)
    await this.#send(async () => {
      const id = this.room.newId()
      await addMissed(this.article, id, content)
      this.#done([[id, this.#digest(content)]])
      this.leave()
      this.say(t('review.said_missed', this.#named(content)))
    })
  }

  /** Leaves whatever was begun: reasons, a correction, a missed span. */
  leave(): void {
    this.#leaveMode()
    this.#takeFocus()
    if (this.span) this.say(this.#wordsOf(this.span))
  }

  #leaveMode(): void {
    this.mode = 'look'
    this.draft = null
    if (this.selected) this.surface?.setSelected(null)
  }

  // --- the end

  async signOff(): Promise<void> {
    await this.#send(async () => {
      await signOff(this.article)
      this.say(t('review.said_signedOff'))
    })
  }

  async takeBack(): Promise<void> {
    await this.#send(async () => {
      await takeBack(this.article)
      this.say(t('review.said_takenBack'))
    })
  }

  // --- what happens meanwhile

  #follow(changed: readonly string[]): void {
    for (const id of changed) this.#confirm(id)
    if (this.#current === null || !changed.includes(this.#current)) return
    const shown = this.room.annotations.byId.get(this.#current)
    const first = shown?.twins[0]
    // It is folded into its twin: that one stands for both.
    if (first !== undefined && first !== this.#current) this.#current = first
    if (!this.busy) this.#notice()
  }

  /** A decision of mine has come back as a fact: now, and not before, the seal drops. */
  #confirm(id: string): void {
    const shown = this.room.annotations.byId.get(id)
    if (!shown || this.#decided.get(id) !== shown.digest) return
    if (!shown.rulings.some(({ account, digest }) => account === this.me && digest === shown.digest)) return
    this.#decided.delete(id)
    if (shown.state === 'approved') this.sealed = id
  }

  /** Somebody changed the span in question: what is new is shown, and what was there before beside it. */
  #notice(): void {
    const { span } = this
    const seen = this.#seen
    if (!span || !seen || (seen.digest === span.digest && span.state !== 'gone')) return
    const before = this.moved?.before ?? seen.content
    this.#see(span)
    if (this.refused) return
    this.#movedAt = performance.now()
    if (this.mode === 'why') this.mode = 'look'
    this.moved = { before, after: span.state === 'gone' ? null : span.content, by: null }
    this.say(sentenceOf('justNow', before, this.moved.after, null))
    void this.#recall()
  }

  /** Shows what somebody else just changed, in their colour if it can be told. */
  showRemote(changed: ReadonlySet<string>): void {
    const others = [...this.room.presence.others.values()]
    for (const id of changed) {
      const person = this.room.presence.at(id) ?? (others.length === 1 ? others[0] : undefined)
      this.surface?.flash([id], person?.colour ?? 8)
    }
  }

  /** Asks what happened to the span in question, and so who changed it. */
  async #recall(): Promise<void> {
    const by = (await this.past.recall(this.span)) ? this.lastEditor : null
    if (by === null) return
    if (this.moved) this.moved = { ...this.moved, by }
    if (this.refused && this.refused.by === null) this.#refused.set(this.refused.annotation, { ...this.refused, by })
  }

  // --- what is meant

  #spanOf(id: string | null): ShownSpan | null {
    const shown = id === null ? undefined : this.room.annotations.byId.get(id)
    const first = shown && (this.room.annotations.byId.get(shown.twins[0] ?? shown.id) ?? shown)
    return first && isSpanShown(first) ? first : null
  }

  #isMine({ id, digest, rulings, state }: ShownSpan): boolean {
    if (state === 'gone') return false
    return this.#decided.get(id) === digest || rulings.some((one) => one.account === this.me && one.digest === digest)
  }

  #nestOf(span: ShownSpan | null): readonly ShownSpan[] {
    if (!span || span.state === 'gone') return []
    const { spans } = this.room.annotations
    let root = span
    for (let outer = parentOf(root, spans); outer; outer = parentOf(root, spans)) root = outer
    const whole = hull(root.content.ranges)
    return spans.filter(
      (one) =>
        covers(whole, hull(one.content.ranges)) &&
        isUndecided(one.state) &&
        one.state !== 'disputed' &&
        !this.#isMine(one) &&
        !this.#refused.has(one.id),
    )
  }

  #digest(content: Content): string {
    return digestOf(content, this.room.text)
  }

  #named(content: Content): { code: string; quote: string } {
    return { code: this.codeOf(content.label), quote: this.quote(content) }
  }

  #wordsOf(span: ShownSpan): string {
    const words = { ...this.#named(span.content), state: t(`states.${span.state}`) }
    return t('review.said_span', { ...words, n: this.queue.length })
  }

  #endInWords(): string {
    return t(this.counts.waiting > 0 ? 'review.othersTitle' : 'review.doneTitle')
  }
}

const inText = (a: ShownSpan, b: ShownSpan) =>
  byPosition(hull(a.content.ranges), hull(b.content.ranges)) || (a.id < b.id ? -1 : 1)

/** Removed while it was approved: its last decision on this very content is an approval. */
const wasRemoved = ({ state, digest, rulings }: ShownSpan): boolean =>
  state === 'gone' &&
  rulings.findLast((ruling) => ruling.digest === digest)?.verdict !== 'reject' &&
  rulings.some((ruling) => ruling.digest === digest)
