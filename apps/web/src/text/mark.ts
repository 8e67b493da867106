import { hull, isUndecided, type Range, type State } from '@tamga/model'

/** How a mark stands: the states of an annotation that are drawn. */
export type MarkState = Exclude<State, 'gone'>

/** One span as the surface draws it. Ranges in UTF-16 code units of the article's text. */
export interface Mark {
  readonly id: string
  readonly ranges: readonly Range[]
  /** The label's id. One that the label set does not know is drawn grey, without a code. */
  readonly label: string
  readonly state: MarkState
  /** Not yet durable on the server. */
  readonly pending?: boolean
  readonly unsure?: boolean
  /** How many people made the same annotation; absent means one. */
  readonly supporters?: number
  /** Approvals so far and how many are needed, shown while the state is `partly`. */
  readonly approvals?: readonly [given: number, needed: number]
}

/** True if the mark still needs somebody: it is washed in its label's tint until decided. */
export const isWet = (mark: Mark): boolean => isUndecided(mark.state)

const extent = ({ ranges }: Mark): number => {
  const [start, end] = hull(ranges)
  return end - start
}

/** From the innermost to the outermost: the shorter hull first, then by place, then by id. */
export const fromInside = (a: Mark, b: Mark): number =>
  extent(a) - extent(b) || hull(a.ranges)[0] - hull(b.ranges)[0] || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The same list with its duplicates by id and marks without ranges or outside `[0, length)` left out. */
export function drawable(marks: Iterable<Mark>, length: number): Mark[] {
  const byId = new Map<string, Mark>()
  for (const mark of marks) if (isDrawable(mark, length)) byId.set(mark.id, mark)
  return [...byId.values()]
}

/** True if every range of the mark is non-empty and lies inside a text of `length` code units. */
export const isDrawable = ({ ranges }: Mark, length: number): boolean =>
  ranges.length > 0 && ranges.every(([start, end]) => 0 <= start && start < end && end <= length)
