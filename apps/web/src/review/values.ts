import { attributeType, say, type Attribute, type AttributeValue } from '@tamga/model'
import { locale, t } from '../i18n/index.svelte.ts'

/** An attribute's value in the reader's language: choices by their names, yes and no as words. */
export function wordsOf(attribute: Attribute, value: AttributeValue | null): string {
  if (value === null) return t('review.notSet')
  if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no')
  if (attribute.type !== 'choice') return attributeType(attribute.type).toText(value)
  const ids = Array.isArray(value) ? (value as readonly string[]) : [String(value)]
  return ids.map((id) => nameOf(attribute, id)).join(', ')
}

function nameOf(attribute: Attribute, id: string): string {
  const choice = attribute.choices?.find((one) => one.id === id)
  return choice ? say(choice.name, locale()) : id
}
