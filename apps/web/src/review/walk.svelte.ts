import {
  can,
  covers,
  digestOf,
  hull,
  isUndecided,
  type Content,
  type Range,
  type Reason,
  type SpanContent,
} from '@tamga/model'
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { t } from '../i18n/index.svelte.ts'
import { Act } from '../runes/resource.svelte.ts'
import { inReadingOrder, isSpanShown, parentOf, type ShownSpan } from '../text/annotations.svelte.ts'
import { Reading } from '../text/reading.svelte.ts'
import type { Room } from '../text/room.svelte.ts'
import type { Selected } from '../text/selected.ts'
import { addMissed, amend, decide, signOff, takeBack, type Decision, type Refused } from './acts.ts'
import { Amendment } from './amendment.svelte.ts'
import { sentenceOf } from './changes.ts'
import { glide } from './glide.ts'
import { MyDecisions } from './my-decisions.svelte.ts'
import { Past } from './past.svelte.ts'
import { nextStop, queueOf, type Stop } from './queue.ts'

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
export class Walk extends Reading {
  readonly past: Past
  readonly decisions: MyDecisions
  /** What scrolls the text; it takes the focus between decisions. */
  stage = $state.raw<HTMLElement | null>(null)
  mode = $state<Mode>('look')
  /** The correction as it stands, while one is made. */
  amendment = $state.raw<Amendment | null>(null)
  selected = $state.raw<Selected | null>(null)
  /** What is being sent: further decisions wait. */
  readonly act = new Act()
  moved = $state.raw<Moved | null>(null)
  showsPast = $state(false)
  #current = $state<string | null>(null)
  #later = $state.raw<readonly string[]>([])
  #trail: string[] = []
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
    return removed.length === 0 ? spans : [...spans, ...removed].sort(inReadingOrder)
  })
  readonly stops: readonly Stop[] = $derived.by(() =>
    this.spans.map((span) => ({ id: span.id, state: span.state, mine: this.decisions.has(span) })),
  )
  readonly queue: readonly string[] = $derived.by(() => queueOf(this.stops, this.#later))
  readonly span: ShownSpan | null = $derived.by(() => this.spanAt(this.#current))
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

  constructor(room: Room, me: string) {
    super(room)
    this.past = new Past(room.article.id)
    this.decisions = new MyDecisions(room, me)
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
    while (id !== undefined && (id === this.#current || !this.spanAt(id))) id = this.#trail.pop()
    if (id === undefined) return this.say(t('review.said_first'))
    this.#arrive(id)
  }

  /** A decision is never taken away: goes to my last one, so that another takes its place. */
  undo(): void {
    const { last } = this.decisions
    if (last === null) return
    this.go(last)
    this.say(`${t('review.said_undo')} ${this.said}`)
  }

  #arrive(id: string | null): void {
    const span = this.spanAt(id)
    this.#current = span?.id ?? null
    this.#leaveMode()
    this.act.problem = null
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
    await this.#sendOf(span, async () => {
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
      this.#refused.delete(id)
      this.#later = this.#later.filter((other) => other !== id)
      this.decisions.add(id, digest)
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

  /** One act at a time. A press right after the span changed was meant for what stood there before. */
  async #send(act: () => Promise<void>): Promise<void> {
    if (!this.act.busy && performance.now() - this.#movedAt < GLANCE)
      return this.say(this.span ? t('review.said_glance') : this.#endInWords())
    await this.act.run(act)
  }

  /** Waits first until what I changed of the span myself is stored: the server decides about that. */
  #sendOf(span: ShownSpan, act: () => Promise<void>): Promise<void> {
    return this.#send(async () => {
      if (await this.room.annotations.durable(span.twins, PATIENCE)) await act()
      else this.say(t('review.said_unsaved'))
    })
  }

  // --- correcting

  startAmending(): void {
    if (!this.shown) return
    this.amendment = new Amendment(this, this.shown)
    this.mode = 'amend'
    this.say(t('review.said_amend'))
  }

  /** Gives the correction other ranges; begins one if none is being made. */
  setRanges(ranges: readonly Range[]): void {
    if (this.mode !== 'amend') this.startAmending()
    this.amendment?.setRanges(ranges)
  }

  /** The label is the correction's, or of the words that everybody missed. */
  putLabel(label: string): Promise<void> | void {
    return this.mode === 'miss' ? this.#addMissed(label) : this.amendment?.setLabel(label)
  }

  async approveAmended(): Promise<void> {
    const { span, shown } = this
    const content = this.amendment?.content
    if (!span || !shown || !content) return
    if (this.#digest(content) === this.#digest(shown)) return this.approve()
    await this.#sendOf(span, async () => {
      const refused = await amend(this.article, span.id, shown, content)
      if (refused) return this.#take(refused)
      this.#done([[span.id, this.#digest(content)]])
      this.#onwards(t('review.said_amended', this.#named(content)))
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
    this.amendment = null
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
    for (const id of changed) this.decisions.confirm(id)
    if (this.#current === null || !changed.includes(this.#current)) return
    const shown = this.room.annotations.byId.get(this.#current)
    const first = shown?.twins[0]
    // It is folded into its twin: that one stands for both.
    if (first !== undefined && first !== this.#current) this.#current = first
    if (!this.act.busy) this.#notice()
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

  /** Asks what happened to the span in question, and so who changed it. */
  async #recall(): Promise<void> {
    const by = (await this.past.recall(this.span)) ? this.lastEditor : null
    if (by === null) return
    if (this.moved) this.moved = { ...this.moved, by }
    if (this.refused && this.refused.by === null) this.#refused.set(this.refused.annotation, { ...this.refused, by })
  }

  // --- what is meant

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
        !this.decisions.has(one) &&
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

/** Removed while it was approved: its last decision on this very content is an approval. */
function wasRemoved({ state, digest, rulings }: ShownSpan): boolean {
  const last = rulings.findLast((ruling) => ruling.digest === digest)
  return state === 'gone' && last !== undefined && last.verdict !== 'reject'
}
