import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { closeCodes, liveLimits, type CloseCode, type FactMessage } from '@tamga/collab'
import { can, Problem } from '@tamga/model'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { SignedIn } from '../auth/sessions.ts'
import type { Reader } from '../db/reach.ts'
import { roleOf } from '../auth/store.ts'
import { proveSession } from '../connections.ts'
import { projectScope } from '../facts.ts'
import type { Services } from '../services.ts'
import { closeSocket, Connection } from './connection.ts'
import type { Feed } from './feed.ts'
import { packetOf } from './packet.ts'
import type { Rooms } from './rooms.ts'
import { entranceOf, type Head } from './store.ts'

/** Finds the session of a Cookie header. */
export type FindSession = (cookieHeader: string | undefined, address?: string) => Promise<SignedIn | null>

/** The largest frame that is taken, the first step 2 of a connection; what is allowed in it is judged later. */
const FRAME_BYTES = liveLimits.stepTwo.bytes + 1024
/**
 * The largest that is read, only to be told that it is too large: what is beyond breaks the connection with 1009, which a
 * y-websocket client takes for a bad network, and sends the same again.
 */
const READ_BYTES = 8 * 1024 * 1024
/** What may be sent before the door has looked at the session. */
const EARLY_BYTES = 4 * 1024 * 1024
const EARLY_FRAMES = 1000

/** How long a closed connection may take to say goodbye when the server stops. */
const GOODBYE_MS = 500

const lobbyOf = (project: string, epoch: number | null) =>
  ({
    project,
    owner: null,
    state: 'open',
    epoch,
    seq: 0,
    facts: Infinity,
    withdrawn_at: null,
    erased_at: null,
  }) as const

interface Place {
  readonly kind: 'live' | 'lobby'
  /** The layer's or the project's id. */
  readonly id: string
  readonly wantsAcks: boolean
  /** The account whose page it is; null if it does not say. */
  readonly as: string | null
  /** The document that the client has, and the last fact it has seen; null if it says nothing of it. */
  readonly epoch: number | null
  readonly after: number | null
  /** The client ids that it announces, as it wrote them; null if it names none. */
  readonly clients: string | null
  /** What tells its page from the account's others; null if it does not say. */
  readonly page: string | null
}

/** A socket and the stream below it. */
interface Line {
  readonly socket: WebSocket
  readonly stream: Duplex
}

/** Who asks for an upgrade: what it says, and what it counts for. */
interface Client {
  readonly cookie: string | undefined
  readonly address: string
}

/** Why somebody is not let in. */
class Refused extends Error {
  readonly close: CloseCode
  constructor(close: CloseCode, reason: string) {
    super(reason)
    this.close = close
  }
}

const otherHistory = () => new Refused(closeCodes.history, 'the database is at an earlier state')

/** A later document than the database's is none that it ever had. */
const otherEpoch = (theirs: number, ours: number) =>
  theirs > ours ? otherHistory() : new Refused(closeCodes.epoch, 'the layer has a new document')

/**
 * Lets connections in. At the upgrade only a foreign Host or Origin is refused; everybody else gets a socket, which is
 * closed with a code that says why: a refused upgrade reads as a broken network and would be tried for ever.
 */
