import { taskFailed } from '../background.ts'
import { transact } from '../db/transact.ts'
import type { Services } from '../services.ts'
import { beginEpoch, isWorthANewEpoch } from './epoch.ts'
import type { Replica } from './replica.ts'
import { lastWritten, putSnapshot } from './store.ts'
import type { SyncCache } from './sync-cache.ts'

/** A snapshot is taken after so many rows of log, and when they are worth something beside the last one. */
const SNAPSHOT_ROWS = 500
const SNAPSHOT_SHARE = 0.5
/** From here on a room that people are in begins a new document: each client id costs every transaction. */
const MOST_CLIENTS = 2000
const MOST_BYTES = 50 * 1024 * 1024
/** A layer that nobody has written for so long is taken as empty, whoever may be in it. */
const QUIET_MS = 10 * 60 * 1000

/** What could not be begun is not tried again before. */
const RETRY_MS = 30_000

/** The room whose document is kept small. */
interface Kept {
  readonly replica: Replica
  readonly whole: SyncCache
  /** Nobody writes between these two. */
  begins(): void
  ends(): void
  /** There is a new document: those who have the old one are sent to it. */
  renewed(): void
}

/** Keeps what a layer's document costs bounded: snapshots cover its log, and a new document leaves its past behind. */
export class Compaction {
  readonly #services: Services
  readonly #room: Kept
  #bytes = 0
  #running: Promise<void> | null = null
  #failedAt = -Infinity

  constructor(services: Services, room: Kept) {
    this.#services = services
    this.#room = room
  }

  /** Waits for what runs now. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Looks whether it is time for a snapshot, or for a new document under those who are here. Call it between two turns. */
  look(): void {
    if (this.#running) return
    const { seq, snapshotSeq, tailBytes, clientIds } = this.#room.replica
    const isLarge = clientIds > MOST_CLIENTS || this.#bytes > MOST_BYTES
    if (isLarge && performance.now() - this.#failedAt > RETRY_MS) return this.#beginAnew()
    if (seq - snapshotSeq < SNAPSHOT_ROWS || tailBytes < this.#bytes * SNAPSHOT_SHARE) return
    this.#running = this.#snap()
      // the log has it all: the next one will do
      .catch((error: unknown) => taskFailed(this.#services, 'snapshot', error))
      .finally(() => (this.#running = null))
  }

  /** Leaves a document in which nobody is for whoever opens it next: a new one where that is worth it, or a snapshot. */
  async leave(): Promise<void> {
    const { replica } = this.#room
    if (!(await beginAnewIfWorth(this.#services, replica)) && replica.seq > replica.snapshotSeq) await this.#snap()
  }

  #beginAnew(): void {
    const { replica } = this.#room
    this.#room.begins()
    this.#running = beginEpoch(this.#services, replica.info.layer)
      .then(() => {
        this.#services.metrics.background.succeeded('epoch')
        this.#room.renewed()
      })
      .catch((error: unknown) => {
        this.#failedAt = performance.now()
        taskFailed(this.#services, 'epoch', error)
      })
      .then(() => {
        this.#running = null
        this.#room.ends()
      })
  }

  /** Stores the document as it stands, so that nobody needs the log before it. */
  async #snap(): Promise<void> {
    const { replica, whole } = this.#room
    const { epoch, seq, tailBytes } = replica
    const { layer } = replica.info
    const state = whole.updateOf(replica)
    replica.isHeld = true
    try {
      await transact(this.#services, (trx) => putSnapshot(trx, { layer, epoch, seq, state, at: this.#services.now() }))
    } finally {
      replica.isHeld = false
    }
    this.#services.metrics.snapshots.inc()
    this.#services.metrics.background.succeeded('snapshot')
    replica.snapshotSeq = seq
    replica.tailBytes -= tailBytes
    this.#bytes = state.length
  }
}

/**
 * Begins a new document where that is worth it, with nobody of this process inside, nor of another one as far as can be
 * seen. Answers if it did.
 */
export async function beginAnewIfWorth(services: Services, replica: Replica): Promise<boolean> {
  if (!isWorthANewEpoch(replica)) return false
  const { layer } = replica.info
  const at = services.bus.shared ? await lastWritten(services.db, layer) : undefined
  if (at !== undefined && services.now().getTime() - at.getTime() < QUIET_MS) return false
  await beginEpoch(services, layer)
  return true
}
