import type { AttributeType } from './attribute-type.ts'

/** A finite number. */
export const number = {
  id: 'number',
  title: 'Number',
  widget: 'number',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value),
  toText: (value) => String(value),
} as const satisfies AttributeType
