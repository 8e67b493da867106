import * as Y from 'yjs'
import { liveLimits } from './limits.ts'

/** Clocks of one client: `[clock, clock + len)`. */
export interface ClockRange {
  readonly clock: number
  readonly len: number
}

/** Counts what is visited, so that a test can bound the work of a frame by steps. */
export interface Work {
  steps: number
}

/**
 * The same clocks as ranges in order that neither touch nor overlap; null if there are too many to be sorted. Yjs writes
 * them in order, so that they are only read once here.
 */
export function mergeRanges(ranges: readonly ClockRange[], work: Work): ClockRange[] | null {
  work.steps += ranges.length
  const isSorted = ranges.every(({ clock }, i) => i === 0 || ranges[i - 1]!.clock <= clock)
  if (!isSorted && ranges.length > liveLimits.unsortedRanges) return null
  const merged: { clock: number; len: number }[] = []
  for (const { clock, len } of isSorted ? ranges : [...ranges].sort((a, b) => a.clock - b.clock)) {
    if (len === 0) continue
    const last = merged.at(-1)
    if (last && clock <= last.clock + last.len) last.len = Math.max(last.len, clock + len - last.clock)
    else merged.push({ clock, len })
  }
  return merged
}

type Stored = readonly (Y.Item | Y.GC)[]

/**
 * Of these ranges (merged, in order), what stands in a client's structs and is not deleted yet: a range for each value. It
 * stops behind `most` of them. Visits each struct at most once.
 */
export function livingIn(structs: Stored, ranges: readonly ClockRange[], most: number, work: Work): ClockRange[] {
  const last = structs.at(-1)
  const living: ClockRange[] = []
  if (!last) return living
  const end = last.id.clock + last.length
  for (const { clock, len } of ranges) {
    if (clock >= end) break
    for (let i = Y.findIndexSS(structs as (Y.Item | Y.GC)[], clock); i < structs.length; i++) {
      const { id, length, deleted } = structs[i]!
      if (id.clock >= clock + len) break
      work.steps++
      if (deleted) continue
      const from = Math.max(clock, id.clock)
      living.push({ clock: from, len: Math.min(clock + len, id.clock + length) - from })
      if (living.length > most) return living
    }
  }
  return living
}
