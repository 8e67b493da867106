import {
  earlierBaseClient,
  EPOCH_ROOT,
  isServerClient,
  LayerDoc,
  ROOT,
  structsOf,
  type ServerClients,
} from '@tamga/collab'
import { emptyLabelSet, type Annotation, type LabelSet, type Plain, type Role } from '@tamga/model'
import * as Y from 'yjs'
import type { Db } from '../db/open.ts'
import { takeAs, type DocumentMap } from './accept.ts'
import { drawServerClients } from './server-clients.ts'
import { authorsOf, clientsOf, headOf, logAfter, snapshotOf, type LayerInfo } from './store.ts'

/** One row of a layer's log: what one account's update did. */
export interface LogRow {
  readonly account: string
  readonly data: Uint8Array
}

/** Thrown where a copy of one document meets the log of another: the copy is of no use any more. */
export class OtherEpoch extends Error {
  readonly layer: string
  constructor(layer: string, mine: number, theirs: number) {
    super(`${layer} is at epoch ${theirs}, not ${mine}`)
    this.layer = layer
  }
}

/** Thrown where a log builds on something that it does not hold: its document cannot be made from it. */
export class LogGap extends Error {
  readonly epoch: number
  constructor(layer: string, epoch: number, before: number) {
    super(`the log of ${layer} has a gap before ${before}`)
    this.epoch = epoch
  }
}

/** Thrown where the database is behind a copy that was made from it: it was put back to an earlier state. */
export class WentBack extends Error {
  constructor(layer: string, from: number, to: number) {
    super(`the log of ${layer} went back from ${from} to ${to}: was a backup restored?`)
  }
}

/** From so many rows on a copy is read anew rather than carried on row by row. */
const ROW_BY_ROW = 500

/** After somebody else wrote here, so many flushes ask. */
const DOUBTS = 100

/**
 * The server's copy of one layer's document, from its snapshot and the log after it, with what was accepted so far: the
 * values by key, the annotations they make, and whose they are. Changed only inside a flush.
 */
export class Replica {
  readonly info: LayerInfo
  readonly doc = new Y.Doc()
  readonly map: DocumentMap
  readonly layer: LayerDoc
  readonly values = new Map<string, Plain>()
  readonly annotations = new Map<string, Annotation>()
  readonly creators = new Map<string, string>()
  readonly editors = new Map<string, string>()
  /** Whose each client id is, in this epoch. */
  readonly clients = new Map<number, string>()
  epoch = 0
  seq = 0
  /** Up to where the last snapshot goes, and how many bytes of log came after it. */
  snapshotSeq = 0
  tailBytes = 0
  labels: LabelSet = emptyLabelSet
  /** The number of the label set that `labels` is. */
  labelSet: number | null = null
  /** True from the first change that is not yet committed: if the commit fails, this copy is ahead of the database. */
  ahead = false
  /**
   * The roles of those who wrote, while the layer is plain: open, not withdrawn, nothing in it decided, not signed off. Null
   * if it is not, or not known.
   */
  plainRoles: Map<string, Role> | null = null
  /** False if an earlier release wrote this document, and nobody has compared it with its rows yet. */
  verified = true
  /** True while a transaction beside the flushes holds the head. */
  isHeld = false
  /** How many flushes have to ask, since somebody else writes here too. */
  #doubts = 0
  /** What another process wrote and this copy took from the log, until those in the room have it too. */
  unsent: Uint8Array[] = []

  /** The client ids under which this copy writes. */
  readonly serverClients: ServerClients

  private constructor(info: LayerInfo, serverClients = drawServerClients()) {
    this.info = info
    this.serverClients = serverClients
    this.doc.clientID = serverClients.corrections
    this.map = this.doc.getMap(ROOT)
    this.layer = new LayerDoc(this.doc, () => this.rules)
  }

  /** A copy of a layer that nobody has written yet. */
  static empty(info: LayerInfo, epoch = 1, serverClients?: ServerClients): Replica {
    const replica = new Replica(info, serverClients)
    replica.epoch = epoch
    return replica
  }

  /** Loads a layer's document. Throws what keeps it from being whole; nobody is served half of one. */
  static async load(db: Db, info: LayerInfo): Promise<Replica> {
    const replica = new Replica(info)
    const head = await headOf(db, info.layer)
    Object.assign(replica, { epoch: head.epoch, verified: head.log_verified })
    const snapshot = await snapshotOf(db, info.layer, head.epoch)
    if (snapshot) {
      Y.applyUpdate(replica.doc, snapshot.state)
      replica.seq = snapshot.seq
    } else if (head.epoch > 1) throw new Error(`the document ${head.epoch} of ${info.layer} has no snapshot`)
    replica.snapshotSeq = replica.seq
    // a snapshot may be newer than the head that was read before it
    await replica.#replay(db, Math.max(head.seq, replica.seq))
    await replica.#readOwners(db)
    return replica
  }

  get rules() {
    return { text: this.info.text, labels: this.labels }
  }

  /**
   * The client id that began this epoch's document; null in the first epoch. Whoever has this document has something of that
   * id, and whoever has another has not.
   */
  get base(): number | null {
    if (this.epoch === 1) return null
    const base = this.doc.getMap(EPOCH_ROOT)._map.get(EPOCH_ROOT)?.id.client ?? earlierBaseClient(this.epoch)
    // an earlier release left nothing in a document that began empty
    return Y.getState(this.doc.store, base) === 0 ? null : base
  }

