import type { LayerDoc } from '@tamga/collab'
import { approvalsOf, byPosition, digestOf, hull, isUndecided, stateOf } from '@tamga/model'
import type { Annotation, Content, Range, SpanContent, State } from '@tamga/model'
import { SvelteMap } from 'svelte/reactivity'
import type { StatedRuling } from './article.ts'
import type { Mark } from './mark.ts'

/** One annotation as pages show it: what it says now, and how it stands. */
export interface Shown {
  readonly id: string
  readonly content: Content
  readonly unsure: boolean
  /** Of exactly this content: a decision carries it. */
  readonly digest: string
  readonly state: State
  /** It carries an edit of this tab that is not in the server's database yet. */
  readonly pending: boolean
  /** The ids of equal annotations, its own among them, the smallest first: that one stands for all. */
  readonly twins: readonly string[]
  /** All decisions on it and its twins, in order, those on earlier digests too. */
  readonly rulings: readonly StatedRuling[]
  /** Approvals of this digest, and how many make it gold. */
  readonly approvals: readonly [given: number, needed: number]
}

export type ShownSpan = Shown & { readonly content: SpanContent }
export const isSpanShown = (shown: Shown): shown is ShownSpan => shown.content.kind === 'span'
/** True if it stands for itself and for its twins: these are listed and drawn, the others are folded into them. */
export const isFirstTwin = (shown: Shown): boolean => shown.twins[0] === shown.id

/** Orders spans as they are read: by where they begin, the outer before the inner. */
export const inReadingOrder = (a: ShownSpan, b: ShownSpan): number =>
  byPosition(hull(a.content.ranges), hull(b.content.ranges)) || (a.id < b.id ? -1 : 1)

/** What the states of annotations depend on beside the layer. */
export interface Circumstances {
  readonly text: string
  readonly quorum: number
  /** May an own approval count? */
  readonly ownApproval: boolean
  readonly rulingsOf: (annotation: string) => readonly StatedRuling[]
  readonly isPending: (annotation: string) => boolean
}

interface Known {
  readonly annotation: Annotation
  readonly digest: string
}

/**
 * A copy of a layer for reading: one entry an annotation, gone ones included, patched by what changed, so that a reader
 * of one entry wakes only when that one changes.
 */
export class Annotations {
  readonly byId = new SvelteMap<string, Shown>()
  /** Spans as they are listed: in reading order, outer before inner, without gone ones and folded twins. */
  readonly spans: readonly ShownSpan[] = $derived(
    [...this.byId.values()]
      .filter(isSpanShown)
      .filter((shown) => shown.state !== 'gone' && isFirstTwin(shown))
      .sort(inReadingOrder),
  )
  /** What waits for a reviewer, in the same order. */
  readonly undecided: readonly ShownSpan[] = $derived(this.spans.filter((shown) => isUndecided(shown.state)))
  readonly #circumstances: () => Circumstances
  readonly #known = new Map<string, Known>()
  readonly #byDigest = new Map<string, Set<string>>()
  readonly #listeners = new Set<(changed: readonly string[]) => void>()
  #layer: LayerDoc | null = null
  #detach = () => {}

  constructor(circumstances: () => Circumstances) {
    this.#circumstances = circumstances
  }

