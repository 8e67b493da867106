import type { Here } from '@tamga/collab'
import { Problem } from '@tamga/model'
import { taskFailed } from '../background.ts'
import type { Services } from '../services.ts'
import { Flusher } from './flusher.ts'
import { Lobby } from './lobby.ts'
import { Cluster, type Whereabouts } from './cluster.ts'
import { Room, type RoomKeeper } from './room.ts'
import type { RoomConnection } from './participant.ts'
import { layerInfoOf, headsOf } from './store.ts'
import type { Write } from './write.ts'

/** A room that nobody was in for so long is put away. */
const IDLE_MS = 5 * 60 * 1000

/** The rooms and lobbies of this process. */
export class Rooms implements RoomKeeper {
  readonly flusher: Flusher
  readonly cluster: Cluster
  readonly #services: Services
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #open = new Map<string, Room>()
  readonly #opening = new Map<string, Promise<Room>>()
  readonly #lobbies = new Map<string, Lobby>()

  constructor(services: Services) {
    this.#services = services
    this.flusher = new Flusher(services)
    this.cluster = new Cluster(services.bus, () => this.#own())
  }

  /** The room of a layer, opened if need be. Throws `not_found`, or what keeps its document from being loaded. */
  room(layer: string): Promise<Room> {
    const open = this.#open.get(layer)
    if (open && !this.#leaving.has(layer)) return Promise.resolve(open)
    const opening = this.#opening.get(layer) ?? this.#load(layer)
    this.#opening.set(layer, opening)
    return opening
  }

  async write(layer: string, account: string, write: Write): Promise<void> {
    await (await this.room(layer)).write(account, write)
  }

  lobby(project: string): Lobby {
    const lobby = this.#lobbies.get(project) ?? new Lobby()
    this.#lobbies.set(project, lobby)
    return lobby
  }

  leaveLobby(project: string, connection: RoomConnection): void {
    const lobby = this.#lobbies.get(project)
    lobby?.leave(connection)
    if (lobby?.empty) this.#lobbies.delete(project)
  }

  /** Who is in which article of a project, in whatever process. */
  here(project: string): Here {
    const here: Record<string, string[]> = {}
    for (const one of [this.#own()[project] ?? {}, ...this.cluster.here(project)])
      for (const [article, accounts] of Object.entries(one))
        here[article] = [...new Set([...(here[article] ?? []), ...accounts])]
    return here
  }

  /** Sends what changed of who is where, in rooms and in lobbies. */
  sendPresence(): void {
    for (const room of this.#open.values()) room.sendPresence()
    this.cluster.look()
    for (const [project, lobby] of this.#lobbies) lobby.tell(this.here(project))
  }

  /** Waits until all that arrived is written or refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#open.values()].map((room) => room.settled()))
  }

  /** Puts away the rooms in which nobody has been for a while. */
  async putAway(idleMs = IDLE_MS): Promise<void> {
    const now = this.#services.now().getTime()
    for (const [layer, room] of this.#open)
      if (room.idleFor(now) >= idleMs && !this.#leaving.has(layer)) {
        const leaving = room
          .putAway()
          // the room stays, and is put away the next time
          .catch((error: unknown) => taskFailed(this.#services, 'snapshot', error))
          .finally(() => this.#leaving.delete(layer))
        this.#leaving.set(layer, leaving)
      }
    await Promise.all(this.#leaving.values())
  }

  /** Looks for what other processes wrote and no message told. */
  async poll(): Promise<void> {
    const heads = await headsOf(this.#services.db, [...this.#open.keys()])
    await Promise.all([...heads].flatMap(([layer, head]) => this.#open.get(layer)?.poll(head) ?? []))
  }

  forget(room: Room): void {
    const { layer } = room.info
    if (this.#open.get(layer) === room) this.#open.delete(layer)
    this.#services.metrics.rooms.set(this.#open.size)
  }

  /** Who is in which article in this process. Personal layers are nobody else's business. */
  #own(): Whereabouts {
    const own: Record<string, Record<string, string[]>> = {}
    for (const { info, accounts } of this.#open.values())
      if (info.owner === null && accounts.length > 0) (own[info.project] ??= {})[info.article] = accounts
    return own
  }

  async #load(layer: string): Promise<Room> {
    try {
      await this.#leaving.get(layer)
      const info = await layerInfoOf(this.#services.db, layer)
      if (!info) throw new Problem('not_found')
      const room = await Room.open(this.#services, info, this)
      if (!room.dropped) this.#open.set(layer, room)
      this.#services.metrics.rooms.set(this.#open.size)
      return room
    } finally {
      this.#opening.delete(layer)
    }
  }
}
