import type { Services } from '../services.ts'
import { failureOf } from './failure.ts'
import { flush, type Flushed } from './flush.ts'
import { OtherEpoch, type Replica } from './replica.ts'
import type { Batch } from './take.ts'

/** A room as the flusher sees it. */
export interface Flushable {
  readonly replica: Replica
  /** Takes the next of what waits, at most so many; nothing if it has none or must not be flushed now. */
  takeBatch(most: number): Batch['items']
  /** Puts back what could not be written yet, before all that came since. */
  putBack(items: Batch['items']): void
  /** The room's turn is over, one way or another: it may be read and written by others. */
  begins(): void
  ends(): void
  publish(flushed: Flushed, items: Batch['items']): void
  /** After a rollback: brings the copy back to what the database holds. False if that cannot be done. */
  reload(): Promise<boolean>
  /** The disk takes no writes: what waits is kept and tried again, and nobody is closed for it. */
  suspend(): void
  /** Gives one item up for which the database has no place. */
  refuse(item: Batch['items'][number]): void
  drop(error: unknown): void
}

/** Updates a room and flush: each frame merges them, and merging costs with the square of their number. */
const ROOM_MOST = 250
/** Updates a flush, over all rooms: more would hold the embedded database's only session for too long. */
const MOST = 1000
const ATTEMPTS = 3
/** How long a room waits whose head another process, or a decision, holds. */
const HELD_MS = 5
/** How often it is tried to write while the disk takes no writes. */
const FULL_MS = 1000

/**
 * Writes what waits in the rooms of this process: one transaction after the other, each over all rooms that have something.
 * What arrives while one is committed goes into the next: so the cost of a commit is shared, and no timer is needed.
 */
export class Flusher {
  readonly #services: Services
  readonly #due = new Set<Flushable>()
  #isRunning = false

  constructor(services: Services) {
    this.#services = services
  }

  /** This room has something to write. */
  want(room: Flushable): void {
    this.#due.add(room)
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#due.size > 0) {
      // what arrives in the same turn goes into the same transaction
      await new Promise((resolve) => setImmediate(resolve))
      const taken = this.#take()
      if (taken.size === 0) continue
      for (const room of taken.keys()) room.begins()
      const end = this.#services.metrics.flushSeconds.startTimer()
      const held = await this.#round(taken)
      end()
      for (const [room, items] of held) room.putBack(items)
      for (const room of taken.keys()) room.ends()
      if (held.size === taken.size) await this.#pause()
    }
    // here and not in a `then`: nothing may become due between the last look and this
    this.#isRunning = false
  }

  #pause(): Promise<void> {
    const ms = this.#services.disk.trouble === null ? HELD_MS : FULL_MS
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  #take(): Map<Flushable, Batch> {
    const taken = new Map<Flushable, Batch>()
    let left = MOST
    for (const room of [...this.#due]) {
      if (left === 0) break
      this.#due.delete(room)
      const items = room.takeBatch(Math.min(ROOM_MOST, left))
      left -= items.length
      if (items.length > 0) taken.set(room, { replica: room.replica, items })
    }
    return taken
  }

  /** Writes these batches, or as much of them as can be written. Answers what has to wait. */
  async #round(taken: Taken, attempt = 1): Promise<Held> {
    try {
      const flushed = await flush(this.#services, [...taken.values()])
      this.#services.disk.written()
      return this.#publish(taken, flushed)
    } catch (error) {
      return this.#mend(taken, attempt, error)
    }
  }

  #publish(taken: Taken, flushed: ReadonlyMap<Batch, Flushed>): Held {
    const held = new Map<Flushable, Batch['items']>()
    let told = false
    for (const [room, batch] of taken) {
      const done = flushed.get(batch)
      if (done) room.publish(done, batch.items)
      else held.set(room, batch.items)
      told ||= done?.told ?? false
    }
    if (told) this.#services.notifier.notify()
    return held
  }

  /** After a failure: who cannot go on is dropped, and the others go on without whoever was at fault. */
  async #mend(taken: Taken, attempt: number, error: unknown): Promise<Held> {
    const standing = new Map<Flushable, Batch>()
    for (const [room, { items }] of taken) {
      const isGone = error instanceof OtherEpoch && error.layer === room.replica.info.layer
      if (isGone || !(await room.reload())) room.drop(error)
      else standing.set(room, { replica: room.replica, items })
    }
    if (standing.size === 0) return nobody
    const failure = failureOf(error)
    if (failure === 'full') return this.#keep(standing, error)
    if (standing.size < taken.size) return this.#round(standing)
    if (failure === 'busy' && attempt < ATTEMPTS) return this.#round(standing, attempt + 1)
    if (standing.size > 1) return this.#roomByRoom(standing)
    const [[room, { items }]] = [...standing] as [[Flushable, Batch]]
    if (failure !== 'refused') room.drop(error)
    // the database refused a value: find whose, and let nobody else pay for it
    else if (items.length > 1) return this.#itemByItem(room, items)
    else room.refuse(items[0]!)
    return nobody
  }

  #keep(standing: Taken, error: unknown): Held {
    this.#services.disk.note(error)
    for (const room of standing.keys()) room.suspend()
    return new Map([...standing].map(([room, { items }]) => [room, items]))
  }

  async #roomByRoom(taken: Taken): Promise<Held> {
    const held = new Map<Flushable, Batch['items']>()
    for (const [room, { items }] of taken)
      for (const one of await this.#round(new Map([[room, { replica: room.replica, items }]]))) held.set(...one)
    return held
  }

  async #itemByItem(room: Flushable, items: Batch['items']): Promise<Held> {
    for (const [i, item] of items.entries()) {
      const held = await this.#round(new Map([[room, { replica: room.replica, items: [item] }]]))
      // what comes behind must not overtake it
      if (held.size > 0) return new Map([[room, items.slice(i)]])
    }
    return nobody
  }
}

type Taken = ReadonlyMap<Flushable, Batch>

/** What could not be written since somebody else holds its head, to be put back in order. */
type Held = ReadonlyMap<Flushable, Batch['items']>
const nobody: Held = new Map()