export class UpgradeHandler {
  readonly connections = new Set<Connection>()
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: READ_BYTES })
  readonly #services: Services
  readonly #find: FindSession
  readonly #rooms: Rooms
  readonly #feed: Feed
  #shut = false

  constructor(services: Services, find: FindSession, rooms: Rooms, feed: Feed) {
    this.#services = services
    this.#find = find
    this.#rooms = rooms
    this.#feed = feed
  }

  readonly upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const place = placeOf(request.url ?? '')
    const { host, origin } = request.headers
    const { origins } = this.#services
    if (!place) return turnAway(stream, '404 Not Found')
    if (!origins.hostAllowed(host) || !origins.originAllowed(origin, host)) return turnAway(stream, '403 Forbidden')
    if (this.#shut) return turnAway(stream, '503 Service Unavailable')
    const address = this.#services.limits.addressOf(request)
    this.#server.handleUpgrade(request, stream, head, (socket) =>
      this.#admit({ socket, stream }, { cookie: request.headers.cookie, address }, place),
    )
  }

  /** Lets nobody in any more, tells everybody to come back later, and ends what has not gone by itself. */
  async shut(): Promise<void> {
    this.#shut = true
    for (const connection of this.connections) connection.close(closeCodes.stopping, 'the server stops')
    const { clients } = this.#server
    const deadline = Date.now() + GOODBYE_MS
    while (clients.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    for (const socket of clients) socket.terminate()
  }

  #admit(line: Line, client: Client, place: Place): void {
    const { socket } = line
    // listeners before anything is awaited: what is sent early waits, and an error must not end the process
    const early = new Early()
    socket.on('error', () => socket.terminate())
    socket.on('message', (data, isBinary) => early.receive(socket, data, isBinary))
    const since = performance.now()
    socket.on('close', (code: number) => {
      this.#services.metrics.closed(code)
      this.#services.log.routine(
        { ...placeFields(place), code, ms: Math.round(performance.now() - since) },
        'socket closed',
      )
    })
    this.#letIn(line, client, place, early).catch((error: unknown) => {
      const refused = error instanceof Refused ? error : this.#unopened(place, error)
      closeSocket(socket, refused.close, refused.message)
    })
  }

  async #letIn({ socket, stream }: Line, client: Client, place: Place, early: Early): Promise<void> {
    const signedIn = await this.#find(client.cookie, client.address)
    if (!signedIn) {
      await this.#services.limits.requests.take(client.address)
      throw new Refused(closeCodes.signIn, 'sign in')
    }
    proveSession(stream)
    // a page goes on under the session of whoever signed in last in its browser: what it sends is not theirs
    if (place.as !== null && place.as !== signedIn.account.id) throw new Refused(closeCodes.signIn, 'another account')
    const { project, head } = await this.#entrance(place, signedIn.account)
    const { account, session } = signedIn
    const { wantsAcks, page } = place
    const layer = place.kind === 'live' ? place.id : null
    const clients = place.clients === null ? null : readClients(place.clients)
    const who = { account, session, project, layer, wantsAcks, clients, page }
    const connection = new Connection(socket, stream, who)
    const entered =
      place.kind === 'live' ? await this.#enterRoom(place, connection, head) : this.#enterLobby(project, connection)
    const unsubscribe = this.#tellFacts(place, connection)
    const leave = () => {
      unsubscribe()
      entered.leave()
      if (this.connections.delete(connection)) this.#services.metrics.connections.dec({ kind: roomKinds[place.kind] })
    }
    if (this.#shut) connection.close(closeCodes.stopping, 'the server stops')
    if (connection.closed) return leave()
    this.#count(place, connection)
    socket.on('close', leave)
    early.open(entered.receive)
  }

  #count(place: Place, connection: Connection): void {
    const { log, metrics } = this.#services
    this.connections.add(connection)
    metrics.connections.inc({ kind: roomKinds[place.kind] })
    log.routine({ ...placeFields(place), account: connection.account.id }, 'socket opened')
  }

  /** The refusal for whom nothing is wrong with, and a line for whoever runs the server. */
  #unopened(place: Place, err: unknown): Refused {
    if (err instanceof Problem && err.code === 'rate_limited')
      return new Refused(closeCodes.again, `too many requests from your address: try again in ${err.details.seconds} s`)
    this.#services.log.warn({ err, ...placeFields(place) }, 'cannot be opened')
    return new Refused(closeCodes.again, 'cannot be opened now')
  }

  /** Facts go to our own clients: a plain y-websocket client does not know the message. */
  #tellFacts({ kind, wantsAcks, after }: Place, connection: Connection): () => void {
    if (kind === 'live' && !wantsAcks) return () => undefined
    return this.#feed.subscribe(projectScope(connection.project), after, (fact) => connection.send(factPacket(fact)))
  }

  /** The place as it stands, if this session may be there. Absent and forbidden are answered alike. */
  async #entrance({ kind, id, epoch, after, clients }: Place, reader: Reader) {
    const { db } = this.#services
    const entrance = kind === 'live' ? await entranceOf(db, id) : lobbyOf(id, epoch)
    const mine = entrance && (entrance.owner === null || entrance.owner === reader.id)
    const role = mine ? await roleOf(db, entrance.project, reader) : null
    // what was withdrawn is out of sight for all but those who may bring it back
    if (!mine || !can(role, entrance.withdrawn_at ? 'manageArticles' : 'read'))
      throw new Refused(closeCodes.notYours, 'not here')
    if (entrance.erased_at) throw new Refused(closeCodes.erased, 'the text was erased')
    if (entrance.state === 'superseded') throw new Refused(closeCodes.revision, 'the text has a newer revision')
    if (epoch !== null && entrance.epoch !== epoch) throw otherEpoch(epoch, entrance.epoch ?? epoch)
    // a page of ours that was told of more than ever happened here
    if (clients !== null && after !== null && after > entrance.facts) throw otherHistory()
    return { project: entrance.project, head: { epoch: entrance.epoch ?? 0, seq: entrance.seq } }
  }

  async #enterRoom({ id, epoch }: Place, connection: Connection, head: Head) {
    const room = await this.#rooms.room(id)
    await room.reach(head)
    if (room.dropped) throw new Refused(closeCodes.again, 'the room was lost')
    // opening it may have begun a new document
    if (epoch !== null && epoch !== room.replica.epoch) throw otherEpoch(epoch, room.replica.epoch)
    room.enter(connection)
    return { leave: () => room.leave(connection), receive: (frame: Uint8Array) => room.receive(connection, frame) }
  }

  #enterLobby(project: string, connection: Connection) {
    this.#rooms.lobby(project).enter(connection, this.#rooms.here(project))
    return {
      leave: () => this.#rooms.leaveLobby(project, connection),
      receive: () => connection.close(closeCodes.malformed, 'a lobby only listens'),
    }
  }
}

