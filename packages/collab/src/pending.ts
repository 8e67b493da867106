import * as Y from 'yjs'
import type { LayerDoc } from './layer-doc.ts'

/** One local transaction that is not yet known to be durable. */
interface Unsaved {
  readonly client: number
  /** The client's clock right after it. */
  readonly clock: number
  readonly ids: ReadonlySet<string>
}

/**
 * What of my own work is not yet in the server's database. The durable clock comes from acknowledgements (message 120: so
 * many of this connection's document messages are stored) and, after a reconnect, from the vector in the server's step 1.
 */
export class Pending {
  readonly #doc: Y.Doc
  readonly #stop: () => void
  readonly #durable = new Map<number, number>()
  readonly #listeners = new Set<() => void>()
  #unsaved: Unsaved[] = []
  // the client ids under which this document was written in here
  readonly #own = new Set<number>()
  // own clocks at each document message of this connection that is not acknowledged yet
  #sent: { n: number; clocks: ReadonlyMap<number, number> }[] = []
  #count = 0

  constructor(layer: LayerDoc) {
    this.#doc = layer.doc
    this.#stop = layer.observe((ids, local) => {
      if (!local) return
      this.#own.add(this.#doc.clientID)
      this.#unsaved.push({ client: this.#doc.clientID, clock: this.#clock(this.#doc.clientID), ids })
      this.#tell()
    })
  }

  dispose(): void {
    this.#stop()
    this.#listeners.clear()
  }

  /** How many edits are not acknowledged: the sum of own clock − durable clock over this tab's client ids. */
  get count(): number {
    const own = new Set(this.#unsaved.map(({ client }) => client))
    return [...own].reduce((sum, client) => sum + this.#clock(client) - this.#durableClock(client), 0)
  }

  /** The annotations that carry an edit of mine which is not acknowledged. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#unsaved.flatMap(({ ids }) => [...ids]))
  }

  /** True if the server is known to have a client's acts up to this clock. */
  isDurable(client: number, clock: number): boolean {
    return clock <= this.#durableClock(client)
  }

  /** A socket opened: the server counts its messages from 0 again. */
  connected(): void {
    this.#sent = []
    this.#count = 0
  }

  /** A document message (step 2 or update) leaves on this connection: it covers all that was written so far. */
  sent(): void {
    const clients = new Set(this.#unsaved.map(({ client }) => client))
    this.#sent.push({ n: ++this.#count, clocks: new Map([...clients].map((client) => [client, this.#clock(client)])) })
  }

  /** Message 120: the first `count` document messages of this connection are durable. */
  acknowledged(count: number): void {
    const covered = this.#sent.filter(({ n }) => n <= count)
    this.#sent = this.#sent.filter(({ n }) => n > count)
    for (const { clocks } of covered) this.#raise(clocks)
    this.#settle()
  }

  /** The state vector of the server's step 1: what it has is durable. */
  durable(vector: Uint8Array): void {
    this.#raise(Y.decodeStateVector(vector))
    this.#settle()
  }

  /**
   * True if this document has, by the vector in a server's step 1, more than the server, beside what was not acknowledged:
   * the server was put back to an earlier state. Ask before `durable`.
   */
  isAheadOf(vector: Uint8Array): boolean {
    const has = Y.decodeStateVector(vector)
    return [...this.#doc.store.clients.keys()].some((client) => {
      const known = this.#own.has(client) ? this.#durableClock(client) : this.#clock(client)
      return known > (has.get(client) ?? 0)
    })
  }

  /** Calls back when the count or the annotations changed. Returns what ends it. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #raise(clocks: ReadonlyMap<number, number>): void {
    for (const [client, clock] of clocks) if (clock > this.#durableClock(client)) this.#durable.set(client, clock)
  }

  #settle(): void {
    this.#unsaved = this.#unsaved.filter(({ client, clock }) => clock > this.#durableClock(client))
    this.#tell()
  }

  #clock(client: number): number {
    return Y.getState(this.#doc.store, client)
  }

  #durableClock(client: number): number {
    return this.#durable.get(client) ?? 0
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
