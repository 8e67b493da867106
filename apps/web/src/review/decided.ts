import { readAttributes, readRanges, readValue, withAttribute, type Content } from '@tamga/model'

/** What a history tells of one entry, as far as content follows from it. Values come each in a list of one. */
export interface Happened {
  readonly kind: 'field' | 'decision'
  readonly key: string | null
  readonly after: readonly unknown[] | null
}

/**
 * The content that the last decision was about, read from an annotation's history (oldest first): what was made, with
 * the changes up to that decision. Null if nobody has decided, or the history does not begin with a span's making.
 */
export function contentDecided(history: readonly Happened[]): Content | null {
  const last = history.findLastIndex(({ kind }) => kind === 'decision')
  const fields = history.slice(0, Math.max(0, last)).filter(({ kind }) => kind === 'field')
  const [made, ...changes] = fields
  const content = made?.key === '' ? contentMade(made.after?.[0]) : null
  return content && changes.reduce(changed, content)
}

/** A record as the document keeps it: kind, ranges, label, attributes, change set. */
function contentMade(record: unknown): Content | null {
  const [kind, ranges, label, attributes] = Array.isArray(record) ? (record as unknown[]) : []
  const places = readRanges(ranges)
  const read = readAttributes(attributes ?? [])
  if (kind !== 'span' || !places || typeof label !== 'string' || !read) return null
  return { kind, ranges: places, label, attributes: read }
}

function changed(content: Content, { key, after }: Happened): Content {
  const value = after?.[0]
  if (key === 'ranges' && content.kind === 'span') return { ...content, ranges: readRanges(value) ?? content.ranges }
  if (key === 'label' && typeof value === 'string') return { ...content, label: value }
  if (!key?.startsWith('a/')) return content
  return { ...content, attributes: withAttribute(content.attributes, key.slice(2), readValue(value)) }
}
