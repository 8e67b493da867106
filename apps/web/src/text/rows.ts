import { hull, overlaps, type Range } from '@tamga/model'
import { fromInside, type Mark } from './mark.ts'

/** More levels than this share the last row. */
export const ROWS = 8

/**
 * The row of each mark of a nest by its id, 0 next to the text: the shortest first, each in the lowest row that is free
 * over its whole hull. So the innermost is next to the text and a mark keeps one row over all its lines.
 */
export function rowsOf(marks: readonly Mark[]): Map<string, number> {
  const rows = new Map<string, number>()
  const taken: Range[][] = []
  for (const mark of [...marks].sort(fromInside)) {
    const place = hull(mark.ranges)
    let row = taken.findIndex((held) => !held.some((range) => overlaps(range, place)))
    if (row < 0) row = Math.min(taken.length, ROWS - 1)
    ;(taken[row] ??= []).push(place)
    rows.set(mark.id, row)
  }
  return rows
}

/** How many rows a nest takes. */
export const depthOf = (rows: ReadonlyMap<string, number>): number =>
  Math.max(0, ...[...rows.values()].map((r) => r + 1))
