import { isGraphemeBoundary, nextGrapheme, previousGrapheme, snap } from '@tamga/language'
import type { Range } from '@tamga/model'
import type { WordWalk } from './word-walk.ts'

/** What the user has selected. Offsets in code units; the anchor stays where it is while the head moves. */
export interface Selected {
  readonly anchor: number
  readonly head: number
  /** Exact letters, as with Alt; else the selection snaps to letter runs and pairs of quotes. */
  readonly exact: boolean
  /** What a label would be put on. */
  readonly range: Range
}

/** A selection from two offsets, or null if there is nothing in it that could carry a label. */
export function selectedOf(text: string, anchor: number, head: number, exact: boolean): Selected | null {
  const [start, end] = anchor < head ? [anchor, head] : [head, anchor]
  const range = exact ? wholeCharacters(text, start, end) : snap(text, start, end)
  return range && { anchor, head, exact, range }
}

/** The same range with its edges moved out to whole characters, or null if it is empty. */
export function wholeCharacters(text: string, start: number, end: number): Range | null {
  const from = isGraphemeBoundary(text, start) ? start : previousGrapheme(text, start)
  const to = isGraphemeBoundary(text, end) ? end : nextGrapheme(text, end)
  return from < to ? [from, to] : null
}

export type Unit = 'word' | 'letter'

/** The selection after a step without Shift: the next or previous word, from `at` if nothing is selected yet. */
export function stepped(
  text: string,
  walk: WordWalk,
  selected: Selected | null,
  by: 1 | -1,
  at: number,
): Selected | null {
  const word = selected
    ? by > 0
      ? walk.from(selected.range[1])
      : walk.upTo(selected.range[0])
    : (walk.from(at) ?? walk.upTo(at))
  return word ? selectedOf(text, word[0], word[1], false) : selected
}

/** The selection after a step with Shift: its head goes on by a word, or by a letter and then exactly. */
export function extended(text: string, walk: WordWalk, selected: Selected, unit: Unit, by: 1 | -1): Selected {
  if (unit === 'letter') return byLetter(text, selected, by)
  const [anchor, start] = pivoted(walk, selected, by)
  // Where a pair of quotes would be cut in half, snapping gives the same range again: then by one more word.
  for (let head = start; ;) {
    const next = nextHead(walk, anchor, head, by)
    if (next === head) return selected
    const grown = selectedOf(text, anchor, next, selected.exact)
    if (grown && !isSame(grown.range, selected.range)) return grown
    head = next
  }
}

const isSame = (a: Range, b: Range) => a[0] === b[0] && a[1] === b[1]

/** Anchor and head as they are seen: on the edges of what a label would be put on. */
export const seen = ({ anchor, head, range }: Selected): Range => (anchor <= head ? range : [range[1], range[0]])

function byLetter(text: string, selected: Selected, by: 1 | -1): Selected {
  const [anchor, head] = seen(selected)
  const next =
    by > 0 ? (head < text.length ? nextGrapheme(text, head) : head) : head > 0 ? previousGrapheme(text, head) : head
  return selectedOf(text, anchor, next, true) ?? selected
}

/** A single word has no direction yet: it grows towards where the key points. */
function pivoted(walk: WordWalk, selected: Selected, by: 1 | -1): Range {
  const { range } = selected
  if (!walk.isWord(range)) return seen(selected)
  return by > 0 ? range : [range[1], range[0]]
}

function nextHead(walk: WordWalk, anchor: number, head: number, by: 1 | -1): number {
  if (by > 0) return head >= anchor ? (walk.from(head)?.[1] ?? head) : headAfterFirst(walk, anchor, head)
  return head <= anchor ? (walk.upTo(head)?.[0] ?? head) : headBeforeLast(walk, anchor, head)
}

/** Shrinking from the right: the last word goes, the one at the anchor stays. */
function headBeforeLast(walk: WordWalk, anchor: number, head: number): number {
  const last = walk.upTo(head)
  const before = last && walk.upTo(last[0])
  return before && before[1] > anchor ? before[1] : head
}

/** Shrinking from the left: the first word goes, the one at the anchor stays. */
function headAfterFirst(walk: WordWalk, anchor: number, head: number): number {
  const first = walk.from(head)
  const after = first && walk.from(first[1])
  return after && after[0] < anchor ? after[0] : head
}
