import type { Here } from '@tamga/collab'
import { packetOf } from './packet.ts'
import type { Peer } from './seat.ts'

/** The lobby of one project: those who look at its pages hear who is in which article. */
export class Lobby {
  readonly #peers = new Set<Peer>()
  #told = ''

  get empty(): boolean {
    return this.#peers.size === 0
  }

  enter(peer: Peer, here: Here): void {
    this.#peers.add(peer)
    peer.send(packetOf({ type: 'here', here }))
  }

  leave(peer: Peer): void {
    this.#peers.delete(peer)
  }

  /** Tells everybody who is where, if that changed since it was told last. */
  tell(here: Here): void {
    const now = JSON.stringify(here)
    if (now === this.#told) return
    this.#told = now
    const packet = packetOf({ type: 'here', here })
    for (const peer of this.#peers) peer.send(packet)
  }
}
