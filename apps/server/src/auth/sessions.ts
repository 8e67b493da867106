import { shownName } from '@tamga/model'
import { createHash } from 'node:crypto'
import {
  Lucia,
  TimeSpan,
  type Adapter,
  type DatabaseSession,
  type DatabaseUser,
  type RegisteredDatabaseSessionAttributes,
  type RegisteredDatabaseUserAttributes,
} from 'lucia'
import { diskTroubleOf } from '../db/disk.ts'
import { installationKey } from '../db/installation.ts'
import type { Db } from '../db/open.ts'
import type { Reader } from '../db/reach.ts'
import { openRateLimits, type Limit } from '../rate-limits.ts'
import { newSecret } from '../services.ts'
import { openKnownBrowsers, type KnownBrowsers } from './known-browser.ts'
import { signerOf, type Signer } from './signature.ts'

/** Who is signed in. */
export interface Account extends Reader {
  readonly name: string
  readonly email: string | null
  readonly signInName: string | null
  readonly colour: number
}

/** The one-time link that a session begins with, and the owner who made it if the session is bound to that owner. */
export interface LinkOrigin {
  readonly ticket: string
  readonly madeBy: string | null
}

/** A signed-in request: the account and the stored name of its session. */
export interface SignedIn {
  readonly account: Account
  readonly session: string
  /** The one-time link that the session began with, or null. */
  readonly ticket: string | null
  readonly expiresAt: Date
  /** A renewed cookie to send, or null. */
  readonly cookie: string | null
}

/** The sessions of a server. The only file that knows lucia; ids are stored hashed, so a stolen table opens nothing. */
export interface Sessions {
  /**
   * The session of a Cookie header, or null. Renews at half life. A cookie that this installation has not signed costs no
   * query. One of the release before, which has no signature, is looked up and signed; throws `rate_limited` if there are
   * too many of those from one address.
   */
  find(cookieHeader: string | undefined, address?: string): Promise<SignedIn | null>
  /** True if a Cookie header holds a session id that this installation has signed; it may have ended. Costs no query. */
  isSigned(cookieHeader: string | undefined): Promise<boolean>
  readonly browsers: KnownBrowsers
  /** Signs in under a new session id and answers the Set-Cookie value. One that is bound to an owner ends after 12 hours. */
  create(account: string, by?: LinkOrigin): Promise<string>
  end(session: string): Promise<void>
  /** Ends all sessions of an account, but the one named. */
  endAll(account: string, except?: string): Promise<void>
  sweep(): Promise<void>
  readonly goodbye: string
}

const LIFE = new TimeSpan(30, 'd')
/** How long a session lasts that is bound to the owner who made its link. */
const BOUND_LIFE = new TimeSpan(12, 'h')

/** The cookie is named by port on plain HTTP: browsers do not keep ports of one host apart. */
export const cookieName = (secure: boolean, port: number): string => (secure ? '__Host-tamga' : `tamga_${port}`)

interface SessionOptions {
  readonly secure: boolean
  readonly port: number
  /** False shuts the demo's people out, whatever cookie they hold. */
  readonly demo: boolean
  /** How many cookies without a signature are looked up, by address. */
  readonly plainCookies?: Limit
}

/** The sessions that the rows of a database stand for. The key of their signature is read at once. */
export function openSessions(
  db: Db,
  { secure, port, demo, plainCookies = openRateLimits().plainCookies }: SessionOptions,
): Sessions {
  const name = cookieName(secure, port)
  // found by its own name and form: what other servers on this host keep in their cookies may be malformed
  const ours = new RegExp(`(?:^|;) *${name}=([0-9a-f]{40})(?:\\.([\\w-]{43}))?(?=;|$)`)
  const lucia = new Lucia(hashingAdapter(db, demo), {
    sessionExpiresIn: LIFE,
    sessionCookie: { name, attributes: { secure, sameSite: 'lax', path: '/' } },
    getUserAttributes: (account) => account,
    getSessionAttributes: (attributes) => attributes,
  })
  const signer = signerOfInstallation(db)
  const ended = new EndedSessions()
  const read = (cookieHeader: string | undefined) => {
    const [, token, signature] = ours.exec(cookieHeader ?? '') ?? []
    return token === undefined ? null : { token, signature }
  }
  const cookieOf = async (token: string) =>
    lucia.createSessionCookie(`${token}.${(await signer()).sign('session', token)}`).serialize()
  return {
    browsers: openKnownBrowsers(signer, { secure, port }),
    async isSigned(cookieHeader) {
      const given = read(cookieHeader)
      return given?.signature !== undefined && (await signer()).isSigned('session', given.token, given.signature)
    },
    async find(cookieHeader, address = 'unknown') {
      const given = read(cookieHeader)
      if (!given) return null
      const { token, signature } = given
      if (signature === undefined) await plainCookies.take(address)
      else if (!(await signer()).isSigned('session', token, signature)) return null
      if (ended.has(token)) return null
      const { session, user } = await lucia.validateSession(token)
      if (!session) {
        ended.add(token)
        return null
      }
      const { name, email, sign_in_name: signInName, colour } = user as unknown as RegisteredDatabaseUserAttributes
      const { ticket, made_by: within } = session as unknown as RegisteredDatabaseSessionAttributes
      // lucia counts half of the longer life: a session that is bound to an owner is never renewed
      const isDue = (session.fresh && within === null) || signature === undefined
      const cookie = isDue ? await cookieOf(session.id) : null
      const account = { id: user.id, name: shownName(name), email, signInName, colour, within }
      return { account, session: hashOf(session.id), ticket, expiresAt: session.expiresAt, cookie }
    },
    async create(account, by) {
      const origin = { ticket: by?.ticket ?? null, made_by: by?.madeBy ?? null }
      const session = await lucia.createSession(account, origin, { sessionId: newSecret() })
      return cookieOf(session.id)
    },
    end: (session) => void_(db.deleteFrom('session').where('id_hash', '=', session).execute()),
    endAll: (account, except = '') =>
      void_(db.deleteFrom('session').where('account', '=', account).where('id_hash', '!=', except).execute()),
    sweep: () => lucia.deleteExpiredSessions(),
    goodbye: lucia.createBlankSessionCookie().serialize(),
  }
}

