import {
  closeCodes,
  decodeAwareness,
  decodeMessage,
  encodeMessage,
  liveLimits,
  type AwarenessEntry,
  type CloseCode,
  type Message,
} from '@tamga/collab'
import { Problem } from '@tamga/model'
import * as Y from 'yjs'
import type { World } from '../world.ts'
import { failureOf } from './failure.ts'
import { flush, flushOwn, type Flushed, type Incoming } from './flush.ts'
import { Replica } from './replica.ts'
import { RoomPresence } from './room-presence.ts'
import { Seat, type Peer } from './seat.ts'
import type { Ground } from './store.ts'
import type { Write } from './write.ts'

/** A write of the server's own that waits its turn. */
interface OwnWrite {
  readonly account: string
  readonly write: Write
  done(): void
  failed(error: unknown): void
}

/** Updates a flush: each frame merges them, and merging costs with the square of their number. */
const BATCH = 100
const ATTEMPTS = 3
/** What one connection may have waiting. */
const QUEUED_BYTES = 4 * 1024 * 1024

/**
 * The live room of one layer: the protocol, without sockets. Nothing is applied on receipt: what arrives waits for the
 * next flush, and only what a flush has committed is acknowledged, sent to others, or served to somebody who joins.
 */
export class Room {
  readonly ground: Ground
  readonly #world: World
  readonly #onDrop: () => void
  readonly #seats = new Map<Peer, Seat>()
  readonly #presence = new RoomPresence()
  readonly #queue: (Incoming | OwnWrite)[] = []
  #replica: Replica
  #running: Promise<void> | null = null
  // joins and greetings that came while a flush ran: they wait for what is durable
  #afterFlush: (() => void)[] = []
  #dropped = false

  private constructor(world: World, replica: Replica, onDrop: () => void) {
    this.#world = world
    this.#replica = replica
    this.#onDrop = onDrop
    this.ground = replica.ground
  }

  /** Opens a room on a layer's whole document. Throws if it cannot be loaded. `onDrop` is called when the room is lost. */
  static async open(world: World, ground: Ground, onDrop: () => void): Promise<Room> {
    return new Room(world, await Replica.load(world.db, ground), onDrop)
  }

  get dropped(): boolean {
    return this.#dropped
  }

