import { closeCodes, decodeMessage, serverClients, type CloseCode, type Message } from '@tamga/collab'
import { LabelSet, type Content, type ProblemCode } from '@tamga/model'
import * as Y from 'yjs'
import type { Bus } from '../bus.ts'
import { silent } from '../log.ts'
import { Metrics } from '../metrics.ts'
import type { Services } from '../services.ts'
import { baseOf } from './epoch.ts'
import { settle } from './flush.ts'
import { OtherEpoch, Replica, type LogRow } from './replica.ts'
import { Room, type RoomKeeper } from './room.ts'
import { countsMoved, rowsOf, type LayerRows } from './rows.ts'
import type { RoomConnection, PublicAccount } from './participant.ts'
import type { LayerInfo } from './store.ts'
import { claimsOf, decode, takeAll, type Batch, type Taken } from './take.ts'

/** Ten places for each of six people, with letters of two scripts and characters of two code units. */
export const TEXT =
  'Ақтөбе-де Қазақстан халқы 👩🏽‍🚀 Ассамблеясының форумы өтті: Форумға жүз адам қатысты, Анна мен Bob келді.'

const colour = { hue: 1, light: 0.5, dark: 0.75 }
const label = (id: string) => ({ id, code: id, name: {}, colour })
const attribute = (id: string) => ({ id, code: id, name: {}, type: 'text' as const, labels: own })
const own = Array.from({ length: 24 }, (_, i) => `L${i}`)

/** A label that pages believe in and the server never had. */
export const GHOST = 'ghost'
export const labels = LabelSet.parse({
  labels: own.map(label),
  attributes: ['note', 'norm'].map(attribute),
  relations: [{ id: 'in', code: 'IN', name: {} }],
})
export const pageLabels = LabelSet.parse({ ...labels, labels: [...labels.labels, label(GHOST)] })

// somebody's own: who is where is told to no other process
const info: LayerInfo = { layer: 'l', owner: 'o', revision: 'r', text: TEXT, article: 'a', project: 'p' }

type Annotations = LayerRows['annotations'][number]

/** What the database holds of one layer. Changed at a commit, all at once. */
export class Stored {
  epoch = 1
  seq = 0
  /** The last snapshot, and the log of this epoch. */
  base: { readonly state: Uint8Array; readonly seq: number } | null = null
  log: LogRow[] = []
  clients = new Map<number, string>()
  readonly rows = new Map<string, Annotations>()
  readonly changes: LayerRows['changes'][number][] = []
  readonly asides: LayerRows['asides'][number][] = []
  annotated = 0
  /** What a server that starts now would serve. */
  doc = new Y.Doc()
  /** Who is about to commit: everybody else waits. */
  holder: Process | null = null
  shut: ProblemCode | null = null
  readonly locked = new Set<string>()
  #drawn = 0

  commit(written: readonly LogRow[], rows: LayerRows, moved: number, clients: ReadonlyMap<number, string>): void {
    this.log.push(...written)
    this.seq += written.length
    for (const row of rows.annotations) this.rows.set(row.id, row)
    this.changes.push(...rows.changes)
    this.asides.push(...rows.asides)
    this.annotated += moved
    for (const [client, account] of clients) this.clients.set(client, account)
    for (const { data } of written) Y.applyUpdate(this.doc, data)
  }

