import * as Y from 'yjs'
import { packetOf } from './packet.ts'
import type { Replica } from './replica.ts'

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

  /** What somebody with this state vector lacks, as a step 2. Throws if it is no state vector. */
  lacking(replica: Replica, vector: Uint8Array): Buffer {
    if (vector.length !== 1 || vector[0] !== 0)
      return packetOf({ type: 'step2', update: Y.encodeStateAsUpdate(replica.doc, vector) })
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
