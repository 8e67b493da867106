import {
  attributeOf,
  faultOfAttributes,
  faultOfContent,
  faultOfLabel,
  faultOfPlace,
  type Annotation,
  type AttributeValue,
  type Content,
  type LabelSet,
  type ProblemCode,
  type Rules,
} from '@tamga/model'
import { attributeOfField, type Field } from './record.ts'

/** Why an annotation may not be made like this, or null. */
export const faultOfMaking = (content: Content, rules: Rules): ProblemCode | null => faultOfContent(content, rules)

/**
 * Why one changed field may not stand, or null. Only that field is judged: an old value elsewhere that no longer passes
 * (a choice that was taken away since) does not hold up other work.
 */
export function faultOfField({ content }: Annotation, field: Field, rules: Rules): ProblemCode | null {
  const attribute = attributeOfField(field)
  if (attribute !== null) {
    const value = attributeOf(content, attribute)
    return value === undefined ? null : faultOfAttributes([[attribute, value]], rules.labels)
  }
  if (field === 'label') return faultOfLabel(content, rules.labels)
  return field === 'gone' || field === 'unsure' ? null : faultOfPlace(content, rules.text)
}

/** The value as it is written: null for the default, since absence means it; several choices sorted, none is null. */
export function withoutDefault(
  labels: LabelSet,
  attribute: string,
  value: AttributeValue | null,
): AttributeValue | null {
  const fallback = labels.attributes.find((a) => a.id === attribute)?.default
  if (value === null || value === fallback) return null
  if (!Array.isArray(value)) return value
  return value.length === 0 ? null : [...(value as readonly string[])].sort()
}

/** The content without attribute values that absence already means. */
export const contentWithoutDefaults = (labels: LabelSet, content: Content): Content => ({
  ...content,
  attributes: content.attributes.filter(([id, value]) => withoutDefault(labels, id, value) !== null),
})
