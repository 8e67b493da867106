import { closeCodes, encodeAwareness, type CloseCode } from '@tamga/collab'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { packetOf } from './packet.ts'
import type { RoomConnection, PublicAccount } from './participant.ts'

/** What may wait for a reader, beside one frame of whatever size, before it counts as too slow. */
const UNREAD_BYTES = 4 * 1024 * 1024

/** What is put together into one write. */
const COPIED_BYTES = 64 * 1024

/** Nothing but a message of ours keeps a y-websocket client from closing after 30 s. */
const keepAlive = packetOf({ type: 'awareness', update: encodeAwareness([]) })

/** Who is at the other end, and what it understands. */
type Who = Pick<Connection, 'account' | 'session' | 'project' | 'layer' | 'wantsAcks' | 'clients' | 'page'>

/** One WebSocket, as rooms and lobbies see it. */
export class Connection implements RoomConnection {
  readonly account: PublicAccount
  readonly session: string
  readonly project: string
  /** Null in a lobby. */
  readonly layer: string | null
  readonly wantsAcks: boolean
  readonly clients: readonly number[] | null
  readonly page: string | null
  readonly #socket: WebSocket
  readonly #stream: Duplex
  #answers = true
  #gathered: Buffer[] | null = null
  // a whole document may be larger than what else may wait
  #largest = 0

  constructor(socket: WebSocket, stream: Duplex, who: Who) {
    this.#socket = socket
    this.#stream = stream
    this.account = who.account
    this.session = who.session
    this.project = who.project
    this.layer = who.layer
    this.wantsAcks = who.wantsAcks
    this.clients = who.clients
    this.page = who.page
    socket.on('pong', () => (this.#answers = true))
  }

  get closed(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN
  }

  send(packet: Buffer): void {
    if (this.closed) return
    if (this.#gathered) return void this.#gathered.push(packet)
    this.#largest = Math.max(this.#largest, packet.length)
    if (this.#stream.writableLength > UNREAD_BYTES + this.#largest)
      return this.close(closeCodes.again, 'reads too slowly')
    // past the WebSocket's own queue: it only compresses, and nothing is compressed here
    this.#stream.write(packet)
  }

  together(act: () => void): void {
    const gathered: Buffer[] = (this.#gathered = [])
    try {
      act()
    } finally {
      this.#gathered = null
    }
    const bytes = gathered.reduce((sum, { length }) => sum + length, 0)
    // a whole document is not copied for the sake of one write
    if (bytes > COPIED_BYTES) for (const packet of gathered) this.send(packet)
    else if (gathered.length > 0) this.send(gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered))
  }

  close(code: CloseCode, reason: string): void {
    if (!this.closed) closeSocket(this.#socket, code, reason)
  }

  /** Says that the server is there, and ends a connection whose other side has not answered since the last time. */
  beat(): void {
    if (this.closed) return
    if (!this.#answers) return this.#socket.terminate()
    this.#answers = false
    this.#socket.ping()
    this.send(keepAlive)
  }
}

const GOODBYE_MS = 2000

/** Closes a socket, whether its other side answers that or not: it must not keep what waits for it. */
export function closeSocket(socket: WebSocket, code: CloseCode, reason: string): void {
  socket.close(code, reason)
  setTimeout(() => socket.terminate(), GOODBYE_MS).unref()
}
