import {
  baseClient,
  closeCodes,
  decodeAwareness,
  decodeMessage,
  liveLimits,
  type AwarenessEntry,
  type CloseCode,
  type Message,
} from '@tamga/collab'
import { Problem } from '@tamga/model'
import * as Y from 'yjs'
import type { World } from '../world.ts'
import { beginAnewIfWorth, Compaction } from './compaction.ts'
import { failureOf } from './failure.ts'
import { flushOwn, type Flushed } from './flush.ts'
import type { Flushable, Flusher } from './flusher.ts'
import { packetOf } from './packet.ts'
import type { Neighbours } from './neighbours.ts'
import { OtherEpoch, Replica } from './replica.ts'
import { RemotePresence } from './remote-presence.ts'
import { RoomPresence } from './room-presence.ts'
import { Seat, type Peer } from './seat.ts'
import { decodeShare, encodeShare, shareChannel, type Share } from './share.ts'
import { headOf, type Ground, type Head } from './store.ts'
import type { Incoming } from './take.ts'
import { Whole } from './whole.ts'
import type { Write } from './write.ts'

/** A write of the server's own that waits its turn. */
interface OwnWrite {
  readonly account: string
  readonly write: Write
  done(): void
  failed(error: unknown): void
}

const ATTEMPTS = 3
/** What one connection may have waiting. */
const QUEUED_BYTES = 4 * 1024 * 1024
/** Messages of other processes may overtake each other: one that is missing is waited for before the log is read. */
const OVERTAKEN_MS = 40

/** A load that takes longer is worth a line in the log. */
const SLOW_SECONDS = 2

/** What a room tells those who keep it. */
export interface RoomKeeper {
  readonly flusher: Pick<Flusher, 'want'>
  /** The other processes; without them nobody else is told who is in the room. */
  readonly neighbours?: Neighbours
  /** The room is lost or left for a new document: the next who comes gets another. */
  forget(room: Room): void
}

/**
 * The live room of one layer: the protocol, without sockets. Nothing is applied on receipt: what arrives waits for the
 * next flush, and only what a flush has committed is acknowledged, sent to others, or served to somebody who joins.
 */
export class Room implements Flushable {
  readonly ground: Ground
  readonly #world: World
  readonly #keeper: RoomKeeper
  readonly #seats = new Map<Peer, Seat>()
  readonly #presence = new RoomPresence()
  readonly #remote: RemotePresence | null
  readonly #queue: (Incoming | OwnWrite)[] = []
  readonly #unsubscribe: () => void
  #replica: Replica
  // while it is true the copy is ahead of what is committed, or about to be
  #busy = false
  // joins that came while the room was busy: they wait for what is durable
  #afterwards: (() => void)[] = []
  #settled: (() => void)[] = []
  // what other processes told while the room was busy
  #heard: Share[] = []
  #gap: ReturnType<typeof setTimeout> | undefined
  #dropped = false
  #emptySince: number
  readonly #whole = new Whole()
  readonly #compaction: Compaction

