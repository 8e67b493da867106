import type { Range } from '@tamga/model'
import type { Mark } from './mark.ts'

/** For tests: marks from a picture, one letter a mark; its runs are the mark's ranges. Label and id are the letter. */
export function marksFrom(lines: readonly string[], fields: Partial<Mark> = {}): Mark[] {
  const ranges = new Map<string, Range[]>()
  for (const line of lines)
    for (const { 0: run, index } of line.matchAll(/([a-z])\1*/g)) {
      const letter = run.charAt(0)
      ranges.set(letter, [...(ranges.get(letter) ?? []), [index, index + run.length]])
    }
  return [...ranges].map(([id, found]) => ({ id, label: id, state: 'open', ranges: found, ...fields }))
}