  /** A new document from the rows; those in `old` have been gone for long. */
  beginEpoch(old: ReadonlySet<string>): void {
    this.epoch++
    const rows = [...this.rows.values()].filter(({ id }) => !old.has(id))
    const standing = rows.map((row) => ({
      ...row,
      content: row.content as Content,
      gone_at: row.gone ? new Date(0) : null,
    }))
    this.base = { state: baseOf(this.epoch, standing, this.#serverClients().writes), seq: this.seq }
    this.log = []
    this.clients = new Map()
    this.doc = new Y.Doc()
    Y.applyUpdate(this.doc, this.base.state)
  }

  /** Whoever loads it from now on begins here. */
  snapshot(): void {
    this.base = { state: Y.encodeStateAsUpdate(this.doc), seq: this.seq }
  }

  /** Ids of which each is drawn once; drawn by number, so that a seed tells the same story again. */
  #serverClients() {
    const n = Math.imul(++this.#drawn, 0x9e3779b1) >>> 0
    return serverClients(n, n)
  }

  rowsAfter(seq: number): LogRow[] {
    return this.log.slice(seq - (this.seq - this.log.length))
  }

  load(): Replica {
    const replica = Replica.empty(info, this.epoch, this.#serverClients())
    for (const [client, account] of this.clients) replica.clients.set(client, account)
    const base = this.base ? [{ account: '', data: this.base.state }] : []
    replica.take([...base, ...this.rowsAfter(this.base?.seq ?? 0)], this.seq)
    for (const { id, creator, last_editor } of this.rows.values()) {
      replica.creators.set(id, creator)
      replica.editors.set(id, last_editor)
    }
    Object.assign(replica, { labels, labelSet: 1, unsent: [] })
    return replica
  }
}

/** The two ends of one connection: what was sent and has not arrived. Cut, both are gone. */
export class Wire implements RoomConnection {
  readonly account: PublicAccount
  readonly wantsAcks = true
  readonly clients: readonly number[] | null
  readonly page = null
  closed = false
  up: Uint8Array[] = []
  down: Message[] = []
  /** What the server said last: it arrives after all else. */
  code: CloseCode | null = null

  constructor(account: string, clients: readonly number[] | null = null) {
    this.account = { id: account, name: account, colour: 1 }
    this.clients = clients
  }

  send(packet: Buffer): void {
    if (!this.closed) this.down.push(decodeMessage(bodyOf(packet))!)
  }

  close(code: CloseCode): void {
    this.closed = true
    this.code ??= code
  }

  together = (act: () => void): void => act()
}

const bodyOf = (packet: Buffer): Uint8Array => {
  const length = packet[1]!
  return new Uint8Array(packet.subarray(length < 126 ? 2 : length === 126 ? 4 : 10))
}

const metrics = new Metrics()

/** A flush between its begin and its commit. */
interface Flush {
  readonly batch: Batch
  readonly taken: Taken
  readonly rows: LayerRows
  readonly clients: ReadonlyMap<number, string>
}

/** How a flush ends: as it should; the connection fails before or after the commit. */
export type Outcome = 'committed' | 'lost' | 'unknown'

/** One server: the room with all its rules, over `Stored` in place of a database, told by `shares` what others wrote. */
export class Process {
  readonly shares: Uint8Array[] = []
  readonly wires = new Set<Wire>()
  readonly #stored: Stored
  readonly #others: () => readonly Process[]
  readonly #services: Services
  #room: Room | null = null
  #hear: (body: Uint8Array) => void = () => undefined
  #flush: Flush | null = null

  constructor(stored: Stored, others: () => readonly Process[], now: () => Date) {
    this.#stored = stored
    this.#others = others
    const bus: Bus = {
      self: '',
      shared: true,
      state: 'up',
      publish: (_, body) => this.#others().forEach((other) => other !== this && other.shares.push(body)),
      subscribe: (_, hear) => {
        this.#hear = (body) => hear(body, '')
        return () => undefined
      },
      close: () => Promise.resolve(),
    }
    this.#services = { bus, metrics, log: silent, now } as unknown as Services
  }

  get replica(): Replica | null {
    return this.#room?.replica ?? null
  }

  get isFlushing(): boolean {
    return this.#flush !== null
  }

  /** Somebody comes who has the document of this epoch. */
  enter(wire: Wire, epoch: number): void {
    if (epoch !== this.#stored.epoch) return wire.close(closeCodes.epoch)
    this.#room ??= this.#open()
    if (this.#room.replica.epoch !== epoch) return wire.close(closeCodes.epoch)
    this.#reach(this.#room)
    this.wires.add(wire)
    this.#room.enter(wire)
  }

  /** As the handshake does: who comes finds all that was durable before. */
  #reach(room: Room): void {
    const { replica } = room
    if (this.#flush || replica.seq >= this.#stored.seq) return
    room.begins()
    replica.take(this.#stored.rowsAfter(replica.seq), this.#stored.seq)
    room.ends()
  }

  receive(wire: Wire): void {
    const frame = wire.up.shift()
    if (frame) this.#room?.receive(wire, frame)
  }

  leave(wire: Wire): void {
    this.wires.delete(wire)
    this.#room?.leave(wire)
  }

  sendPresence(): void {
    this.#room?.sendPresence()
  }

  /** Hears what another process wrote; what does not follow on is read from the log, as after the time to wait for it. */
  hear(body: Uint8Array): void {
    const { replica } = this
    if (!replica) return
    const [epoch, from] = JSON.parse(Buffer.from(body).toString()) as [number, number]
    if (epoch === replica.epoch && from > replica.seq) this.poll()
    else this.#hear(body)
  }

  /** Reads what is new in the log, with nothing to write. */
  poll(): void {
    if (this.#begin(0)) this.finish('committed')
  }

  /** Locks the head, catches up, takes what waits. Answers if there is something to commit. */
  begin(most: number): boolean {
    return this.#begin(most)
  }

  finish(outcome: Outcome): void {
    const { batch, taken, rows, clients } = this.#flush!
    const room = this.#room!
    this.#flush = null
    this.#stored.holder = null
    const { replica } = batch
    const written = taken.applied.flatMap(({ account, update }) => (update ? [{ account, data: update }] : []))
    if (outcome !== 'lost') this.#stored.commit(written, rows, countsMoved(replica, taken.applied), clients)
    if (outcome === 'committed') room.publish(settle(batch, taken, rows, []), batch.items)
    else room.drop(new Error('the connection to the database broke'))
    room.ends()
  }

  /** As kill -9 does. What it had begun to commit is committed, or is not. */
  crash(isCommitted: boolean): void {
    const { replica } = this
    if (this.#flush && replica) {
      const { taken, rows, clients } = this.#flush
      const written = taken.applied.flatMap(({ account, update }) => (update ? [{ account, data: update }] : []))
      if (isCommitted) this.#stored.commit(written, rows, countsMoved(replica, taken.applied), clients)
      this.#stored.holder = null
    }
    this.#flush = null
    this.#room = null
    this.#hear = () => undefined
    for (const wire of this.wires) wire.closed = true
    this.wires.clear()
  }

  #open(): Room {
    const forget = (room: Room) => {
      if (this.#room === room) this.#room = null
    }
    const keeper = { flusher: { want: () => undefined }, forget } as unknown as RoomKeeper
    return new Room(this.#services, this.#stored.load(), keeper)
  }

  #begin(most: number): boolean {
    const room = this.#room
    const stored = this.#stored
    if (!room || this.#flush || stored.holder) return false
    const { replica } = room
    const items = room.takeBatch(most)
    if (most > 0 && items.length === 0) return false
    room.begins()
    if (stored.epoch !== replica.epoch) {
      room.drop(new OtherEpoch('l', replica.epoch, stored.epoch))
      room.ends()
      return false
    }
    stored.holder = this
    replica.take(stored.rowsAfter(replica.seq), stored.seq)
    const batch = { replica, items }
    const { decoded, clients } = this.#claim(batch)
    const context = { shut: stored.shut, closed: false, decided: false, locked: stored.locked }
    const taken = takeAll(
      batch,
      decoded,
      context,
      Object.fromEntries(items.map(({ participant }) => [participant.account.id, 'annotator' as const])),
    )
    this.#flush = { batch, taken, rows: rowsOf(replica, taken.applied, new Date(0)), clients }
    return true
  }

  /** Binds new client ids to who used them first. */
  #claim(batch: Batch) {
    const decoded = batch.items.map(decode)
    const clients = claimsOf(batch, decoded)
    for (const [id, account] of clients) batch.replica.clients.set(id, account)
    return { decoded, clients }
  }
}
