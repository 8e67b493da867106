import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Here } from '@tamga/collab'
import { every } from '../background.ts'
import type { Services } from '../services.ts'
import { tellCounts } from './counts.ts'
import { UpgradeHandler, type FindSession } from './handshake.ts'
import { Feed } from './feed.ts'
import { Rooms } from './rooms.ts'
import { sweep, SWEEP_MS } from './sweep.ts'
import { closeRevoked } from './watch.ts'
import type { Write } from './write.ts'

/** The live side of a server. */
export interface Live {
  /** Takes an HTTP upgrade to /live/<layer> or /lobby/<project>. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void
  /**
   * Writes into a layer in an account's name, as one transaction; open browsers see it once it is committed. Throws what
   * `edit` or `also` throws (nothing is written then), or `busy`.
   */
  write(layer: string, account: string, write: Write): Promise<void>
  /** Who is in which article of a project: account ids by article id. */
  here(project: string): Here
  /** Writes what has arrived, tells clients to come back later, ends. */
  close(): Promise<void>
}

const PRESENCE_MS = 100
const POLL_MS = 1000
/** How often pages are told of counts that moved, at most. */
const COUNTS_MS = 500
const PUT_AWAY_MS = 30_000
/** What is not put away by then when the server stops is read from the log by the next one. */
const PUT_AWAY_AT_END_MS = 3000
/** y-websocket gives a connection up after 30 s without a message. */
const BEAT_MS = 20_000

export function openLive(services: Services, { find }: { find: FindSession }): Live {
  const rooms = new Rooms(services)
  const feed = new Feed(services)
  const door = new UpgradeHandler(services, find, rooms, feed)
  const timers = [
    every(services, 'presence', PRESENCE_MS, () => rooms.sendPresence()),
    every(services, 'revoked', POLL_MS, () => closeRevoked(services, door.connections)),
    every(services, 'heads', POLL_MS, () => (services.bus.shared ? rooms.poll() : undefined)),
    every(services, 'counts', COUNTS_MS, () => tellCounts(services)),
    every(services, 'rooms', PUT_AWAY_MS, () => rooms.putAway()),
    every(services, 'sweep', SWEEP_MS, () => sweep(services)),
    every(services, 'beat', BEAT_MS, () => door.connections.forEach((connection) => connection.beat())),
  ]
  const looking = setInterval(() => feed.look(), POLL_MS).unref()
  return {
    upgrade: door.upgrade,
    write: (layer, account, write) => rooms.write(layer, account, write),
    here: (project) => rooms.here(project),
    async close() {
      // what runs meets the rooms and the feed as they end
      for (const timer of timers) void timer.stop()
      clearInterval(looking)
      // first what has arrived, with its acknowledgement; then what came while the doors closed
      await rooms.settled()
      await door.shut()
      await rooms.settled()
      // so that nobody has to read a long log when they come back
      await Promise.race([rooms.putAway(0), new Promise((resolve) => setTimeout(resolve, PUT_AWAY_AT_END_MS))])
      rooms.cluster.close()
      await feed.close()
    },
  }
}
