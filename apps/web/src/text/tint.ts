// A document has one highlight of a name; each surface adds its own ranges to it.
function highlight(name: string): Highlight | null {
  if (typeof Highlight === 'undefined') return null
  const known = CSS.highlights.get(name)
  if (known) return known
  const made = new Highlight()
  CSS.highlights.set(name, made)
  return made
}

/**
 * A ground behind some text, painted by the browser over live ranges, so that it follows the text by itself. The name
 * is that of a `::highlight()` rule. Where the browser has no highlights nothing is shown.
 */
export class Tint {
  readonly #name: string
  #ranges: readonly Range[] = []

  constructor(name: string) {
    this.#name = name
  }

  /** Replaces what is tinted. */
  show(ranges: readonly Range[]): void {
    for (const range of this.#ranges) highlight(this.#name)?.delete(range)
    this.#ranges = ranges
    for (const range of ranges) highlight(this.#name)?.add(range)
  }
}
