/** A value of an attribute as the shared document holds it: never an object. */
export type AttributeValue = boolean | number | string | readonly string[]

/** What the page shows for a value: one of a closed list of widgets, so a new type needs no new component. */
export type Widget = 'line' | 'options' | 'switch' | 'number'

/** What an attribute declares of itself in the label set, as far as values depend on it. */
export interface AttributeShape {
  readonly choices?: readonly { readonly id: string }[] | undefined
  readonly multiple?: boolean | undefined
}

/** An attribute type: how a value is checked and written. One file each; the list is beside this one. */
export interface AttributeType {
  readonly id: string
  readonly title: string
  readonly widget: Widget
  /** True if the value is well formed for an attribute of this shape. */
  accepts(value: unknown, shape: AttributeShape): boolean
  /** The value as one would write it in a table. */
  toText(value: AttributeValue): string
}
