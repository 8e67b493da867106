import { createHash } from 'node:crypto'
import { Lucia, TimeSpan, type Adapter, type DatabaseSession, type DatabaseUser } from 'lucia'
import type { Db } from '../db/open.ts'
import { newSecret } from '../services.ts'

/** Who is signed in. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly colour: number
}

/** A signed-in request: the account and the stored name of its session. */
export interface SignedIn {
  readonly account: Account
  readonly session: string
  /** A renewed cookie to send, or null. */
  readonly cookie: string | null
}

/** The sessions of a server. The only file that knows lucia; ids are stored hashed, so a stolen table opens nothing. */
export interface Sessions {
  /** The session of a Cookie header, or null. Renews at half life. */
  find(cookieHeader: string | undefined): Promise<SignedIn | null>
  /** Signs in under a new session id and answers the Set-Cookie value. */
  create(account: string): Promise<string>
  end(session: string): Promise<void>
  /** Ends all sessions of an account, but the one named. */
  endAll(account: string, except?: string): Promise<void>
  sweep(): Promise<void>
  readonly goodbye: string
}

const LIFE = new TimeSpan(30, 'd')

/** The cookie is named by port on plain HTTP: browsers do not keep ports of one host apart. */
export const cookieName = (secure: boolean, port: number): string => (secure ? '__Host-tamga' : `tamga_${port}`)

/** `demo` false shuts the demo's people out, whatever cookie they hold. */
export function openSessions(
  db: Db,
  { secure, port, demo }: { secure: boolean; port: number; demo: boolean },
): Sessions {
  const name = cookieName(secure, port)
  // found by its own name and form: what other servers on this host keep in their cookies may be malformed
  const ours = new RegExp(`(?:^|;) *${name}=([0-9a-f]{40})(?=;|$)`)
  const lucia = new Lucia(hashingAdapter(db, demo), {
    sessionExpiresIn: LIFE,
    sessionCookie: { name, attributes: { secure, sameSite: 'lax', path: '/' } },
    getUserAttributes: (account) => account,
  })
  return {
    async find(cookieHeader) {
      const token = ours.exec(cookieHeader ?? '')?.[1]
      if (!token) return null
      const { session, user } = await lucia.validateSession(token)
      if (!session) return null
      const { name, email, colour } = user as unknown as Account
      const cookie = session.fresh ? lucia.createSessionCookie(session.id).serialize() : null
      return { account: { id: user.id, name, email, colour }, session: hashOf(session.id), cookie }
    },
    async create(account) {
      const session = await lucia.createSession(account, {}, { sessionId: newSecret() })
      return lucia.createSessionCookie(session.id).serialize()
    },
    end: (session) => void_(db.deleteFrom('session').where('id_hash', '=', session).execute()),
    endAll: (account, except = '') =>
      void_(db.deleteFrom('session').where('account', '=', account).where('id_hash', '!=', except).execute()),
    sweep: () => lucia.deleteExpiredSessions(),
    goodbye: lucia.createBlankSessionCookie().serialize(),
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
        .select(['session.expires_at', 'account.id', 'account.name', 'account.email', 'account.colour'])
        .where('session.id_hash', '=', hashOf(token))
        .where('account.closed_at', 'is', null)
        .$if(!demo, (query) => query.where('account.demo', 'is', null))
        .executeTakeFirst()
      if (!row) return [null, null]
      const session: DatabaseSession = { id: token, userId: row.id, expiresAt: row.expires_at, attributes: {} }
      const user: DatabaseUser = { id: row.id, attributes: { name: row.name, email: row.email, colour: row.colour } }
      return [session, user]
    },
    getUserSessions: () => Promise.resolve([]),
    setSession: ({ id, userId, expiresAt }) =>
      void_(
        db
          .insertInto('session')
          // by this machine's clock, as the tickets' uses are
          .values({ id_hash: hashOf(id), account: userId, created_at: new Date(), expires_at: expiresAt })
          .execute(),
      ),
    updateSessionExpiration: (token, expiresAt) =>
      void_(db.updateTable('session').set({ expires_at: expiresAt }).where('id_hash', '=', hashOf(token)).execute()),
    deleteSession: (token) => void_(db.deleteFrom('session').where('id_hash', '=', hashOf(token)).execute()),
    deleteUserSessions: (account) => void_(db.deleteFrom('session').where('account', '=', account).execute()),
    deleteExpiredSessions: () => void_(db.deleteFrom('session').where('expires_at', '<', new Date()).execute()),
  }
}

declare module 'lucia' {
  interface Register {
    DatabaseUserAttributes: { name: string; email: string | null; colour: number }
  }
}
