import { lackedBy } from '@tamga/collab'
import * as Y from 'yjs'
import { packetOf } from './packet.ts'
import type { Replica } from './replica.ts'

/** What is more than so many clocks is not made for one who asks: the whole is made once for all. */
const DIFFERENCE = 2000

/** A whole document as it stood at a number of the log. */
interface Made {
  readonly replica: Replica
  readonly seq: number
  readonly update: Uint8Array
  packet: Buffer | null
}

/** The document as those need it who have none of it, or a part: made once for all who come between two changes. */
export class SyncCache {
  #made: Made | null = null

  /** The copy has been replaced: what was made of it is of no more use. */
  forget(): void {
    this.#made = null
  }

  /** All of a copy's document, as one update. */
  updateOf(replica: Replica): Uint8Array {
    return this.#now(replica).update
  }

  /** What somebody who has these clocks lacks, as a step 2; the whole document if that is much of it. */
  lacking(replica: Replica, has: ReadonlyMap<number, number>): Buffer {
    if (has.size > 0 && lackedBy(has, replica.doc) <= DIFFERENCE)
      return packetOf({
        type: 'step2',
        update: Y.encodeStateAsUpdate(replica.doc, Y.encodeStateVector(known(has, replica.doc))),
      })
    const made = this.#now(replica)
    return (made.packet ??= packetOf({ type: 'step2', update: made.update }))
  }

  #now(replica: Replica): Made {
    const { doc, seq } = replica
    if (this.#made?.replica !== replica || this.#made.seq !== seq)
      this.#made = { replica, seq, update: Y.encodeStateAsUpdate(doc), packet: null }
    return this.#made
  }
}

/** The clocks of clients that a document knows: others say nothing of what it lacks. */
const known = (has: ReadonlyMap<number, number>, { store }: Y.Doc): Map<number, number> =>
  new Map([...has].filter(([client]) => store.clients.has(client)))
