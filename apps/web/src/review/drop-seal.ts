import { hull, type Range } from '@tamga/model'
import type { Density } from '../text/geometry.ts'
import type { Surface } from '../text/Surface.ts'

// The centre of the innermost rail under the letters, and from rail to rail, px.
const RAIL = 4
const PITCH: Readonly<Record<Density, number>> = { gloss: 9, rails: 5, bare: 0 }

/**
 * Lets a seal drop on the end of a span: for 120 ms, over the seal that the text itself has drawn there. `layer` is a
 * positioned element that scrolls with the text.
 */
export function dropSeal(surface: Surface, layer: HTMLElement, id: string, ranges: readonly Range[]): void {
  if (surface.density === 'bare') return
  const [, end] = hull(ranges)
  const box = surface.rects([end - 1, end]).at(-1)
  if (!box) return
  const origin = layer.getBoundingClientRect()
  const row = Math.max(0, surface.idsAt(end - 1).indexOf(id))
  const seal = document.createElement('i')
  seal.className = 'seal-drop'
  seal.style.left = `${box.right - origin.left - RAIL}px`
  seal.style.top = `${box.bottom - origin.top + RAIL + PITCH[surface.density] * row}px`
  layer.append(seal)
  seal.onanimationend = () => seal.remove()
  // Where nothing may move there is no animation to end.
  setTimeout(() => seal.remove(), 400)
}
