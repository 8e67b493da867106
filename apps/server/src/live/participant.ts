import { liveLimits, type CloseCode, type Message } from '@tamga/collab'
import type { Role } from '@tamga/model'
import { Bucket } from './bucket.ts'
import { packetOf } from './packet.ts'

/** Who sits in a room, as others see them. */
export interface PublicAccount {
  readonly id: string
  readonly name: string
  readonly colour: number
  /** The owner to whose projects the session is bound (auth/sessions.ts). */
  readonly within?: string | null
}

/** Whose roles decide what a session may do in a project. */
export const accountsBehind = ({ id, within }: Pick<PublicAccount, 'id' | 'within'>): string[] =>
  within === undefined || within === null ? [id] : [id, within]

/** The role of a session by the roles of those accounts; null if it may do nothing there. */
export const roleIn = (
  roles: Readonly<Record<string, Role>>,
  { id, within }: Pick<PublicAccount, 'id' | 'within'>,
): Role | null => (within === undefined || within === null || roles[within] === 'owner' ? (roles[id] ?? null) : null)

/** A connection as a room sees it: no socket, only what goes out, as packets (`packetOf`). */
export interface RoomConnection {
  readonly account: PublicAccount
  /** True if it asked for acknowledgements (`?ack=1`); others would not know the message. */
  readonly wantsAcks: boolean
  /** The client ids that it announced in the handshake's address; null if it leaves that to its first awareness. */
  readonly clients: readonly number[] | null
  /** Tells apart the pages of one account, over all connections of a page; null if it does not say. */
  readonly page: string | null
  readonly closed: boolean
  send(packet: Buffer): void
  close(code: CloseCode, reason: string): void
  /** What `act` sends leaves in one piece. */
  together(act: () => void): void
}

/** One connection's place in a room: what it has sent, and how far it has come in joining. */
export class Participant {
  readonly connection: RoomConnection
  /** The client ids it announced: of the ids that are nobody's yet, it may write under these alone. */
  readonly announced = new Set<number>()
  /** It announced its ids, in the handshake or by its first awareness: what it says of others later is what it heard. */
  introduced = false
  /** Document messages received on this connection, those included that are not applied. */
  received = 0
  queuedBytes = 0
  /** How many of its values did not stand. */
  refused = 0
  /** Its step 1 has arrived, and is one of this document. */
  asked = false
  /** Its first step 2 has arrived: what it sends from now on builds on what the server has. */
  synced = false
  /** Its step 1 was answered: from now on it gets every update. */
  answered = false
  /** Its socket was closed for what it sent: nothing more of it is taken. */
  expelled = false
  readonly #updates: Bucket
  readonly #presence: Bucket
  readonly #questions: Bucket

  constructor(connection: RoomConnection, now: number) {
    this.connection = connection
    this.#updates = new Bucket(liveLimits.updatesPerSecond, liveLimits.burstSeconds, now)
    this.#presence = new Bucket(liveLimits.presencePerSecond, liveLimits.burstSeconds, now)
    this.#questions = new Bucket(liveLimits.questionsPerSecond, liveLimits.burstSeconds, now)
  }

  get account(): PublicAccount {
    return this.connection.account
  }

  get closed(): boolean {
    return this.connection.closed
  }

  send(message: Message): void {
    this.connection.send(packetOf(message))
  }

  takeUpdate = (now: number): boolean => this.#updates.take(now)
  takePresence = (now: number): boolean => this.#presence.take(now)
  takeQuestion = (now: number): boolean => this.#questions.take(now)
}
