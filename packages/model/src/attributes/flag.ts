import type { AttributeType } from './attribute-type.ts'

/** Yes or no. */
export const flag = {
  id: 'flag',
  title: 'Yes or no',
  widget: 'switch',
  accepts: (value) => typeof value === 'boolean',
  toText: (value) => (value === true ? 'yes' : 'no'),
} as const satisfies AttributeType
