import { attributeType, type AttributeValue } from './attributes/index.ts'
import { labelById, type LabelSet } from './label-set.ts'
import type { ProblemCode } from './problem.ts'
import { isId } from './id.ts'
import { isPlain } from './plain.ts'
import { faultOfRanges, type Range } from './span.ts'

/** Attribute values by attribute id, sorted by id, none twice, none that equals the attribute's default. */
export type Attributes = readonly (readonly [attribute: string, value: AttributeValue])[]

/** What a decision is about: ranges in UTF-16 code units of the revision's text, in the annotator's order. */
export type Content =
  | {
      readonly kind: 'span'
      readonly ranges: readonly Range[]
      readonly label: string
      readonly attributes: Attributes
    }
  | {
      readonly kind: 'relation'
      readonly from: string
      readonly to: string
      readonly label: string
      readonly attributes: Attributes
    }
  | { readonly kind: 'article'; readonly label: string; readonly attributes: Attributes }

/** One record of a layer, as it stands now. */
export interface Annotation {
  readonly id: string
  readonly content: Content
  /** The change set it was accepted from, or null for a person's own. */
  readonly via: string | null
  readonly unsure: boolean
  readonly gone: boolean
}

export type SpanContent = Extract<Content, { kind: 'span' }>

/** An annotation that is a span. */
export type SpanAnnotation = Annotation & { readonly content: SpanContent }
export const isSpan = (annotation: Annotation): annotation is SpanAnnotation => annotation.content.kind === 'span'

export const attributeOf = (content: Content, id: string): AttributeValue | undefined =>
  content.attributes.find(([attribute]) => attribute === id)?.[1]

/** The same attributes with one changed; null takes it away. Sorted as everywhere. */
export function withAttribute(attributes: Attributes, id: string, value: AttributeValue | null): Attributes {
  const rest = attributes.filter(([attribute]) => attribute !== id)
  return sortedById(value === null ? rest : [...rest, [id, value] as const])
}

const sortedById = (attributes: (readonly [string, AttributeValue])[]): Attributes =>
  attributes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** What content is checked against: the revision's text and the project's labels, those retired included. */
export interface Rules {
  readonly text: string
  readonly labels: LabelSet
}

/**
 * Why content may not stand, or null. A label or attribute is known if its id ever existed in the project, so retired
 * ones pass; a group does not. Attributes need not belong to the label: a relabelled span keeps what it carries.
 */
export function faultOfContent(content: Content, { text, labels }: Rules): ProblemCode | null {
  return faultOfPlace(content, text) ?? faultOfLabel(content, labels) ?? faultOfAttributes(content.attributes, labels)
}

export function faultOfPlace(content: Content, text: string): ProblemCode | null {
  if (content.kind === 'article') return null
  if (content.kind === 'relation') return isId(content.from) && isId(content.to) ? null : 'annotation_malformed'
  const fault = faultOfRanges(text, content.ranges)
  return (
    fault &&
    ({ empty: 'span_empty', outside: 'span_outside', overlap: 'span_overlap', pair: 'span_inside_character' } as const)[
      fault
    ]
  )
}

export function faultOfLabel(content: Content, labels: LabelSet): ProblemCode | null {
  if (content.kind === 'relation') return labels.relations.some((r) => r.id === content.label) ? null : 'label_unknown'
  const label = labelById(labels, content.label)
  if (!label) return 'label_unknown'
  return label.group ? 'label_group_chosen' : null
}

export function faultOfAttributes(attributes: Attributes, labels: LabelSet): ProblemCode | null {
  for (const [id, value] of attributes) {
    const attribute = labels.attributes.find((a) => a.id === id)
    if (!attribute) return 'attribute_unknown'
    if (!attributeType(attribute.type).accepts(value, attribute)) return 'attribute_value'
  }
  return null
}

/** Reads ranges as the shared document holds them, or null if they are no list of integer pairs. */
export function readRanges(value: unknown): readonly Range[] | null {
  const pair = (item: unknown) => Array.isArray(item) && item.length === 2 && item.every((n) => Number.isInteger(n))
  return Array.isArray(value) && value.length > 0 && value.every(pair) ? value : null
}

/** Reads one attribute value as the shared document holds it, or null. Multiple choices come back sorted. */
export function readValue(value: unknown): AttributeValue | null {
  if (!isPlain(value)) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return value + 0
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return [...value].sort()
  return null
}

/** Reads attributes as the shared document holds them: pairs, in any order, values of null left out; or null. */
export function readAttributes(value: unknown): Attributes | null {
  if (!Array.isArray(value)) return null
  const attributes = new Map<string, AttributeValue>()
  for (const pair of value as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || !isPlain(pair[0])) return null
    const read = pair[1] === null ? null : readValue(pair[1])
    if (read === null && pair[1] !== null) return null
    if (read === null) attributes.delete(pair[0])
    else attributes.set(pair[0], read)
  }
  return sortedById([...attributes])
}

/**
 * Reads content from data of unknown origin (a row, a request), or null. Only the form is checked; whether it may stand
 * on a text is `faultOfContent`'s to say.
 */
export function readContent(value: unknown): Content | null {
  if (typeof value !== 'object' || value === null) return null
  const { kind, ranges, label, attributes, from, to } = value as Record<string, unknown>
  const read = readAttributes(attributes ?? [])
  if (typeof label !== 'string' || !isPlain(label) || !read) return null
  if (kind === 'article') return { kind, label, attributes: read }
  if (kind === 'relation') return isId(from) && isId(to) ? { kind, from, to, label, attributes: read } : null
  const places = readRanges(ranges)
  return kind === 'span' && places ? { kind, ranges: places, label, attributes: read } : null
}
