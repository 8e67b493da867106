import type { Here } from '@tamga/collab'
import { packetOf } from './packet.ts'
import type { RoomConnection } from './participant.ts'

/** The lobby of one project: those who look at its pages hear who is in which article. */
export class Lobby {
  readonly #peers = new Set<RoomConnection>()
  #told = ''

  get empty(): boolean {
    return this.#peers.size === 0
  }

  enter(connection: RoomConnection, here: Here): void {
    this.#peers.add(connection)
    connection.send(packetOf({ type: 'here', here }))
  }

  leave(connection: RoomConnection): void {
    this.#peers.delete(connection)
  }

  /** Tells everybody who is where, if that changed since it was told last. */
  tell(here: Here): void {
    const now = JSON.stringify(here)
    if (now === this.#told) return
    this.#told = now
    const packet = packetOf({ type: 'here', here })
    for (const connection of this.#peers) connection.send(packet)
  }
}
