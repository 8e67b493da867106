import { LayerDoc, ROOT, SERVER_CLIENT } from '@tamga/collab'
import { emptyLabelSet, type Annotation, type LabelSet, type Plain } from '@tamga/model'
import * as Y from 'yjs'
import type { Db } from '../db/open.ts'
import { authorsOf, clientsOf, headOf, logAfter, type Ground } from './store.ts'

/**
 * The server's copy of one layer's document, replayed from the log, with what was accepted so far: the values by key, the
 * annotations they make, and whose they are. Changed only inside a flush.
 */
export class Replica {
  readonly ground: Ground
  readonly doc = new Y.Doc()
  readonly map: Y.Map<unknown>
  readonly layer: LayerDoc
  readonly values = new Map<string, Plain>()
  readonly annotations = new Map<string, Annotation>()
  readonly creators = new Map<string, string>()
  readonly editors = new Map<string, string>()
  /** Whose each client id is, in this epoch. */
  readonly clients = new Map<number, string>()
  epoch = 0
  seq = 0
  labels: LabelSet = emptyLabelSet
  /** The number of the label set that `labels` is. */
  labelSet: number | null = null
  /** True from the first change that is not yet committed: if the commit fails, this copy is ahead of the database. */
  ahead = false
  /** What another process wrote and this copy took from the log, until those in the room have it too. */
  unsent: Uint8Array[] = []

  private constructor(ground: Ground) {
    this.ground = ground
    this.map = this.doc.getMap(ROOT)
    this.layer = new LayerDoc(this.doc, () => this.rules)
  }

  /** Loads a layer's document. Throws what keeps it from being whole; nobody is served half of one. */
  static async load(db: Db, ground: Ground): Promise<Replica> {
    const replica = new Replica(ground)
    const head = await headOf(db, ground.layer)
    replica.epoch = head.epoch
    await replica.catchUp(db, head.seq)
    replica.unsent = []
    return replica
  }

  get rules() {
    return { text: this.ground.text, labels: this.labels }
  }

  /** Applies what the log holds beyond this copy, up to a number. */
  async catchUp(db: Db, upto: number): Promise<void> {
    const updates: Uint8Array[] = []
    for (let after = this.seq; after < upto;) {
      const rows = await logAfter(db, this.ground.layer, after, upto)
      const last = rows.at(-1)
      if (!last) throw new Error(`the log of ${this.ground.layer} ends at ${after}, its head at ${upto}`)
      updates.push(...rows.map(({ data }) => data))
      after = last.seq
    }
    Y.transact(this.doc, () => updates.forEach((update) => Y.applyUpdate(this.doc, update)))
    if (this.doc.store.pendingStructs || this.doc.store.pendingDs)
      throw new Error(`the log of ${this.ground.layer} has a gap before ${upto}`)
    // replaying the server's own structs makes Yjs think that somebody else uses its id
    this.doc.clientID = SERVER_CLIENT
    this.seq = upto
    this.#readDocument()
    this.unsent.push(...updates)
    await this.#readOwners(db)
  }

  #readDocument(): void {
    for (const [key, value] of this.map.entries()) this.values.set(key, value as Plain)
    for (const id of this.layer.ids()) {
      const annotation = this.layer.read(id)
      if (annotation) this.annotations.set(id, annotation)
    }
  }

  async #readOwners(db: Db): Promise<void> {
    for (const { id, creator, last_editor } of await authorsOf(db, this.ground.layer)) {
      this.creators.set(id, creator)
      this.editors.set(id, last_editor)
    }
    for (const { client, account } of await clientsOf(db, this.ground.layer, this.epoch))
      this.clients.set(client, account)
  }
}
