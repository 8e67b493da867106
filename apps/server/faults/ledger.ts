import type { Edit } from '@tamga/collab'

/** One edit that an editor wrote into its copy of the document, and what it was told of it. */
export interface Entry extends Edit {
  readonly account: string
  readonly epoch: number
  readonly client: number
  /** The client's clock right after it. */
  readonly clock: number
  /** It may not stand, and its editor was let write it all the same. */
  readonly doomed: boolean
  /** By what it was learnt that it is stored: an acknowledgement, or the state that the server began with. */
  stored: 'acknowledged' | 'vector' | null
  /** The connection of its tab that stood, or stood last, when it was written. */
  readonly connection: number
  /**
   * If it did not stand, its tab had been told so when it was acknowledged; or it may have been sent on an earlier
   * connection, which was told and did not hear it.
   */
  noticed: boolean
  /** Its tab ended: it was written again by another one, or set aside there. */
  passedOn: boolean
  /** It was stored, and a backup from before was put back: it is nowhere any more. */
  undone: boolean
}

/** A disagreement, in words: the round has failed. */
export class Broken extends Error {}

/** All that was written in a round, and what the server said it has. */
export class Ledger {
  readonly entries: Entry[] = []
  /** Whose each client id is. */
  readonly accounts = new Map<number, string>()
  /** Up to which clock of each client the server has said that all is stored. */
  readonly stored = new Map<number, number>()
  /** What went wrong while the round ran, in order. */
  readonly wrong: string[] = []
  /** A backup was put back: pages may know another history. */
  restored = false

  write(entry: Entry): void {
    this.entries.push(entry)
    this.accounts.set(entry.client, entry.account)
  }

  markStored(entry: Entry, how: 'acknowledged' | 'vector', noticed: boolean): void {
    entry.stored = how
    entry.noticed = noticed
    this.stored.set(entry.client, Math.max(this.stored.get(entry.client) ?? 0, entry.clock))
  }

  /** A backup was put back, which holds the clients up to these clocks: what was stored since is gone. */
  putBack(clocks: ReadonlyMap<number, number>): void {
    this.restored = true
    const isThere = (client: number, clock: number) => clock <= (clocks.get(client) ?? 0)
    for (const entry of this.entries) if (entry.stored && !isThere(entry.client, entry.clock)) entry.undone = true
    for (const [client, clock] of this.stored)
      if (!isThere(client, clock)) this.stored.set(client, clocks.get(client) ?? 0)
  }

  /** What is stored by now, of one document: whoever joins later must find it. */
  floor(epoch: number): ReadonlyMap<number, number> {
    const floor = new Map<number, number>()
    for (const entry of this.entries)
      if (entry.stored && !entry.undone && entry.epoch === epoch)
        floor.set(entry.client, Math.max(floor.get(entry.client) ?? 0, entry.clock))
    return floor
  }

  note(wrong: string): void {
    this.wrong.push(wrong)
  }
}

/** The first client whose clock falls short of a floor, in words; null if none does. */
export function shortOf(floor: ReadonlyMap<number, number>, has: ReadonlyMap<number, number>): string | null {
  for (const [client, clock] of floor) {
    const there = has.get(client) ?? 0
    if (there < clock) return `client ${client} stands at ${there}, and ${clock} was acknowledged`
  }
  return null
}
