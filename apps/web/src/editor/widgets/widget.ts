import type { Attribute, AttributeValue } from '@tamga/model'

/** What every widget is given: the attribute, its name in the reader's language, its value, and whom to tell. */
export interface WidgetProps {
  readonly attribute: Attribute
  readonly label: string
  /** Undefined where it is absent; what absence means is the attribute's default. */
  readonly value: AttributeValue | undefined
  readonly disabled: boolean
  /** Takes the value, null for none; false if it was refused. */
  readonly set: (value: AttributeValue | null) => boolean
}