/** The signer of an installation, whose key is read once. */
function signerOfInstallation(db: Db): () => Promise<Signer> {
  let signer: Promise<Signer> | null = null
  const read = () =>
    (signer ??= installationKey(db)
      .then(signerOf)
      .catch((error: unknown) => {
        // the database is away: whoever comes next asks again
        signer = null
        throw error
      }))
  void read().catch(() => undefined)
  return read
}

const ENDED_MOST = 10_000
const ENDED_MS = 60_000

/** Sessions that were looked up and were not there: showing one again and again costs no query each time. */
class EndedSessions {
  readonly #until = new Map<string, number>()

  has(token: string): boolean {
    return (this.#until.get(hashOf(token)) ?? 0) > performance.now()
  }

  add(token: string): void {
    const key = hashOf(token)
    this.#until.delete(key)
    this.#until.set(key, performance.now() + ENDED_MS)
    const [oldest] = this.#until.keys()
    if (this.#until.size > ENDED_MOST) this.#until.delete(oldest!)
  }
}

/** The stored name of a secret: SHA-256, hex. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

const void_ = (promise: Promise<unknown>): Promise<void> => promise.then(() => undefined)

/** Lucia's storage: looks sessions up by the hash of the token and hands the token back as the id. */
function hashingAdapter(db: Db, demo: boolean): Adapter {
  return {
    async getSessionAndUser(token) {
      const row = await db
        .selectFrom('session')
        .innerJoin('account', 'account.id', 'session.account')
        .select(['session.expires_at', 'session.ticket', 'session.made_by'])
        .select(['account.id', 'account.name', 'account.email', 'account.sign_in_name', 'account.colour'])
        .where('session.id_hash', '=', hashOf(token))
        .where('account.closed_at', 'is', null)
        .$if(!demo, (query) => query.where('account.demo', 'is', null))
        .executeTakeFirst()
      if (!row) return [null, null]
      const { id, expires_at: expiresAt, ticket, made_by, ...attributes } = row
      const session: DatabaseSession = { id: token, userId: id, expiresAt, attributes: { ticket, made_by } }
      const user: DatabaseUser = { id, attributes }
      return [session, user]
    },
    getUserSessions: () => Promise.resolve([]),
    setSession: ({ id, userId, expiresAt, attributes: { ticket, made_by } }) =>
      void_(
        db
          .insertInto('session')
          // by this machine's clock, as the tickets' uses are
          .values({
            ...{ id_hash: hashOf(id), account: userId, created_at: new Date(), ticket, made_by },
            expires_at: made_by === null ? expiresAt : new Date(Date.now() + BOUND_LIFE.milliseconds()),
          })
          .execute(),
      ),
    updateSessionExpiration: (token, expiresAt) =>
      void_(
        db
          .updateTable('session')
          .set({ expires_at: expiresAt })
          .where('id_hash', '=', hashOf(token))
          .where('made_by', 'is', null)
          .execute()
          // a disk that takes no writes ends no session: it is renewed the next time
          .catch((error: unknown) => {
            if (diskTroubleOf(error) === null) throw error
          }),
      ),
    deleteSession: (token) => void_(db.deleteFrom('session').where('id_hash', '=', hashOf(token)).execute()),
    deleteUserSessions: (account) => void_(db.deleteFrom('session').where('account', '=', account).execute()),
    deleteExpiredSessions: () => void_(db.deleteFrom('session').where('expires_at', '<', new Date()).execute()),
  }
}

declare module 'lucia' {
  interface Register {
    DatabaseUserAttributes: { name: string; email: string | null; sign_in_name: string | null; colour: number }
    DatabaseSessionAttributes: { ticket: string | null; made_by: string | null }
  }
}