  /** The accounts that are in the room. */
  get accounts(): string[] {
    return [...new Set([...this.#seats.keys()].map(({ account }) => account.id))]
  }

  enter(peer: Peer): void {
    const seat = new Seat(peer, this.#now())
    this.#seats.set(peer, seat)
    this.#whenDurable(() => seat.send({ type: 'step1', vector: Y.encodeStateVector(this.#replica.doc) }))
  }

  leave(peer: Peer): void {
    const seat = this.#seats.get(peer)
    if (seat) this.#presence.leave(seat)
    this.#seats.delete(peer)
  }

  /** Takes one frame from a connection that entered. */
  receive(peer: Peer, frame: Uint8Array): void {
    const seat = this.#seats.get(peer)
    if (!seat || peer.closed) return
    const message = decodeMessage(frame)
    switch (message?.type) {
      case 'step1':
        return this.#answer(seat, message.vector)
      case 'step2':
      case 'update':
        return this.#receiveUpdate(seat, message.type, message.update)
      case 'awareness':
        return this.#receivePresence(seat, message.update)
      case 'queryAwareness':
        return this.#tellPresence(seat)
      default:
        return this.#close(seat, closeCodes.malformed, 'not a message of a client')
    }
  }

  /** Queues a write of the server's own; resolves when it is committed. Rejects with what refused it. */
  write(account: string, write: Write): Promise<void> {
    return new Promise((done, failed) => this.#enqueue({ account, write, done, failed }))
  }

  /** Sends what changed of who is where, as one frame. */
  sendPresence(): void {
    const update = this.#presence.takeChanged()
    if (update) this.#toAll({ type: 'awareness', update })
  }

  /** Waits until all that arrived is written or refused. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  #answer(seat: Seat, vector: Uint8Array): void {
    if (!seat.takeQuestion(this.#now())) return this.#close(seat, closeCodes.limits, 'too many questions')
    this.#whenDurable(() => {
      try {
        seat.send({ type: 'step2', update: Y.encodeStateAsUpdate(this.#replica.doc, vector) })
        seat.send({ type: 'awareness', update: this.#presence.all() })
        seat.answered = true
      } catch {
        this.#close(seat, closeCodes.malformed, 'no state vector')
      }
    })
  }

  #tellPresence(seat: Seat): void {
    if (!seat.takeQuestion(this.#now())) return this.#close(seat, closeCodes.limits, 'too many questions')
    seat.send({ type: 'awareness', update: this.#presence.all() })
  }

  #receiveUpdate(seat: Seat, type: 'step2' | 'update', bytes: Uint8Array): void {
    const n = ++seat.received
    if (!seat.takeUpdate(this.#now())) return this.#close(seat, closeCodes.limits, 'too many updates')
    // what is typed before the first step 2 is in it again
    if (type === 'update' && !seat.synced) return
    const maxBytes = seat.synced ? liveLimits.updateBytes : liveLimits.stepTwoBytes
    seat.synced = true
    seat.queuedBytes += bytes.length
    if (seat.queuedBytes > QUEUED_BYTES) return this.#close(seat, closeCodes.limits, 'too much at once')
    this.#enqueue({ seat, presence: null, bytes, maxBytes, n })
  }

  #receivePresence(seat: Seat, update: Uint8Array): void {
    const entries = decodeAwareness(update)
    if (!entries) return this.#close(seat, closeCodes.malformed, 'no awareness')
    if (!seat.takePresence(this.#now())) return this.#close(seat, closeCodes.limits, 'too much presence')
    for (const entry of entries) if (!seat.expelled) this.#receiveEntry(seat, entry)
  }

  #receiveEntry(seat: Seat, entry: AwarenessEntry): void {
    const owner = this.#replica.clients.get(entry.client)
    // y-websocket sends back what it heard of others: theirs alone counts
    if (owner !== undefined && owner !== seat.account.id) return
    if (entry.bytes > liveLimits.presenceBytes) return this.#close(seat, closeCodes.limits, 'presence too large')
    if (owner !== undefined) return this.#putPresence(seat, entry)
    // a new id is bound by the next flush; leaving is not worth one
    if (entry.state === null) return
    const fault = seat.uses(entry.client)
    if (fault) return this.#close(seat, fault.close, fault.reason)
    this.#enqueue({ seat, presence: entry, bytes: null, maxBytes: 0, n: 0 })
  }

  #putPresence(seat: Seat, entry: AwarenessEntry): void {
    const fault = seat.uses(entry.client)
    if (fault) this.#close(seat, fault.close, fault.reason)
    else if (!seat.closed) this.#presence.put(seat, entry)
  }

  #enqueue(item: Incoming | OwnWrite): void {
    this.#queue.push(item)
    this.#running ??= this.#run()
  }

  /** Runs `act` when what the room holds in memory is what the database holds: at once, or after the running flush. */
  #whenDurable(act: () => void): void {
    if (this.#running) this.#afterFlush.push(act)
    else act()
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // what arrives in the same turn goes into the same transaction
      await new Promise((resolve) => setImmediate(resolve))
      await this.#next()
      const acts = this.#afterFlush
      this.#afterFlush = []
      for (const act of acts) act()
    }
    // here and not in a `then`: nothing may be queued between the last look at the queue and this
    this.#running = null
  }

  #next(): Promise<void> {
    const [first] = this.#queue
    return first && 'write' in first
      ? this.#roundOfOwn(this.#queue.shift() as OwnWrite)
      : this.#round(this.#takeBatch())
  }

  #takeBatch(): Incoming[] {
    const end = this.#queue.findIndex((item) => 'write' in item)
    const batch = this.#queue.splice(0, Math.min(BATCH, end < 0 ? this.#queue.length : end)) as Incoming[]
    for (const { seat, bytes } of batch) seat.queuedBytes -= bytes?.length ?? 0
    return batch
  }

  async #round(batch: readonly Incoming[], attempt = 1): Promise<void> {
    if (this.#dropped) return
    try {
      this.#publish(await flush(this.#world, this.#replica, batch), batch)
    } catch (error) {
      const failure = failureOf(error)
      if (failure === 'lost' || !(await this.#reload())) return this.#drop(error)
      if (failure === 'busy') return attempt < ATTEMPTS ? this.#round(batch, attempt + 1) : this.#drop(error)
      // the database refused a value: find whose, and let nobody else pay for it
      if (batch.length > 1) for (const item of batch) await this.#round([item])
      else this.#close(batch[0]!.seat, closeCodes.malformed, 'the database refuses it')
    }
  }

  async #roundOfOwn(own: OwnWrite, attempt = 1): Promise<void> {
    if (this.#dropped) return own.failed(new Problem('busy'))
    try {
      this.#publish(await flushOwn(this.#world, this.#replica, own.account, own.write), [])
      own.done()
    } catch (error) {
      const failure = failureOf(error)
      const stands = failure !== 'lost' && (await this.#reload())
      if (stands && failure === 'busy' && attempt < ATTEMPTS) return this.#roundOfOwn(own, attempt + 1)
      own.failed(failure === 'busy' ? new Problem('busy') : error)
      if (!stands) this.#drop(error)
    }
  }

  /** After a rollback: brings the copy back to what the database holds. False if that cannot be done. */
  async #reload(): Promise<boolean> {
    if (!this.#replica.ahead) return true
    const { seq, unsent } = this.#replica
    try {
      this.#replica = await Replica.load(this.#world.db, this.ground)
    } catch {
      return false
    }
    // what this copy had caught up with is stored, and those who are here still lack it
    this.#replica.unsent = unsent
    // somebody else wrote meanwhile: those who are here would miss it
    return this.#replica.seq === seq
  }

  #publish(flushed: Flushed, batch: readonly Incoming[]): void {
    const [update] = flushed.updates
    const merged = flushed.updates.length > 1 ? Y.mergeUpdates([...flushed.updates]) : update
    if (merged) this.#toAll({ type: 'update', update: merged })
    for (const [seat, refusals] of flushed.refusals)
      if (seat.peer.wantsAcks) for (const refusal of refusals) seat.send({ type: 'refusal', refusal })
    for (const [seat, fault] of flushed.faults) this.#close(seat, fault.close, fault.reason)
    for (const { seat, presence } of batch) if (presence && !seat.expelled) this.#putPresence(seat, presence)
    const counts = new Map(batch.filter(({ bytes }) => bytes).map(({ seat, n }) => [seat, n]))
    for (const [seat, count] of counts) if (seat.peer.wantsAcks) seat.send({ type: 'ack', count })
    if (flushed.told) this.#world.bell.ring()
  }

  #toAll(message: Message): void {
    const frame = encodeMessage(message)
    for (const seat of this.#seats.values()) if (seat.answered) seat.peer.send(frame)
  }

  #close(seat: Seat, code: CloseCode, reason: string): void {
    seat.expelled = true
    seat.peer.close(code, reason)
    this.leave(seat.peer)
  }

  /** Gives the room up: the database failed under it. Clients come back and send again what was not acknowledged. */
  #drop(error: unknown): void {
    console.error(`live room ${this.ground.layer} dropped:`, error instanceof Error ? error.message : error)
    this.#dropped = true
    this.#onDrop()
    for (const item of this.#queue.splice(0)) if ('write' in item) item.failed(new Problem('busy'))
    for (const seat of [...this.#seats.values()]) this.#close(seat, closeCodes.again, 'the room was lost')
  }

  readonly #now = (): number => this.#world.now().getTime()
}
