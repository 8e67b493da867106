import { closeCodes, isServerClient, liveLimits, type UpdateFault } from '@tamga/collab'
import type { Participant } from './participant.ts'

/** True for a number that a client may use as its id in a document. */
const isClientId = (client: number): boolean => Number.isInteger(client) && client >= 0 && !isServerClient(client)

const malformed: UpdateFault = { close: closeCodes.malformed, reason: 'not a client id' }
const tooMany: UpdateFault = { close: closeCodes.limits, reason: 'too many client ids on one connection' }
export const clientTaken: UpdateFault = { close: closeCodes.clientTaken, reason: 'choose another client id' }

/**
 * Which connection of a room announced which client ids. Nothing of it is stored: an announcement goes with its connection,
 * and an id is bound to an account by the first flush that writes under it.
 */
export class Announcements {
  readonly #holders = new Map<number, Participant>()

  /** How many ids are announced. */
  get size(): number {
    return this.#holders.size
  }

  /** True if this connection is the last that announced this id. */
  isOf(client: number, participant: Participant): boolean {
    return this.#holders.get(client) === participant
  }

  /** Takes the ids that a connection announces, or says why not. `isTaken` knows those that belong to another account. */
  announce(
    participant: Participant,
    clients: readonly number[],
    isTaken: (client: number) => boolean,
  ): UpdateFault | null {
    if (new Set([...participant.announced, ...clients]).size > liveLimits.clientsPerConnection) return tooMany
    if (!clients.every(isClientId)) return malformed
    for (const client of clients) {
      const holder = this.#holders.get(client)
      if (isTaken(client) || (holder && !isOfSamePage(holder, participant))) return clientTaken
    }
    for (const client of clients) {
      participant.announced.add(client)
      this.#holders.set(client, participant)
    }
    return null
  }

  /** Forgets what a connection announced. */
  leave(participant: Participant): void {
    for (const client of participant.announced) if (this.isOf(client, participant)) this.#holders.delete(client)
  }
}

/**
 * A page that comes back before its broken connection was given up keeps its id. A plain client does not say which page it
 * is: of those, the account decides.
 */
const isOfSamePage = (a: Participant, b: Participant): boolean =>
  a === b || (a.account.id === b.account.id && a.connection.page === b.connection.page)
