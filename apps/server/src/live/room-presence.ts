import {
  decodeAwareness,
  encodeAwareness,
  readPresence,
  readSharedPresence,
  type AwarenessEntry,
  type SharedPresence,
} from '@tamga/collab'
import type { Participant } from './participant.ts'

interface Known {
  readonly clock: number
  readonly state: SharedPresence
}

interface Seated extends Known {
  readonly participant: Participant
}

/**
 * Who is where in one room: those who are connected to this process, and those of whom others told. Who they are is the
 * server's word; where they are is theirs.
 */
export class RoomPresence {
  readonly #own = new Map<number, Seated>()
  /** Who said goodbye on a connection that stands: nothing that was said before brings them back. */
  readonly #gone = new Map<number, { readonly participant: Participant; readonly clock: number }>()
  readonly #others = new Map<string, Map<number, Known>>()
  // each with the clock under which it was known: whoever left is told as gone under that
  readonly #changed = new Map<number, number>()
  readonly #ownChanged = new Map<number, number>()

  /** Takes what a connection says of one of its own client ids. What it said earlier and arrives later does not count. */
  put(participant: Participant, { client, clock, state }: AwarenessEntry): void {
    const known = this.#own.get(client) ?? this.#gone.get(client)
    if (known?.participant === participant && clock < known.clock) return
    const { id: account, name, colour } = participant.account
    if (state === null) {
      this.#own.delete(client)
      this.#gone.set(client, { participant, clock })
    } else {
      this.#gone.delete(client)
      this.#own.set(client, { clock, state: { ...readPresence(state), account, name, colour }, participant })
    }
    this.#ownMoved(client, clock)
  }

  /** Forgets a connection that closed. */
  leave(participant: Participant): void {
    for (const [client, gone] of this.#gone) if (gone.participant === participant) this.#gone.delete(client)
    for (const [client, known] of this.#own)
      if (known.participant === participant) {
        this.#own.delete(client)
        this.#ownMoved(client, known.clock)
      }
  }

  /** Takes what another process says of its people; `whole` if it named all of them. */
  hear(process: string, body: Uint8Array, whole: boolean): void {
    const entries = (decodeAwareness(body) ?? []).map((entry) => ({ ...entry, state: readSharedPresence(entry.state) }))
    const theirs = this.#others.get(process) ?? new Map<number, Known>()
    const gone = new Map(whole ? theirs : [])
    for (const { client, clock, state } of entries) {
      gone.delete(client)
      if (state) theirs.set(client, { clock, state })
      else theirs.delete(client)
      this.#moved(client, clock)
    }
    for (const [client, { clock }] of gone) {
      theirs.delete(client)
      this.#moved(client, clock)
    }
    if (theirs.size > 0) this.#others.set(process, theirs)
    else this.#others.delete(process)
  }

  /** The account that uses a client id in another process, if any is known to. */
  accountElsewhere(client: number): string | undefined {
    for (const known of this.#others.values()) if (known.has(client)) return known.get(client)!.state.account
    return undefined
  }

  /** Forgets the people of a process that is gone. */
  lose(process: string): void {
    for (const [client, { clock }] of this.#others.get(process) ?? []) this.#moved(client, clock)
    this.#others.delete(process)
  }

  /** All that changed since the last call as one message body for those who are here, or null. */
  takeChanged(): Uint8Array | null {
    return this.#take(this.#changed, (client) => this.#shown(client))
  }

  /** What changed here since the last call, for the other processes, or null. */
  takeOwnChanged(): Uint8Array | null {
    return this.#take(this.#ownChanged, (client) => this.#own.get(client))
  }

  /** Everybody who is here, for somebody who comes. */
  all(): Uint8Array {
    const clients = new Set([this.#own, ...this.#others.values()].flatMap((known) => [...known.keys()]))
    return encodeAwareness([...clients].map((client) => ({ client, ...this.#shown(client)! })))
  }

  /** Everybody who is connected to this process, for another one. */
  own(): Uint8Array {
    return encodeAwareness([...this.#own].map(([client, { clock, state }]) => ({ client, clock, state })))
  }

  #take(changed: Map<number, number>, now: (client: number) => Known | undefined): Uint8Array | null {
    if (changed.size === 0) return null
    const entries = [...changed].map(([client, clock]) => ({ client, ...(now(client) ?? { clock, state: null }) }))
    changed.clear()
    return encodeAwareness(entries)
  }

  /** Who moves from one process to another is known to both for a while: what was said last counts. */
  #shown(client: number): Known | undefined {
    const all = [this.#own, ...this.#others.values()].flatMap((known) => known.get(client) ?? [])
    return all.reduce((best, one) => (one.clock > best.clock ? one : best), all[0]!)
  }

  #ownMoved(client: number, clock: number): void {
    this.#ownChanged.set(client, clock)
    this.#moved(client, clock)
  }

  #moved(client: number, clock: number): void {
    this.#changed.set(client, Math.max(clock, this.#changed.get(client) ?? 0))
  }
}
