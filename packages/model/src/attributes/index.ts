import type { AttributeType } from './attribute-type.ts'
import { choice } from './choice.ts'
import { flag } from './flag.ts'
import { number } from './number.ts'
import { text } from './text.ts'

/** Every attribute type there is. A new one is one file and one word here. */
export const attributeTypes = [text, choice, flag, number] as const
export type AttributeTypeId = (typeof attributeTypes)[number]['id']
export const attributeTypeIds = attributeTypes.map((type) => type.id) as [AttributeTypeId, ...AttributeTypeId[]]

export const attributeType = (id: AttributeTypeId): AttributeType => attributeTypes.find((type) => type.id === id)!
export type { AttributeShape, AttributeType, AttributeValue, Widget } from './attribute-type.ts'
