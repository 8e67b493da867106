import type { GoldAnnotation, GoldArticle, Range } from '@tamga/model'
import type { ClipReason, DropReason } from './format.ts'

/** A span of one range on the tokens it takes. */
export interface Placed {
  readonly annotation: GoldAnnotation
  /** The label's id. */
  readonly label: string
  /** Half-open, in token numbers. */
  readonly tokens: Range
  /** From the first token's start to the last one's end, in code units. */
  readonly extent: Range
  /** Null if the extent is exactly the span's range. */
  readonly clip: ClipReason | null
}

/** An annotation that does not go out, and why. */
export interface Drop {
  readonly annotation: GoldAnnotation
  readonly reason: DropReason
  /** The annotation that stands instead, or null. */
  readonly inside: string | null
}

/**
 * Puts an article's annotations on its tokens, for formats that are tables of tokens. Relations, article labels and spans
 * of several ranges have no place there. A span takes each token that it touches.
 */
export function place({ annotations, tokens }: GoldArticle): { placed: Placed[]; dropped: Drop[] } {
  const placed: Placed[] = []
  const dropped: Drop[] = []
  for (const annotation of annotations) {
    const found = placeOne(annotation, tokens)
    if (typeof found === 'string') dropped.push({ annotation, reason: found, inside: null })
    else placed.push(found)
  }
  return { placed, dropped }
}

function placeOne(annotation: GoldAnnotation, tokens: readonly Range[]): Placed | DropReason {
  const { content } = annotation
  if (content.kind === 'relation') return 'relation'
  if (content.kind === 'article') return 'article_label'
  const [range] = content.ranges
  if (!range || content.ranges.length > 1) return 'discontinuous'
  const first = firstWhere(tokens, ([, end]) => end > range[0])
  const after = firstWhere(tokens, ([start]) => start >= range[1])
  if (first >= after) return 'no_token'
  const extent: Range = [tokens[first]![0], tokens[after - 1]![1]]
  return { annotation, label: content.label, tokens: [first, after], extent, clip: clipOf(range, extent) }
}

function clipOf(range: Range, extent: Range): ClipReason | null {
  if (extent[0] < range[0] || extent[1] > range[1]) return 'inside_token'
  return extent[0] === range[0] && extent[1] === range[1] ? null : 'blank_edge'
}

/** The first index at which a condition holds that, once true, stays true; the length if it never does. */
function firstWhere(ranges: readonly Range[], holds: (range: Range) => boolean): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(ranges[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
