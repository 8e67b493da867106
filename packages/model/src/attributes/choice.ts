import type { AttributeType } from './attribute-type.ts'

/** One of the choices by id, or several (sorted ids, none twice) when the attribute is `multiple`. */
export const choice = {
  id: 'choice',
  title: 'Choice',
  widget: 'options',
  accepts(value, shape) {
    const known = (id: unknown) => shape.choices?.some((c) => c.id === id) ?? false
    if (!shape.multiple) return known(value)
    return Array.isArray(value) && value.every(known) && new Set(value).size === value.length
  },
  toText: (value) => (Array.isArray(value) ? value.join(', ') : String(value)),
} as const satisfies AttributeType
