import type { AttributeType } from './attribute-type.ts'

const MAX_LENGTH = 1000

/** One line of text, at most a thousand code units, no line breaks, not blank. */
export const text = {
  id: 'text',
  title: 'Text',
  widget: 'line',
  accepts: (value) =>
    typeof value === 'string' && value.trim() !== '' && value.length <= MAX_LENGTH && !/[\r\n]/.test(value),
  toText: (value) => String(value),
} as const satisfies AttributeType
