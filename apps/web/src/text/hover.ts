/** The mark under the pointer, looked for once a frame; a finger and a pressed button point at none. */
export class Hover {
  #id: string | null = null
  #at: { readonly x: number; readonly y: number } | null = null
  readonly #markAt: (x: number, y: number) => string | null
  readonly #changed: (before: string | null, now: string | null) => void
  readonly #signal: AbortSignal

  /** `changed` is told of every mark that the pointer comes to or leaves, until `signal` ends it. */
  constructor(
    host: HTMLElement,
    markAt: (x: number, y: number) => string | null,
    changed: (before: string | null, now: string | null) => void,
    signal: AbortSignal,
  ) {
    this.#markAt = markAt
    this.#changed = changed
    this.#signal = signal
    host.addEventListener('pointermove', this.#moved, { signal, passive: true })
    host.addEventListener('pointerleave', () => this.#take(null), { signal })
  }

  get id(): string | null {
    return this.#id
  }

  #moved = (event: PointerEvent): void => {
    if (event.pointerType === 'touch' || event.buttons !== 0) return
    if (!this.#at) requestAnimationFrame(this.#look)
    this.#at = { x: event.clientX, y: event.clientY }
  }

  #look = (): void => {
    const at = this.#at
    this.#at = null
    if (at && !this.#signal.aborted) this.#take(this.#markAt(at.x, at.y))
  }

  #take(id: string | null): void {
    if (id === this.#id) return
    const before = this.#id
    this.#id = id
    this.#changed(before, id)
  }
}
