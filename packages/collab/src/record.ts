import {
  attributeOf,
  isId,
  isPlain,
  readAttributes,
  readRanges,
  readValue,
  withAttribute,
  type Annotation,
  type Content,
  type Plain,
} from '@tamga/model'

/** The root type of a layer's document that holds the annotations. */
export const ROOT = 'annotations'

/** Another root, which the server alone fills: under its one key the document's epoch, from the second on. */
export const EPOCH_ROOT = 'epoch'

/** What one key of the document overrides; `a/<attribute>` one attribute. */
export type Field = 'ranges' | 'label' | 'from' | 'to' | 'gone' | 'unsure' | `a/${string}`

/** A key taken apart: the annotation, and the field, or null for the record that made it. */
export interface Key {
  readonly id: string
  readonly field: Field | null
}

const FIELD = /^(ranges|label|from|to|gone|unsure|a\/[A-Za-z0-9][A-Za-z0-9_-]{0,31})$/

/** Takes a key of the document apart, or null if nothing of ours is written under it. */
export function readKey(key: string): Key | null {
  const id = key.slice(0, 16)
  if (!isId(id)) return null
  if (key.length === 16) return { id, field: null }
  const field = key.slice(17)
  return key[16] === '/' && FIELD.test(field) ? { id, field: field as Field } : null
}

export const fieldKey = (id: string, field: Field): string => `${id}/${field}`

/** The attribute that a field overrides, or null. */
export const attributeOfField = (field: Field): string | null => (field.startsWith('a/') ? field.slice(2) : null)

/** An annotation's first record as the document holds it: arrays, never objects. Fresh arrays throughout. */
export function toRecord(content: Content, via: string | null): Plain {
  const attributes = content.attributes.map(([id, value]) => [id, copy(value)])
  switch (content.kind) {
    case 'span':
      return ['span', copy(content.ranges), content.label, attributes, via]
    case 'relation':
      return ['relation', content.from, content.to, content.label, attributes, via]
    case 'article':
      return ['article', content.label, attributes, via]
  }
}

/** The same value in arrays of its own, so that neither a page's proxies nor later changes reach the document. */
export const copy = (value: Plain): Plain => (Array.isArray(value) ? value.map((item: Plain) => copy(item)) : value)

/** What a first record says: the content as it was made and the change set it came from. */
export interface Made {
  readonly content: Content
  readonly via: string | null
}

/** Reads a first record, or null: another shape, ends that are no ids, attributes that are no pairs. */
export function readRecord(value: unknown): Made | null {
  if (!Array.isArray(value) || !isPlain(value)) return null
  const [kind, ...rest] = value as unknown[]
  if (kind === 'span' && rest.length === 4)
    return made({ kind, ranges: readRanges(rest[0]) }, rest[1], rest[2], rest[3])
  if (kind === 'relation' && rest.length === 5)
    return made({ kind, from: readEnd(rest[0]), to: readEnd(rest[1]) }, rest[2], rest[3], rest[4])
  return kind === 'article' && rest.length === 3 ? made({ kind }, rest[0], rest[1], rest[2]) : null
}

const readEnd = (value: unknown) => (isId(value) ? value : null)

function made(place: Readonly<Record<string, unknown>>, label: unknown, list: unknown, via: unknown): Made | null {
  const attributes = readAttributes(list)
  if (Object.values(place).includes(null) || typeof label !== 'string' || !attributes) return null
  if (via !== null && typeof via !== 'string') return null
  const own = Array.isArray(place.ranges) ? { ...place, ranges: copy(place.ranges as Plain) } : place
  return { content: { ...own, label, attributes: attributes.map(ownPair) } as unknown as Content, via }
}

const ownPair = (pair: Content['attributes'][number]) => copy(pair) as unknown as Content['attributes'][number]

/**
 * One annotation from the values under its keys, or null: no record, a malformed one, or an override that does not fit
 * its kind. `attributes` names the attributes that have an override key.
 */
export function readAnnotation(
  id: string,
  get: (key: string) => unknown,
  attributes: Iterable<string>,
): Annotation | null {
  const record = readRecord(get(id))
  if (!record) return null
  let now: Annotation | null = { id, content: record.content, via: record.via, unsure: false, gone: false }
  const fields = (['ranges', 'label', 'from', 'to', 'gone', 'unsure'] as Field[]).concat(
    [...attributes].map((attribute): Field => `a/${attribute}`),
  )
  for (const field of fields) {
    const value = get(fieldKey(id, field))
    if (value !== undefined) now = now && withField(now, field, value)
  }
  return now
}

/** The annotation with one field as the document gives it, or null if that value is no value of that field. */
export function withField(annotation: Annotation, field: Field, value: unknown): Annotation | null {
  if (field === 'gone' || field === 'unsure')
    return typeof value === 'boolean' ? { ...annotation, [field]: value } : null
  const content = withContentField(annotation.content, field, value)
  return content && { ...annotation, content }
}

function withContentField(content: Content, field: Field, value: unknown): Content | null {
  const attribute = attributeOfField(field)
  if (attribute !== null) {
    const read = value === null ? null : readValue(value)
    if (value !== null && read === null) return null
    return { ...content, attributes: withAttribute(content.attributes, attribute, read) }
  }
  if (field === 'label') return typeof value === 'string' && isPlain(value) ? { ...content, label: value } : null
  if (field === 'ranges') {
    const ranges = readRanges(value)
    return content.kind === 'span' && ranges ? { ...content, ranges: ranges.map(([start, end]) => [start, end]) } : null
  }
  return content.kind === 'relation' && isId(value) ? { ...content, [field]: value } : null
}

/** The present value of a field; null where the annotation has none. */
export function fieldOf(annotation: Annotation, field: Field): Plain {
  if (field === 'gone' || field === 'unsure') return annotation[field]
  const { content } = annotation
  const attribute = attributeOfField(field)
  if (attribute !== null) return attributeOf(content, attribute) ?? null
  if (field === 'label') return content.label
  if (field === 'ranges') return content.kind === 'span' ? content.ranges : null
  return content.kind === 'relation' ? content[field as 'from' | 'to'] : null
}

/** True if two values of the document say the same. */
export const sameValue = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