/** The client ids of an address: `client=4711,4712`. Whether they may be used is the room's to say. */
function readClients(text: string): number[] {
  const parts = text.split(',', liveLimits.clientsPerConnection + 1)
  if (!parts.every((part) => /^\d{1,10}$/.test(part))) throw new Refused(closeCodes.malformed, 'not a client id')
  return parts.map(Number)
}

const roomKinds = { live: 'room', lobby: 'lobby' } as const

/** What the log says of a place: a path is the client's, and may be of any length. */
const placeFields = ({ kind, id }: Place) => ({ kind: roomKinds[kind], id: id.slice(0, 40) })

const factPackets = new WeakMap<FactMessage, Buffer>()

/** A fact goes to everybody in a project: its packet is made once. */
function factPacket(fact: FactMessage): Buffer {
  const packet = factPackets.get(fact) ?? packetOf({ type: 'fact', fact })
  factPackets.set(fact, packet)
  return packet
}

/** Frames that came before the door was open, in order, and the way on afterwards. */
class Early {
  #waiting: Uint8Array[] = []
  #bytes = 0
  #receive: ((frame: Uint8Array) => void) | null = null

  receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    // what still comes of one that was closed is not read
    if (socket.readyState !== socket.OPEN) return
    if (!isBinary) return closeSocket(socket, closeCodes.malformed, 'not binary')
    const frame = new Uint8Array(data as Buffer)
    if (frame.length > FRAME_BYTES) return closeSocket(socket, closeCodes.limits, 'too large a frame')
    if (this.#receive) return this.#receive(frame)
    this.#bytes += frame.length
    if (this.#bytes > EARLY_BYTES || this.#waiting.length >= EARLY_FRAMES)
      return closeSocket(socket, closeCodes.limits, 'too much before the door was open')
    this.#waiting.push(frame)
  }

  open(receive: (frame: Uint8Array) => void): void {
    this.#receive = receive
    for (const frame of this.#waiting.splice(0)) receive(frame)
  }
}

function placeOf(url: string): Place | null {
  if (!URL.canParse(url, 'http://here')) return null
  const { pathname, searchParams } = new URL(url, 'http://here')
  const [, kind, id, more] = pathname.split('/')
  if ((kind !== 'live' && kind !== 'lobby') || !id || more !== undefined) return null
  const number = (name: string) =>
    /^\d{1,15}$/.test(searchParams.get(name) ?? '') ? Number(searchParams.get(name)) : null
  const wantsAcks = searchParams.get('ack') === '1'
  const page = /^[\w-]{1,64}$/.exec(searchParams.get('page') ?? '')?.[0] ?? null
  return {
    ...{ kind, id, wantsAcks, as: searchParams.get('as'), epoch: number('epoch'), after: number('after') },
    ...{ clients: searchParams.get('client'), page },
  }
}

function turnAway(stream: Duplex, status: string): void {
  stream.on('error', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
