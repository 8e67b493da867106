import type { LayerDoc } from '@tamga/collab'
import type { Trx } from './store.ts'

/** A write of the server's own into a layer: import, amend, a missed span. All of it is one transaction. */
export interface Write {
  /**
   * Writes by the document's verbs, with the head locked and the log caught up. May read through `trx` (and await nothing
   * else), and refuse by throwing a Problem before its first verb.
   */
  edit(layer: LayerDoc, trx: Trx): void | Promise<void>
  /** What belongs to it beyond the layer: runs after the annotation rows are written and before gold is refreshed. */
  also?(trx: Trx): Promise<unknown>
}
