import type { Here } from '@tamga/collab'
import type { Bus } from '../bus.ts'

/** Who is in which article, by project. */
export type Whereabouts = Readonly<Record<string, Here>>

interface ClusterMember {
  heardAt: number
  here: Whereabouts
}

const CHANNEL = 'here'
const BEAT_MS = 2000
/** A process that has not been heard for so long is gone, with all its people. */
const SILENT_MS = 8000

/**
 * The other processes over this database: whether they live, and who of their people is where. Each tells all of its own
 * whenever that changes, and every two seconds.
 */
export class Cluster {
  readonly #bus: Bus
  readonly #own: () => Whereabouts
  readonly #stop: () => void
  readonly #known = new Map<string, ClusterMember>()
  readonly #listeners = new Set<(process: string, lives: boolean) => void>()
  #told = ''
  #toldAt = -Infinity
  #lookedAt = performance.now()

  constructor(bus: Bus, own: () => Whereabouts) {
    this.#bus = bus
    this.#own = own
    const tellAgain = () => (this.#toldAt = -Infinity)
    this.#stop = bus.subscribe(CHANNEL, (body, from) => this.#hear(body, from), tellAgain)
  }

  /** Calls back when a process is heard of, and when it is gone. Returns what ends it. */
  listen(listener: (process: string, lives: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A process has said something, whatever it was. */
  saw(process: string): void {
    this.#meet(process).heardAt = performance.now()
  }

  /** Who is in which article of a project, of the people of all other processes. */
  here(project: string): Here[] {
    return [...this.#known.values()].map(({ here }) => here[project] ?? {})
  }

  /** Tells the others where this process's people are, if it is time for it, and forgets who has gone. Call it often. */
  look(): void {
    if (!this.#bus.shared) return
    const now = performance.now()
    this.#forget(now)
    const own = JSON.stringify(this.#own())
    if (own === this.#told && now - this.#toldAt < BEAT_MS) return
    this.#told = own
    this.#toldAt = now
    this.#bus.publish(CHANNEL, Buffer.from(own))
  }

  /** Says goodbye. */
  close(): void {
    this.#stop()
    this.#bus.publish(CHANNEL, GOODBYE)
  }

  #hear(body: Uint8Array, from: string): void {
    if (body.length === 0) return this.#lose(from)
    const here = JSON.parse(Buffer.from(body).toString()) as Whereabouts
    Object.assign(this.#meet(from), { here, heardAt: performance.now() })
  }

  #meet(process: string): ClusterMember {
    const known = this.#known.get(process)
    if (known) return known
    const member: ClusterMember = { heardAt: performance.now(), here: {} }
    this.#known.set(process, member)
    // it does not know of this one yet
    this.#toldAt = -Infinity
    for (const listener of this.#listeners) listener(process, true)
    return member
  }

  #forget(now: number): void {
    // who slept heard nobody meanwhile
    const slept = now - this.#lookedAt > BEAT_MS ? now - this.#lookedAt : 0
    this.#lookedAt = now
    for (const [process, member] of this.#known) {
      member.heardAt += slept
      if (now - member.heardAt > SILENT_MS) this.#lose(process)
    }
  }

  #lose(process: string): void {
    if (this.#known.delete(process)) for (const listener of this.#listeners) listener(process, false)
  }
}

const GOODBYE = new Uint8Array()