  /** Notes how a flush that asked found the layer, and which roles these accounts have there. */
  learn(isPlain: boolean, accounts: readonly string[], roles: Readonly<Record<string, Role>>): void {
    this.#doubts = Math.max(0, this.#doubts - 1)
    if (!isPlain) return void (this.plainRoles = null)
    const known = (this.plainRoles ??= new Map())
    for (const account of accounts)
      if (roles[account]) known.set(account, roles[account])
      else known.delete(account)
  }

  /** Will a flush of these accounts find everything as the last one left it, as far as can be told? */
  expects(accounts: readonly string[]): boolean {
    const { plainRoles } = this
    if (this.#doubts > 0 || this.isHeld || plainRoles === null) return false
    return accounts.every((account) => plainRoles.has(account))
  }

  /** Somebody else writes here: for a while nothing is expected. */
  doubt(): void {
    this.#doubts = DOUBTS
  }

  /** Takes the place of an earlier copy, for those who saw that one. Throws if what lies between is not there any more. */
  async succeed(earlier: Replica, db: Db): Promise<void> {
    if (this.epoch === earlier.epoch && this.seq < earlier.seq)
      throw new WentBack(this.info.layer, earlier.seq, this.seq)
    if (this.epoch === earlier.epoch)
      // what that one had caught up with, or what was written meanwhile
      this.unsent = [...earlier.unsent, ...(await this.#since(db, earlier.seq))]
    this.#doubts = this.seq > earlier.seq ? DOUBTS : earlier.#doubts
  }

  /**
   * Whose a client id is: an account; '' where the document knows the id and nobody owns it, as with the server's own;
   * undefined while nobody has written under it.
   */
  ownerOf(client: number): string | undefined {
    return this.clients.get(client) ?? (Y.getState(this.doc.store, client) > 0 ? '' : undefined)
  }

  /** How many client ids the document knows. */
  get clientIds(): number {
    return this.doc.store.clients.size
  }

  /** How much of the document is history: structs that Yjs keeps, keys that say something, client ids. Walks through all of it. */
  get size() {
    return { structs: structsOf(this.doc), keys: this.map.size, clients: this.clientIds }
  }

  /** Takes in what the log holds beyond this copy, up to a number. Those in the room lack it until it is sent. */
  async catchUp(db: Db, upto: number): Promise<void> {
    if (upto <= this.seq) return
    this.doubt()
    if (upto - this.seq > ROW_BY_ROW) {
      const wasAhead = this.ahead
      // if it fails in between, the copy is not whole
      this.ahead = true
      this.unsent.push(...(await this.#replay(db, upto)))
      await this.#readOwners(db)
      this.ahead = wasAhead
      return
    }
    this.take(await rowsBetween(db, this.info.layer, this.seq, upto), upto)
  }

  /** Takes in rows that follow this copy, one by one, each under its author. */
  take(rows: readonly LogRow[], upto: number): void {
    this.doubt()
    for (const { account, data } of rows) {
      for (const client of Y.parseUpdateMeta(data).from.keys())
        if (!isServerClient(client) && !this.clients.has(client)) this.clients.set(client, account)
      takeAs(this, account, () => Y.applyUpdate(this.doc, data))
      this.unsent.push(data)
      this.tailBytes += data.length
    }
    this.#whole(upto)
  }

  /** Applies the rows up to a number at once, which is quicker for many, and reads what they make. */
  async #replay(db: Db, upto: number): Promise<Uint8Array[]> {
    const updates = (await rowsBetween(db, this.info.layer, this.seq, upto)).map(({ data }) => data)
    Y.transact(this.doc, () => updates.forEach((update) => Y.applyUpdate(this.doc, update)))
    this.#whole(upto)
    this.tailBytes += updates.reduce((sum, { length }) => sum + length, 0)
    for (const [key, value] of this.map.entries()) this.values.set(key, value as Plain)
    for (const id of this.layer.ids()) {
      const annotation = this.layer.read(id)
      if (annotation) this.annotations.set(id, annotation)
    }
    return updates
  }

  async #since(db: Db, seq: number): Promise<Uint8Array[]> {
    const rows = await rowsBetween(db, this.info.layer, seq, this.seq)
    return rows.map(({ data }) => data)
  }

  /** After rows were applied: nothing may be missing. */
  #whole(upto: number): void {
    if (this.doc.store.pendingStructs || this.doc.store.pendingDs) throw new LogGap(this.info.layer, this.epoch, upto)
    this.seq = upto
  }

  async #readOwners(db: Db): Promise<void> {
    for (const { id, creator, last_editor } of await authorsOf(db, this.info.layer)) {
      this.creators.set(id, creator)
      this.editors.set(id, last_editor)
    }
    for (const { client, account } of await clientsOf(db, this.info.layer, this.epoch))
      this.clients.set(client, account)
  }
}

async function rowsBetween(db: Db, layer: string, from: number, upto: number): Promise<LogRow[]> {
  const all: LogRow[] = []
  for (let after = from; after < upto;) {
    const rows = await logAfter(db, layer, after, upto)
    const last = rows.at(-1)
    // rows are numbered without holes: one that is missing was covered by a snapshot and dropped, or is lost
    if (!last || last.seq !== after + rows.length)
      throw new Error(`the log of ${layer} ends at ${after}, its head at ${upto}`)
    all.push(...rows)
    after = last.seq
  }
  return all
}
