import { SvelteMap } from 'svelte/reactivity'
import type { ShownSpan } from '../text/annotations.svelte.ts'
import type { Room } from '../text/room.svelte.ts'

/** What I have decided in an article: sent here and not stated yet, or stated as a fact. */
export class MyDecisions {
  /** The span whose seal has just dropped by my own approval. */
  sealed = $state<string | null>(null)
  readonly #room: Room
  readonly #me: string
  // Sent, until their facts have come: by annotation, the digest.
  readonly #sent = new SvelteMap<string, string>()

  constructor(room: Room, me: string) {
    this.#room = room
    this.#me = me
  }

  /** Have I decided on exactly what the span says now? */
  has({ id, digest, rulings, state }: ShownSpan): boolean {
    if (state === 'gone') return false
    return this.#sent.get(id) === digest || rulings.some((one) => one.account === this.#me && one.digest === digest)
  }

  /** The span I decided last, if it is still there. */
  get last(): string | null {
    const mine = this.#room.annotations.spans
      .flatMap(({ id, rulings }) => rulings.map((ruling) => ({ ...ruling, id })))
      .filter(({ account }) => account === this.#me)
    return mine.length === 0 ? null : mine.reduce((a, b) => (a.order > b.order ? a : b)).id
  }

  /** The server has taken a decision of mine. */
  add(annotation: string, digest: string): void {
    this.#sent.set(annotation, digest)
    this.confirm(annotation)
  }

  /** Looks whether a decision of mine has come back as a fact: now, and not before, the seal drops. */
  confirm(annotation: string): void {
    const shown = this.#room.annotations.byId.get(annotation)
    if (!shown || this.#sent.get(annotation) !== shown.digest) return
    if (!shown.rulings.some(({ account, digest }) => account === this.#me && digest === shown.digest)) return
    this.#sent.delete(annotation)
    if (shown.state === 'approved') this.sealed = annotation
  }
}
