import {
  closeCodes,
  decodeMessage,
  decodeOwnAwareness,
  decodeUpdate,
  isFault,
  liveLimits,
  readVector,
  sliceUpdate,
  type CloseCode,
  type Message,
  type UpdateFault,
  type UpdateLimits,
} from '@tamga/collab'
import { Problem } from '@tamga/model'
import * as Y from 'yjs'
import { taskFailed } from '../background.ts'
import type { Services } from '../services.ts'
import { Announcements } from './announcements.ts'
import { beginAnewIfWorth, Compaction } from './compaction.ts'
import { rebuild, rebuildIfUnlike } from './epoch.ts'
import { failureOf } from './failure.ts'
import { flushOwn, type Flushed } from './flush.ts'
import type { Flushable, Flusher } from './flusher.ts'
import { packetOf } from './packet.ts'
import type { Cluster } from './cluster.ts'
import { LogGap, OtherEpoch, Replica, WentBack } from './replica.ts'
import { RemotePresence } from './remote-presence.ts'
import { RoomPresence } from './room-presence.ts'
import { Participant, type RoomConnection } from './participant.ts'
import { decodeLogMessage, encodeLogMessage, logChannel, type LogMessage } from './log-message.ts'
import { headOf, type LayerInfo, type Head } from './store.ts'
import { takeFairly } from './shares.ts'
import type { Incoming } from './take.ts'
import { SyncCache } from './sync-cache.ts'
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
  readonly cluster?: Cluster
  /** The room is lost or left for a new document: the next who comes gets another. */
  forget(room: Room): void
}

/**
 * The live room of one layer: the protocol, without sockets. Nothing is applied on receipt: what arrives waits for the
 * next flush, and only what a flush has committed is acknowledged, sent to others, or served to somebody who joins.
 */
export class Room implements Flushable {
  readonly info: LayerInfo
  readonly #services: Services
  readonly #keeper: RoomKeeper
  readonly #participants = new Map<RoomConnection, Participant>()
  readonly #presence = new RoomPresence()
  readonly #remote: RemotePresence | null
  readonly #announcements = new Announcements()
  #queue: (Incoming | OwnWrite)[] = []
  readonly #unsubscribe: () => void
  #replica: Replica
  // while it is true the copy is ahead of what is committed, or about to be
  #busy = false
  // joins that came while the room was busy: they wait for what is durable
  #afterwards: (() => void)[] = []
  #settled: (() => void)[] = []
  // what other processes told while the room was busy
  #heard: LogMessage[] = []
  #gap: ReturnType<typeof setTimeout> | undefined
  #dropped = false
  // the disk takes no writes: what waits is tried again
  #suspended = false
  #emptySince: number
  readonly #whole = new SyncCache()
  readonly #compaction: Compaction