  /** A room over a copy that holds what the database holds: see `open`. */
  constructor(world: World, replica: Replica, keeper: RoomKeeper) {
    this.#world = world
    this.#replica = replica
    this.#keeper = keeper
    this.ground = replica.ground
    this.#emptySince = this.#now()
    this.#unsubscribe = world.bus.subscribe(
      shareChannel(this.ground.layer),
      (body) => this.#hear(decodeShare(body)),
      // what was said before was missed
      () => this.#lookBehind(),
    )
    this.#remote = this.#openRemote()
    this.#compaction = this.#openCompaction()
  }

  /** Opens a room on a layer's whole document; a new one without its past, where that is worth it. Throws if it cannot be loaded. */
  static async open(world: World, ground: Ground, keeper: RoomKeeper): Promise<Room> {
    const end = world.metrics.loadSeconds.startTimer()
    const { layer } = ground
    let replica = await Replica.load(world.db, ground)
    if (await beginAnewIfWorth(world, replica)) replica = await Replica.load(world.db, ground)
    const seconds = end()
    if (seconds > SLOW_SECONDS) world.log.warn({ layer, ms: Math.round(seconds * 1000) }, 'room loaded slowly')
    const room = new Room(world, replica, keeper)
    // what another process wrote between the load and the first message that was heard
    await room.poll(await headOf(world.db, ground.layer))
    return room
  }

  /** Personal layers are nobody else's business: of who is in one no other process is told. */
  #openRemote(): RemotePresence | null {
    const { bus } = this.#world
    const { neighbours } = this.#keeper
    const { layer, owner } = this.ground
    if (!bus.shared || !neighbours || owner !== null) return null
    return new RemotePresence({ bus, layer, neighbours }, this.#presence, (client, account) => {
      const { clients } = this.#replica
      if (!clients.has(client)) clients.set(client, account)
    })
  }

  #openCompaction(): Compaction {
    const replica = () => this.#replica
    return new Compaction(this.#world, {
      get replica() {
        return replica()
      },
      whole: this.#whole,
      begins: () => this.begins(),
      ends: () => this.ends(),
      renewed: () => this.#renewed(),
    })
  }

  get dropped(): boolean {
    return this.#dropped
  }

  get replica(): Replica {
    return this.#replica
  }

  /** For how long nobody has been in it and nothing has waited, in ms. */
  idleFor(now: number): number {
    return this.#seats.size > 0 || this.#busy || this.#queue.length > 0 ? 0 : now - this.#emptySince
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
    if (this.#seats.size === 0) this.#emptySince = this.#now()
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
    const own = this.#presence.takeOwnChanged()
    if (own) this.#remote?.tell(own)
    const update = this.#presence.takeChanged()
    if (update) this.#toAll({ type: 'awareness', update })
  }

  /** Waits until all that arrived is written or refused. */
  settled(): Promise<void> {
    if (!this.#busy && this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  #answer(seat: Seat, vector: Uint8Array): void {
    if (!seat.takeQuestion(this.#now())) return this.#close(seat, closeCodes.limits, 'too many questions')
    // at once: what it sends next builds on what it has
    if (this.#isStale(seat, vector)) return this.#close(seat, closeCodes.epoch, 'the layer has a new document')
    this.#whenDurable(() => {
      try {
        seat.peer.together(() => {
          seat.peer.send(this.#whole.lacking(this.#replica, vector))
          seat.send({ type: 'awareness', update: this.#presence.all() })
        })
        seat.answered = true
      } catch {
        this.#close(seat, closeCodes.malformed, 'no state vector')
      }
    })
  }

  /** Who does not say which document it has, and has something, but not what this one began with, has an older one. */
  #isStale(seat: Seat, vector: Uint8Array): boolean {
    const { doc, epoch } = this.#replica
    const base = baseClient(epoch)
    if (seat.peer.knowsEpoch || epoch === 1 || Y.getState(doc.store, base) === 0) return false
    const has = readVector(vector)
    return has !== null && has.size > 0 && !has.has(base)
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
    // bound meanwhile, and not to this account: it was heard of somebody in another process
    if (this.#replica.clients.get(entry.client) !== seat.account.id) return
    const fault = seat.uses(entry.client)
    if (fault) this.#close(seat, fault.close, fault.reason)
    else if (!seat.closed) this.#presence.put(seat, entry)
  }

  // --- taking turns: the copy is changed by one at a time

  #enqueue(item: Incoming | OwnWrite): void {
    this.#queue.push(item)
    this.#turn()
  }

  #turn(): void {
    if (this.#busy || this.#dropped) return
    const [first] = this.#queue
    if (!first) return
    if ('write' in first) void this.#runOwn(this.#queue.shift() as OwnWrite)
    else this.#keeper.flusher.want(this)
  }

  /** Runs `act` when what the room holds in memory is what the database holds: at once, or after what runs now. */
  #whenDurable(act: () => void): void {
    if (this.#busy || this.#queue.length > 0) this.#afterwards.push(act)
    else act()
  }

  takeBatch(most: number): Incoming[] {
    if (this.#busy || this.#dropped) return []
    const end = this.#queue.findIndex((item) => 'write' in item)
    const batch = this.#queue.splice(0, Math.min(most, end < 0 ? this.#queue.length : end)) as Incoming[]
    for (const { seat, bytes } of batch) seat.queuedBytes -= bytes?.length ?? 0
    return batch
  }

  putBack(items: readonly Incoming[]): void {
    for (const { seat, bytes } of items) seat.queuedBytes += bytes?.length ?? 0
    this.#queue.unshift(...items)
  }

  begins(): void {
    this.#busy = true
  }

  ends(): void {
    this.#busy = false
    this.#tellUnsent()
    for (const act of this.#afterwards.splice(0)) act()
    for (const share of this.#heard.splice(0)) this.#hear(share)
    if (!this.#dropped) this.#compaction.look()
    this.#turn()
    if (!this.#busy && this.#queue.length === 0) for (const done of this.#settled.splice(0)) done()
  }

  async #runOwn(own: OwnWrite): Promise<void> {
    this.begins()
    await this.#writeOwn(own)
    this.ends()
  }

  async #writeOwn(own: OwnWrite, attempt = 1): Promise<void> {
    try {
      const flushed = await flushOwn(this.#world, this.#replica, own.account, own.write)
      this.publish(flushed, [])
      if (flushed.told) this.#world.bell.ring()
      own.done()
    } catch (error) {
      const failure = failureOf(error)
      const stands = failure !== 'lost' && (await this.reload())
      if (stands && failure === 'busy' && attempt < ATTEMPTS) return this.#writeOwn(own, attempt + 1)
      own.failed(failure === 'busy' || error instanceof OtherEpoch ? new Problem('busy') : error)
      if (!stands) this.drop(error)
    }
  }

  async reload(): Promise<boolean> {
    if (!this.#replica.ahead) return true
    const { epoch } = this.#replica
    try {
      const replica = await Replica.load(this.#world.db, this.ground)
      await replica.succeed(this.#replica, this.#world.db)
      this.#replica = replica
      this.#whole.forget()
    } catch (err) {
      this.#world.log.warn({ err, layer: this.ground.layer }, 'room cannot be loaded again')
      return false
    }
    if (this.#replica.epoch !== epoch) this.#renewed()
    return !this.#dropped
  }

  refuse({ seat }: Incoming): void {
    this.#close(seat, closeCodes.malformed, 'the database refuses it')
  }

  publish(flushed: Flushed, batch: readonly Incoming[]): void {
    const { metrics, bus } = this.#world
    const { from, rows, updates, refusals, faults } = flushed
    if (bus.shared && rows.length > 0)
      bus.publish(shareChannel(this.ground.layer), encodeShare({ epoch: this.#replica.epoch, from, rows }))
    for (const [seat, fault] of faults) this.#close(seat, fault.close, fault.reason)
    for (const { seat, presence } of batch) if (presence && !seat.expelled) this.#putPresence(seat, presence)
    const counts = new Map(batch.filter(({ bytes }) => bytes).map(({ seat, n }) => [seat, n]))
    const packet = updates.length > 0 ? packetOf({ type: 'update', update: merged(updates) }) : null
    for (const seat of this.#seats.values()) {
      const count = counts.get(seat)
      const refused = refusals.get(seat)
      if (!packet && count === undefined && !refused) continue
      seat.peer.together(() => {
        if (packet && seat.answered) seat.peer.send(packet)
        if (!seat.peer.wantsAcks) return
        for (const refusal of refused ?? []) seat.send({ type: 'refusal', refusal })
        if (count !== undefined) seat.send({ type: 'ack', count })
      })
      if (count !== undefined) metrics.acks.inc()
    }
    metrics.flushedUpdates.inc(rows.length)
    for (const [seat, list] of refusals) {
      seat.refused += list.length
      for (const { code } of list) {
        metrics.refused(code)
        metrics.setAside.inc()
      }
    }
  }

  // --- other processes over the same database

  /** Looks at where the layer's head stands: what no message told is read from the log. */
  async poll(head: Head): Promise<void> {
    if (this.#busy || this.#dropped) return
    if (head.epoch !== this.#replica.epoch) return this.#renewed()
    if (head.seq <= this.#replica.seq) return
    this.begins()
    try {
      await this.#replica.catchUp(this.#world.db, head.seq)
      this.#world.metrics.catchUps.inc()
    } catch (error) {
      this.drop(error)
    }
    this.ends()
  }

  #hear(share: Share): void {
    if (this.#dropped) return
    if (this.#busy) return void this.#heard.push(share)
    const { epoch, seq } = this.#replica
    if (share.epoch !== epoch) return this.#renewed()
    const to = share.from + share.rows.length
    if (to <= seq) return
    if (share.from > seq) return this.#mindTheGap()
    this.#replica.take(share.rows.slice(seq - share.from), to)
    this.#tellUnsent()
  }

  #mindTheGap(): void {
    this.#gap ??= setTimeout(() => {
      this.#gap = undefined
      this.#lookBehind()
    }, OVERTAKEN_MS)
  }

  #lookBehind(): void {
    headOf(this.#world.db, this.ground.layer)
      .then((head) => this.poll(head))
      // the database is away: the next write, or the next poll, finds out
      .catch(() => undefined)
  }

  #tellUnsent(): void {
    const updates = this.#replica.unsent.splice(0)
    if (updates.length > 0) this.#toAll({ type: 'update', update: merged(updates) })
  }

  /** The layer has a new document: this room keeps the old one of which nobody needs to know more. */
  #renewed(): void {
    this.#leave(closeCodes.epoch, 'the layer has a new document')
  }

  /**
   * Leaves a room in which nobody is, with a snapshot of what it holds or, where that is worth it, a new document. What
   * fails is left for whoever opens it next.
   */
  async putAway(): Promise<void> {
    await this.#compaction.settled()
    const isUsed = () => this.#seats.size > 0 || this.#busy || this.#queue.length > 0 || this.#dropped
    if (isUsed()) return
    await this.#compaction.leave()
    if (isUsed()) return
    this.#leave(closeCodes.again, 'nobody was here')
    this.#world.metrics.evictions.inc()
  }

  #toAll(message: Message): void {
    const packet = packetOf(message)
    for (const seat of this.#seats.values()) if (seat.answered) seat.peer.send(packet)
  }

  #close(seat: Seat, code: CloseCode, reason: string): void {
    seat.expelled = true
    seat.peer.close(code, reason)
    this.leave(seat.peer)
  }

  /** Gives the room up: the database failed under it. Clients come back and send again what was not acknowledged. */
  drop(error: unknown): void {
    if (this.#dropped) return
    if (error instanceof OtherEpoch) return this.#renewed()
    this.#world.log.warn({ err: error, layer: this.ground.layer }, 'room dropped')
    this.#world.metrics.roomDrops.inc()
    this.#leave(closeCodes.again, 'the room was lost')
  }

  #leave(code: CloseCode, reason: string): void {
    if (this.#dropped) return
    this.#dropped = true
    clearTimeout(this.#gap)
    this.#unsubscribe()
    this.#remote?.close()
    this.#keeper.forget(this)
    for (const item of this.#queue.splice(0)) if ('write' in item) item.failed(new Problem('busy'))
    for (const seat of [...this.#seats.values()]) this.#close(seat, code, reason)
    for (const done of this.#settled.splice(0)) done()
  }

  readonly #now = (): number => this.#world.now().getTime()
}

const merged = (updates: readonly Uint8Array[]): Uint8Array =>
  updates.length === 1 ? updates[0]! : Y.mergeUpdates([...updates])

function readVector(vector: Uint8Array): Map<number, number> | null {
  try {
    return Y.decodeStateVector(vector)
  } catch {
    return null
  }
}