  /** Follows a layer from now on, in place of the one before. */
  attach(layer: LayerDoc): void {
    this.#detach()
    this.#layer = layer
    const before = [...this.#known.keys()]
    this.#detach = layer.observe((ids) => this.#read(ids))
    this.#read(new Set([...before, ...layer.snapshot().annotations.map(({ id }) => id)]))
  }

  dispose(): void {
    this.#detach()
    this.#listeners.clear()
  }

  /** Reckons the states of some annotations anew (all, if none are named): a decision came, an edit became durable. */
  refresh(ids: Iterable<string> = this.#known.keys()): void {
    const touched = new Set<string>()
    for (const id of ids) for (const twin of this.#twinsOf(id)) touched.add(twin)
    this.#show(touched)
  }

  /** Calls back after each batch with the annotations whose entries changed or went. Returns what ends it. */
  observe(listener: (changed: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The twins of an annotation, itself among them; nothing for one that is not there. */
  twinsOf(id: string): readonly string[] {
    return this.byId.get(id)?.twins ?? []
  }

  /** True as soon as no edit of these is pending; false if one still is after `patience` ms. */
  durable(ids: readonly string[], patience: number): Promise<boolean> {
    const isPending = () => ids.some((id) => this.byId.get(id)?.pending)
    if (!isPending()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (durable: boolean) => {
        stop()
        clearTimeout(timer)
        resolve(durable)
      }
      const stop = this.observe(() => isPending() || end(true))
      const timer = setTimeout(() => end(false), patience)
    })
  }

  #read(ids: ReadonlySet<string>): void {
    const touched = new Set<string>()
    for (const id of ids) {
      for (const twin of this.#twinsOf(id)) touched.add(twin)
      this.#replace(id, this.#layer?.read(id) ?? null)
      for (const twin of this.#twinsOf(id)) touched.add(twin)
      touched.add(id)
    }
    this.#show(touched)
  }

  #replace(id: string, annotation: Annotation | null): void {
    const before = this.#known.get(id)
    if (before) this.#byDigest.get(before.digest)?.delete(id)
    this.#known.delete(id)
    if (!annotation) return
    const digest = digestOf(annotation.content, this.#circumstances().text)
    this.#known.set(id, { annotation, digest })
    if (annotation.gone) return
    const group = this.#byDigest.get(digest)
    if (group) group.add(id)
    else this.#byDigest.set(digest, new Set([id]))
  }

  #twinsOf(id: string): readonly string[] {
    const known = this.#known.get(id)
    if (!known) return []
    const group = this.#byDigest.get(known.digest)
    return group?.has(id) ? [...group].sort() : [id]
  }

  #show(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return
    const circumstances = this.#circumstances()
    for (const id of ids) {
      const known = this.#known.get(id)
      if (known) this.byId.set(id, shownOf(known, this.#twinsOf(id), circumstances))
      else this.byId.delete(id)
    }
    const changed = [...ids]
    for (const listener of this.#listeners) listener(changed)
  }
}

function shownOf({ annotation, digest }: Known, twins: readonly string[], at: Circumstances): Shown {
  const { id, content, unsure, gone } = annotation
  const rulings = twins.flatMap((twin) => at.rulingsOf(twin)).sort((a, b) => a.order - b.order)
  const { quorum, ownApproval } = at
  const decided = { digest, rulings, ownApproval }
  const state = stateOf({ ...decided, gone, quorum })
  const pending = at.isPending(id)
  const approvals = [approvalsOf(decided), quorum] as const
  return { id, content, unsure, digest, state, pending, twins, rulings, approvals }
}

/** The mark of a span for the surface, or null for what is not drawn: gone, folded into a twin, no span. */
export function markOf(shown: Shown | undefined): Mark | null {
  if (!shown || !isSpanShown(shown) || shown.state === 'gone' || !isFirstTwin(shown)) return null
  const { id, content, state, pending, unsure, twins, approvals } = shown
  return {
    id,
    ranges: content.ranges,
    label: content.label,
    state,
    pending,
    unsure,
    supporters: twins.length,
    approvals,
  }
}

/** The span that holds this one most closely, or null. Equal hulls nest by the list's order. */
export function parentOf(span: ShownSpan, spans: readonly ShownSpan[]): ShownSpan | null {
  const [start, end] = hull(span.content.ranges)
  const at = spans.indexOf(span)
  let best: { span: ShownSpan; size: number } | null = null
  for (const [i, other] of spans.entries()) {
    const [from, to] = hull(other.content.ranges)
    if (other === span || from > start || to < end || (from === start && to === end && i > at)) continue
    if (!best || to - from <= best.size) best = { span: other, size: to - from }
  }
  return best?.span ?? null
}

/** The span that holds each span most closely, by id; absent for the outermost. The list must be in reading order. */
export function parentsOf(spans: readonly ShownSpan[]): ReadonlyMap<string, ShownSpan> {
  const parents = new Map<string, ShownSpan>()
  let open: { span: ShownSpan; hull: Range }[] = []
  for (const span of spans) {
    const [start, end] = hull(span.content.ranges)
    open = open.filter((other) => other.hull[1] > start)
    const around = open.filter((other) => other.hull[1] >= end)
    const closest = around.reduce<(typeof around)[0] | null>(
      (best, one) => (best && size(best) < size(one) ? best : one),
      null,
    )
    if (closest) parents.set(span.id, closest.span)
    open.push({ span, hull: [start, end] })
  }
  return parents
}

const size = (one: { hull: Range }) => one.hull[1] - one.hull[0]

/** How deep each span lies in others, by id: 0 for the outermost. The list must be in reading order. */
export function depthsOf(spans: readonly ShownSpan[]): ReadonlyMap<string, number> {
  const parents = parentsOf(spans)
  const depths = new Map<string, number>()
  for (const { id } of spans) {
    const parent = parents.get(id)
    depths.set(id, parent ? (depths.get(parent.id) ?? 0) + 1 : 0)
  }
  return depths
}