  /** A room over a copy that holds what the database holds: see `open`. */
  constructor(services: Services, replica: Replica, keeper: RoomKeeper) {
    this.#services = services
    this.#replica = replica
    this.#keeper = keeper
    this.info = replica.info
    this.#emptySince = this.#now()
    this.#unsubscribe = services.bus.subscribe(
      logChannel(this.info.layer),
      (body) => this.#hear(decodeLogMessage(body)),
      // what was said before was missed
      () => this.#lookBehind(),
    )
    this.#remote = this.#openRemote()
    this.#compaction = this.#openCompaction()
  }

  /** Opens a room on a layer's whole document; a new one without its past, where that is worth it. Throws if it cannot be loaded. */
  static async open(services: Services, info: LayerInfo, keeper: RoomKeeper): Promise<Room> {
    const end = services.metrics.loadSeconds.startTimer()
    const { layer } = info
    let replica = await loadWhole(services, info)
    if (await beginAnewIfItCan(services, replica)) replica = await Replica.load(services.db, info)
    const seconds = end()
    if (seconds > SLOW_SECONDS) services.log.warn({ layer, ms: Math.round(seconds * 1000) }, 'room loaded slowly')
    const room = new Room(services, replica, keeper)
    // what another process wrote between the load and the first message that was heard
    await room.poll(await headOf(services.db, info.layer))
    return room
  }

  /** Personal layers are nobody else's business: of who is in one no other process is told. */
  #openRemote(): RemotePresence | null {
    const { bus } = this.#services
    const { cluster } = this.#keeper
    const { layer, owner } = this.info
    if (!bus.shared || !cluster || owner !== null) return null
    return new RemotePresence({ bus, layer, cluster }, this.#presence)
  }

  #openCompaction(): Compaction {
    const replica = () => this.#replica
    return new Compaction(this.#services, {
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
    return this.#participants.size > 0 || this.#busy || this.#queue.length > 0 ? 0 : now - this.#emptySince
  }

  /** How many client ids the connections have announced. */
  get announced(): number {
    return this.#announcements.size
  }

  /** The accounts that are in the room. */
  get accounts(): string[] {
    return [...new Set([...this.#participants.keys()].map(({ account }) => account.id))]
  }

  enter(connection: RoomConnection): void {
    const participant = new Participant(connection, this.#now())
    this.#participants.set(connection, participant)
    if (connection.clients && !this.#announce(participant, connection.clients)) return
    if (this.#suspended && connection.wantsAcks) participant.send({ type: 'disk', full: true })
    this.#whenDurable(() => participant.send({ type: 'step1', vector: Y.encodeStateVector(this.#replica.doc) }))
  }

  leave(connection: RoomConnection): void {
    const participant = this.#participants.get(connection)
    if (participant) {
      this.#presence.leave(participant)
      this.#announcements.leave(participant)
    }
    this.#participants.delete(connection)
    // its browser has what is not acknowledged: who comes and goes meanwhile fills no memory here
    if (this.#suspended) this.#keepWaiting((item) => 'write' in item || item.participant !== participant)
    if (this.#participants.size === 0) this.#emptySince = this.#now()
  }

  /** Takes one frame from a connection that entered. */
  receive(connection: RoomConnection, frame: Uint8Array): void {
    const participant = this.#participants.get(connection)
    if (!participant || connection.closed) return
    const message = decodeMessage(frame)
    switch (message?.type) {
      case 'step1':
        return this.#answer(participant, message.vector)
      case 'step2':
      case 'update':
        return this.#receiveUpdate(participant, message.type, message.update)
      case 'awareness':
        return this.#receivePresence(participant, message.update)
      case 'queryAwareness':
        return this.#tellPresence(participant)
      default:
        return this.#close(participant, closeCodes.malformed, 'not a message of a client')
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
    if (this.#suspended || (!this.#busy && this.#queue.length === 0)) return Promise.resolve()
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  /** Brings the copy up to where the database was seen: whoever comes finds all that was durable before. */
  async reach(head: Head): Promise<void> {
    while (!this.#dropped && head.epoch === this.#replica.epoch && this.#replica.seq < head.seq) {
      await this.#durable()
      await this.poll(head)
    }
    if (head.epoch === this.#replica.epoch && head.seq < this.#replica.seq) await this.#lookForRestore()
  }

  /**
   * The database was seen at an earlier number than this copy has: it was asked before the last commit, or it was put back
   * to an earlier state. Then everybody begins anew, and each page finds out what it knows.
   */
  async #lookForRestore(): Promise<void> {
    await this.#durable()
    const { epoch, seq } = this.#replica
    const head = await headOf(this.#services.db, this.info.layer)
    if (head.epoch === epoch && head.seq < seq) this.drop(new WentBack(this.info.layer, seq, head.seq))
  }

  #answer(participant: Participant, vector: Uint8Array): void {
    if (!participant.takeQuestion(this.#now())) return this.#close(participant, closeCodes.limits, 'too many questions')
    const has = readVector(vector)
    if (isFault(has)) return this.#close(participant, has.close, has.reason)
    // at once: what it sends next builds on what it has
    if (this.#knowsMore(participant, has))
      return this.#close(participant, closeCodes.history, 'the database is at an earlier state')
    if (this.#isStale(has)) return this.#close(participant, closeCodes.epoch, 'the layer has a new document')
    participant.asked = true
    this.#whenDurable(() => {
      participant.connection.together(() => {
        participant.connection.send(this.#whole.lacking(this.#replica, has))
        participant.send({ type: 'awareness', update: this.#presence.all() })
      })
      participant.answered = true
    })
  }

  /**
   * Who has something, but not what this document began with, has another one, whatever epoch it named at the handshake: the
   * number of a page may be newer than its document, and a plain client names none.
   */
  #isStale(has: ReadonlyMap<number, number>): boolean {
    const { base } = this.#replica
    return base !== null && has.size > 0 && !has.has(base)
  }

  /**
   * A page that names its client ids in the handshake has of all others what was durable. If it has more of one, the database
   * was put back to an earlier state: nothing that the page sends is taken.
   */
  #knowsMore({ connection, announced }: Participant, has: ReadonlyMap<number, number>): boolean {
    const { store } = this.#replica.doc
    if (!connection.clients) return false
    return [...has].some(([client, clock]) => clock > Y.getState(store, client) && !announced.has(client))
  }

  #tellPresence(participant: Participant): void {
    if (!participant.takeQuestion(this.#now())) return this.#close(participant, closeCodes.limits, 'too many questions')
    participant.send({ type: 'awareness', update: this.#presence.all() })
  }

  #receiveUpdate(participant: Participant, type: 'step2' | 'update', bytes: Uint8Array): void {
    const n = ++participant.received
    if (!participant.takeUpdate(this.#now())) return this.#close(participant, closeCodes.limits, 'too many updates')
    // nobody can tell which document it has: an older one must not be mixed with this one
    if (!participant.asked && this.#replica.base !== null)
      return this.#close(participant, closeCodes.epoch, 'no state vector before the first update')
    // what is typed before the first step 2 is in it again
    if (type === 'update' && !participant.synced) return
    const limits = participant.synced ? liveLimits.update : liveLimits.stepTwo
    participant.synced = true
    participant.queuedBytes += bytes.length
    if (participant.queuedBytes > QUEUED_BYTES)
      return this.#close(participant, this.#suspended ? closeCodes.again : closeCodes.limits, 'too much at once')
    const slices = slicesOf(bytes, limits)
    if (isFault(slices)) return this.#enqueue({ participant, bytes, limits, fault: slices, n })
    // it counts as received with its last slice
    for (const [i, slice] of slices.entries())
      this.#enqueue({ participant, bytes: slice, limits, n: i === slices.length - 1 ? n : 0 })
  }

  #receivePresence(participant: Participant, update: Uint8Array): void {
    if (!participant.takePresence(this.#now())) return this.#close(participant, closeCodes.limits, 'too much presence')
    // y-websocket sends back what it heard of others: what it says of itself alone counts, and the rest is not read
    const entries = decodeOwnAwareness(
      update,
      (client) => !participant.introduced || this.#announcements.isOf(client, participant),
    )
    if (isFault(entries)) return this.#close(participant, entries.close, entries.reason)
    const clients = entries.filter(({ state }) => state !== null).map(({ client }) => client)
    if (!participant.introduced && clients.length > 0 && !this.#announce(participant, clients)) return
    for (const entry of entries)
      if (this.#announcements.isOf(entry.client, participant)) this.#presence.put(participant, entry)
  }

  /** Takes the client ids that a connection announces, once. Closes it and answers false if it may not use one. */
  #announce(participant: Participant, clients: readonly number[]): boolean {
    participant.introduced = true
    const { id: account } = participant.account
    const fault = this.#announcements.announce(participant, clients, (client) => {
      const owner = this.#replica.ownerOf(client) ?? this.#presence.accountElsewhere(client)
      return owner !== undefined && owner !== account
    })
    if (fault) this.#close(participant, fault.close, fault.reason)
    return fault === null
  }

  // --- taking turns: the copy is changed by one at a time

  #enqueue(item: Incoming | OwnWrite): void {
    // it would wait behind what waits for space
    if (this.#suspended && 'write' in item) return item.failed(new Problem('disk_full'))
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

  /** Resolves when the room holds in memory what the database holds. */
  #durable(): Promise<void> {
    return new Promise((resolve) => this.#whenDurable(resolve))
  }

  takeBatch(most: number): Incoming[] {
    if (this.#busy || this.#dropped) return []
    const end = this.#queue.findIndex((item) => 'write' in item)
    const waiting = (end < 0 ? this.#queue : this.#queue.slice(0, end)) as Incoming[]
    const { batch, rest } = takeFairly(waiting, most)
    this.#queue = end < 0 ? rest : [...rest, ...this.#queue.slice(end)]
    for (const { participant, bytes } of batch) participant.queuedBytes -= bytes.length
    return batch
  }

  putBack(items: readonly Incoming[]): void {
    for (const { participant, bytes } of items) participant.queuedBytes += bytes.length
    this.#queue.unshift(...items)
  }

  suspend(): void {
    for (const item of this.#queue) if ('write' in item) item.failed(new Problem('disk_full'))
    this.#keepWaiting((item) => !('write' in item))
    if (!this.#suspended) this.#tellDisk(true)
    for (const done of this.#settled.splice(0)) done()
  }

  #keepWaiting(keeps: (item: Incoming | OwnWrite) => boolean): void {
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter(keeps))
  }

  #tellDisk(full: boolean): void {
    this.#suspended = full
    for (const participant of this.#participants.values())
      if (participant.connection.wantsAcks) participant.send({ type: 'disk', full })
  }

  begins(): void {
    this.#busy = true
  }

  ends(): void {
    this.#busy = false
    // who waited for space has left
    if (this.#suspended && this.#queue.length === 0) this.#tellDisk(false)
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
      const flushed = await flushOwn(this.#services, this.#replica, own.account, own.write)
      this.publish(flushed, [])
      if (flushed.told) this.#services.notifier.notify()
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
      const replica = await Replica.load(this.#services.db, this.info)
      await replica.succeed(this.#replica, this.#services.db)
      this.#replica = replica
      this.#whole.forget()
    } catch (err) {
      this.#services.log.warn({ err, layer: this.info.layer }, 'room cannot be loaded again')
      return false
    }
    if (this.#replica.epoch !== epoch) this.#renewed()
    return !this.#dropped
  }

  refuse({ participant }: Incoming): void {
    this.#close(participant, closeCodes.malformed, 'the database refuses it')
  }

  publish(flushed: Flushed, batch: readonly Incoming[]): void {
    if (this.#suspended) this.#tellDisk(false)
    const { metrics, bus } = this.#services
    const { from, rows, updates, refusals, faults } = flushed
    if (bus.shared && rows.length > 0)
      bus.publish(logChannel(this.info.layer), encodeLogMessage({ epoch: this.#replica.epoch, from, rows }))
    for (const [participant, fault] of faults) this.#close(participant, fault.close, fault.reason)
    const counts = new Map(batch.filter(({ n }) => n > 0).map(({ participant, n }) => [participant, n]))
    const packet = updates.length > 0 ? packetOf({ type: 'update', update: merged(updates) }) : null
    for (const participant of this.#participants.values()) {
      const count = counts.get(participant)
      const refused = refusals.get(participant)
      if (!packet && count === undefined && !refused) continue
      participant.connection.together(() => {
        if (packet && participant.answered) participant.connection.send(packet)
        if (!participant.connection.wantsAcks) return
        for (const refusal of refused ?? []) participant.send({ type: 'refusal', refusal })
        if (count !== undefined) participant.send({ type: 'ack', count })
      })
      if (count !== undefined) metrics.acks.inc()
    }
    metrics.flushedUpdates.inc(rows.length)
    for (const [participant, list] of refusals) {
      participant.refused += list.length
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
    if (head.seq < this.#replica.seq) return this.#lookForRestore()
    if (head.seq === this.#replica.seq) return
    this.begins()
    try {
      await this.#replica.catchUp(this.#services.db, head.seq)
      this.#services.metrics.catchUps.inc()
    } catch (error) {
      this.drop(error)
    }
    this.ends()
  }

  #hear(share: LogMessage): void {
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
    headOf(this.#services.db, this.info.layer)
      .then((head) => this.poll(head))
      // the next write, or the next poll, finds out
      .catch((error: unknown) => taskFailed(this.#services, 'heads', error))
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
    const isUsed = () => this.#participants.size > 0 || this.#busy || this.#queue.length > 0 || this.#dropped
    if (isUsed()) return
    await this.#compaction.leave()
    if (isUsed()) return
    this.#leave(closeCodes.again, 'nobody was here')
    this.#services.metrics.evictions.inc()
  }

  #toAll(message: Message): void {
    const packet = packetOf(message)
    for (const participant of this.#participants.values()) if (participant.answered) participant.connection.send(packet)
  }

  #close(participant: Participant, code: CloseCode, reason: string): void {
    participant.expelled = true
    // what it sent and was not taken is never taken
    this.#queue = this.#queue.filter((item) => 'write' in item || item.participant !== participant)
    participant.connection.close(code, reason)
    this.leave(participant.connection)
  }

  /** Gives the room up: the database failed under it. Clients come back and send again what was not acknowledged. */
  drop(error: unknown): void {
    if (this.#dropped) return
    if (error instanceof OtherEpoch) return this.#renewed()
    this.#services.log.warn({ err: error, layer: this.info.layer }, 'room dropped')
    this.#services.metrics.roomDrops.inc()
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
    for (const participant of [...this.#participants.values()]) this.#close(participant, code, reason)
    // nobody hears them any more, but somebody may wait for his turn
    for (const act of this.#afterwards.splice(0)) act()
    for (const done of this.#settled.splice(0)) done()
  }

  readonly #now = (): number => this.#services.now().getTime()
}

/** A disk that takes no writes keeps nobody from reading: the document is as it was. */
async function beginAnewIfItCan(services: Services, replica: Replica): Promise<boolean> {
  try {
    return await beginAnewIfWorth(services, replica)
  } catch (error) {
    if (services.disk.note(error) === null) throw error
    return false
  }
}

/** Loads a layer's document; one that its log does not make, or makes otherwise than its rows, is begun anew from the rows. */
async function loadWhole(services: Services, info: LayerInfo): Promise<Replica> {
  try {
    const replica = await Replica.load(services.db, info)
    if (replica.verified || !(await rebuildIfUnlike(services, replica))) return replica
  } catch (error) {
    if (!(error instanceof LogGap)) throw error
    await rebuild(services, info.layer, error)
  }
  return Replica.load(services.db, info)
}

/** A shorter update is taken as it is: it cannot hold many structs. */
const SLICED_BYTES = 2048

/** An update as it waits: whole, or in slices. What is wrong with it is found when it is taken, by the sender's role. */
function slicesOf(bytes: Uint8Array, limits: UpdateLimits): Uint8Array[] | UpdateFault {
  if (bytes.length <= SLICED_BYTES) return [bytes]
  const update = decodeUpdate(bytes, limits)
  return isFault(update) ? update : (sliceUpdate(update, liveLimits.slice) ?? [bytes])
}

const merged = (updates: readonly Uint8Array[]): Uint8Array =>
  updates.length === 1 ? updates[0]! : Y.mergeUpdates([...updates])
