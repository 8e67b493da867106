const TIME = 900
// Without motion nothing fades: what stands still must be seen for longer.
const STILL_TIME = 4000

/** Marks that show for a moment that somebody changed them, in the colour (1 to 8) of that person. */
export class Flashes {
  readonly colours = new Map<string, number>()
  readonly #changed: (ids: readonly string[]) => void

  /** `changed` is told of the marks whose flash begins or ends. */
  constructor(changed: (ids: readonly string[]) => void) {
    this.#changed = changed
  }

  show(ids: readonly string[], colour: number): void {
    for (const id of ids) this.colours.set(id, colour)
    this.#changed(ids)
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    setTimeout(() => this.#end(ids), still ? STILL_TIME : TIME)
  }

  #end(ids: readonly string[]): void {
    for (const id of ids) this.colours.delete(id)
    this.#changed(ids)
  }
}
