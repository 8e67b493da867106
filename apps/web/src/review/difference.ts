import { attributeOf, hull, quotesOf, type AttributeValue, type Content } from '@tamga/model'

/** One thing in which what stands differs from what was shown. */
export type Difference =
  | { readonly kind: 'gone' | 'start' | 'end' | 'pieces' | 'ends' | 'label' }
  | {
      readonly kind: 'attribute'
      readonly attribute: string
      readonly before: AttributeValue | null
      readonly after: AttributeValue | null
    }

/** All in which two contents of one annotation differ, null for one that was removed. Empty if they are equal. */
export function differencesOf(before: Content, after: Content | null): Difference[] {
  if (!after) return [{ kind: 'gone' }]
  return [...places(before, after), ...labels(before, after), ...attributes(before, after)]
}

/** The one kind of all of them, `edges` for both edges; else `several`. What a sentence is chosen by. */
export function kindOf(differences: readonly Difference[]): Difference['kind'] | 'edges' | 'several' {
  const kinds = new Set(differences.map(({ kind }) => kind))
  const [first] = kinds
  if (first !== undefined && kinds.size === 1) return first
  return kinds.size === 2 && kinds.has('start') && kinds.has('end') ? 'edges' : 'several'
}

function places(before: Content, after: Content): Difference[] {
  if (before.kind === 'relation' && after.kind === 'relation')
    return before.from === after.from && before.to === after.to ? [] : [{ kind: 'ends' }]
  if (before.kind !== 'span' || after.kind !== 'span') return []
  if (JSON.stringify(before.ranges) === JSON.stringify(after.ranges)) return []
  const [start, end] = hull(before.ranges)
  const [from, to] = hull(after.ranges)
  const moved: Difference[] = []
  if (start !== from) moved.push({ kind: 'start' })
  if (end !== to) moved.push({ kind: 'end' })
  if (moved.length === 0 || before.ranges.length !== after.ranges.length) moved.push({ kind: 'pieces' })
  return moved
}

const labels = (before: Content, after: Content): Difference[] =>
  before.label === after.label ? [] : [{ kind: 'label' }]

function attributes(before: Content, after: Content): Difference[] {
  const ids = new Set([...before.attributes, ...after.attributes].map(([id]) => id))
  return [...ids]
    .map((attribute) => ({
      kind: 'attribute' as const,
      attribute,
      before: attributeOf(before, attribute) ?? null,
      after: attributeOf(after, attribute) ?? null,
    }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after))
}

/** A stretch of text around a span: letters of the span, or of what stands beside it. */
export interface Stretch {
  readonly text: string
  readonly inside: boolean
}

/**
 * The same window of the text for both sides of a difference, with what each of them holds: what is added or left out
 * is seen by standing one above the other. `around` code units more on both sides, cut at blanks.
 */
export function stretchesOf(text: string, content: Content, other: Content | null, around = 14): readonly Stretch[] {
  if (content.kind !== 'span') return []
  const all = [...content.ranges, ...(other?.kind === 'span' ? other.ranges : [])]
  const [start, end] = windowOf(text, hull(all), around)
  const stretches: Stretch[] = []
  let at = start
  for (const [from, to] of [...content.ranges].sort((a, b) => a[0] - b[0])) {
    if (from > at) stretches.push({ text: text.slice(at, from), inside: false })
    stretches.push({ text: quotesOf(text, [[from, to]])[0]!, inside: true })
    at = to
  }
  if (at < end) stretches.push({ text: text.slice(at, end), inside: false })
  return stretches
}

function windowOf(text: string, [start, end]: readonly [number, number], around: number): [number, number] {
  const line = text.lastIndexOf('\n', start - 1) + 1
  const lineEnd = text.indexOf('\n', end)
  const low = Math.max(line, start - around)
  const high = Math.min(lineEnd < 0 ? text.length : lineEnd, end + around)
  const cut = low === line ? low : low + (/\s/.exec(text.slice(low, start))?.index ?? start - low - 1) + 1
  const before = text.slice(end, high).search(/\s\S*$/)
  return [cut, high === lineEnd || high === text.length ? high : before < 0 ? end : end + before]
}
