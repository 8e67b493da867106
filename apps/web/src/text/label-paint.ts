import { paintsOf, type Label, type Paints } from '@tamga/model'

/** A paint of a label for both schemes at once, as a CSS colour. */
export const paintOf = ({ colour }: Pick<Label, 'colour'>, paint: keyof Paints): string =>
  `light-dark(${paintsOf(colour, 'light')[paint]}, ${paintsOf(colour, 'dark')[paint]})`
