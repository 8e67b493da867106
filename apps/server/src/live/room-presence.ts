import { encodeAwareness, readPresence, type AwarenessEntry, type SharedPresence } from '@tamga/collab'
import type { Seat } from './seat.ts'

interface Known {
  readonly clock: number
  readonly state: SharedPresence | null
  readonly seat: Seat
}

/** Who is where in one room. Who they are is the server's word; where they are is theirs. */
export class RoomPresence {
  readonly #known = new Map<number, Known>()
  readonly #changed = new Set<number>()

  /** Takes what a connection says of one of its own client ids. */
  put(seat: Seat, { client, clock, state }: AwarenessEntry): void {
    const { id: account, name, colour } = seat.account
    const shared = state === null ? null : { ...readPresence(state), account, name, colour }
    this.#known.set(client, { clock, state: shared, seat })
    this.#changed.add(client)
  }

  /** Forgets a connection that closed. */
  leave(seat: Seat): void {
    for (const [client, known] of this.#known)
      if (known.seat === seat && known.state !== null) {
        this.#known.set(client, { ...known, state: null })
        this.#changed.add(client)
      }
  }

  /** All that changed since the last call as one message body, or null. */
  takeChanged(): Uint8Array | null {
    if (this.#changed.size === 0) return null
    const body = this.#encode([...this.#changed])
    for (const client of this.#changed) if (this.#known.get(client)?.state === null) this.#known.delete(client)
    this.#changed.clear()
    return body
  }

  /** Everybody who is here, for somebody who comes. */
  all(): Uint8Array {
    return this.#encode([...this.#known.keys()])
  }

  #encode(clients: readonly number[]): Uint8Array {
    return encodeAwareness(clients.map((client) => ({ client, ...this.#known.get(client)! })))
  }
}
