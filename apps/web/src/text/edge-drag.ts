import { hull, type Range } from '@tamga/model'
import type { Mark } from './mark.ts'
import type { Points } from './points.ts'
import { selectedOf } from './selected.ts'

interface Ground {
  readonly text: string
  readonly points: Points
  readonly chosen: () => Mark | undefined
  /** Shows what the range would become, null when the drag ends. */
  readonly preview: (range: Range | null) => void
  readonly moved: (mark: Mark, ranges: readonly Range[]) => void
}

/** Ranges with one outer edge moved; a range that the edge passes goes. Null if nothing is left or nothing changed. */
export function withEdge(ranges: readonly Range[], edge: 'start' | 'end', to: Range): readonly Range[] | null {
  const [from, until] = hull(ranges)
  const [start, end] = edge === 'start' ? [to[0], until] : [from, to[1]]
  if (start >= end || (start === from && end === until)) return null
  const kept = ranges
    .map(([s, e]): Range => [s === from || s < start ? start : s, e === until || e > end ? end : e])
    .filter(([s, e]) => s < e && s >= start && e <= end)
  return kept.length > 0 ? kept : null
}

/** Moves an edge of the chosen mark by its handle. Edges snap as a selection does; with Alt they stand where they are. */
export class EdgeDrag {
  readonly #host: HTMLElement
  readonly #ground: Ground
  readonly #listening = new AbortController()
  #edge: 'start' | 'end' | null = null
  #to: Range | null = null

  constructor(host: HTMLElement, ground: Ground) {
    this.#host = host
    this.#ground = ground
    const { signal } = this.#listening
    host.addEventListener('pointerdown', this.#begin, { signal })
    host.addEventListener('mousedown', (event) => edgeOf(event.target) && event.preventDefault(), { signal })
    document.addEventListener('pointermove', this.#move, { signal })
    document.addEventListener('pointerup', this.#end, { signal })
    document.addEventListener('pointercancel', this.#cancel, { signal })
  }

  dispose(): void {
    this.#listening.abort()
  }

  #begin = (event: PointerEvent): void => {
    const edge = event.button === 0 ? edgeOf(event.target) : null
    if (!edge || !this.#host.contains(event.target as Node)) return
    this.#edge = edge
    this.#to = null
  }

  #move = (event: PointerEvent): void => {
    const mark = this.#edge && this.#ground.chosen()
    const at = mark && this.#ground.points.gapAt(event.clientX, event.clientY)
    if (!mark || at === null || at === undefined) return
    const [start, end] = hull(mark.ranges)
    const wanted: Range = this.#edge === 'start' ? [Math.min(at, end - 1), end] : [start, Math.max(at, start + 1)]
    this.#to = selectedOf(this.#ground.text, ...wanted, event.altKey)?.range ?? null
    this.#ground.preview(this.#to)
  }

  #end = (): void => {
    const mark = this.#edge && this.#ground.chosen()
    const ranges = mark && this.#edge && this.#to ? withEdge(mark.ranges, this.#edge, this.#to) : null
    if (this.#edge) this.#swallowClick()
    this.#cancel()
    if (mark && ranges) this.#ground.moved(mark, ranges)
  }

  /** Letting go of a handle over the text is no click on the text. */
  #swallowClick(): void {
    const done = new AbortController()
    const swallow = (event: Event) => event.stopPropagation()
    this.#host.addEventListener('click', swallow, { capture: true, signal: done.signal })
    setTimeout(() => done.abort(), 0)
  }

  #cancel = (): void => {
    if (!this.#edge) return
    this.#edge = null
    this.#to = null
    this.#ground.preview(null)
  }
}

function edgeOf(target: EventTarget | null): 'start' | 'end' | null {
  const handle = target instanceof Element ? target.closest('.handle') : null
  return handle ? (handle.classList.contains('start') ? 'start' : 'end') : null
}
