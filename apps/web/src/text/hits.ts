import { segmentOf } from './block-view.ts'
import { rowAt, type Density } from './geometry.ts'
import type { Place, Segment } from './segments.ts'

/** The marks under a point of the screen, those that a click means first. */
export interface Hit {
  readonly on: 'rail' | 'text'
  /** On the text from the innermost outwards; on a rail that mark, then outwards, then what it holds. */
  readonly ids: readonly string[]
}

/**
 * What a point of the screen means. Under its own line box a rail belongs to the box of the next line, so the topmost
 * element says nothing: all elements at the point are asked whether one of their fragments has a rail there.
 */
export function hitAt(host: HTMLElement, density: Density, x: number, y: number): Hit | null {
  let text: Hit | null = null
  for (const element of document.elementsFromPoint(x, y)) {
    const segment = segmentOf(element)
    if (!segment || !host.contains(element)) continue
    const hit = hitIn(segment, upFrom(element, x, y), density)
    if (hit?.on === 'rail') return hit
    text ??= hit
  }
  return text
}

function hitIn(segment: Segment, up: number | null, density: Density): Hit | null {
  if (up === null) return null
  const row = rowAt(density, up, Math.max(...segment.places.map((place) => place.row)))
  if (row === null) return onText(segment.places)
  const at = segment.places.findIndex((place) => place.row === row)
  return at < 0 ? null : { on: 'rail', ids: outwardsFrom(segment.places, at) }
}

function onText(places: readonly Place[]): Hit | null {
  const ids = places.filter(({ gap }) => !gap).map(({ mark }) => mark.id)
  return ids.length > 0 ? { on: 'text', ids } : null
}

const outwardsFrom = (places: readonly Place[], at: number): string[] =>
  [...places.slice(at), ...places.slice(0, at).reverse()].map(({ mark }) => mark.id)

/** How far a point lies above the lower edge of the fragment of an element that holds it, px; null if none does. */
function upFrom(element: Element, x: number, y: number): number | null {
  for (const box of element.getClientRects())
    if (box.left <= x && x < box.right && box.top <= y && y < box.bottom) return box.bottom - y
  return null
}

/** What a further click on the same place means: the next mark outwards, after the last one none, then again the first. */
export function further(hit: Hit, chosen: string | null): string | null {
  const at = chosen === null ? -1 : hit.ids.indexOf(chosen)
  return hit.ids[at + 1] ?? null
}
