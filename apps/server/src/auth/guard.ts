import { can, Problem, type Action, type Role } from '@tamga/model'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { proveSession, requestOf } from '../connections.ts'
import type { Services } from '../services.ts'
import type { Reader } from '../db/reach.ts'
import type { Account, Sessions } from './sessions.ts'
import { accountById, membership } from './store.ts'

/** What a request carries once it has passed all checks. */
export interface Env {
  Variables: {
    services: Services
    sessions: Sessions
    account: Account | null
    session: string | null
    /** The one-time link that the session began with. */
    ticket: string | null
    sessionEnds: Date | null
    request: string
    /** What the request counts for where requests are counted. */
    address: string
  }
}

/** A verb's view of who asks: a signed-in account in the bounds of its session, and the services. */
export interface Ctx {
  readonly services: Services
  readonly account: Reader
}

/**
 * Counts a request without a session for its address, before anything is done for it. A cookie that this installation has
 * signed is taken for a session here; whether it still is one is asked where that matters.
 */
export const limitUnknown = createMiddleware<Env>(async (c, next) => {
  const { services, sessions } = c.var
  c.set('address', services.limits.addressOf(requestOf(c)))
  if (!(await sessions.isSigned(c.req.header('cookie')))) {
    const refusal = await services.limits.requests.take(c.var.address).then(() => null, problemOf)
    // a page that is not there yet has no sentences of its own
    if (refusal && !c.req.path.startsWith('/api/')) return sayTooMany(c, Number(refusal.details.seconds))
    if (refusal) throw refusal
  }
  await next()
})

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  throw error
}

const sayTooMany = (c: Context, seconds: number) =>
  c.text(`Too many requests from your address. Try again in ${seconds} seconds.\n`, 429, {
    'retry-after': String(seconds),
  })

/** Reads the session of each request, and renews its cookie at half life. */
export const readSession = createMiddleware<Env>(async (c, next) => {
  const signedIn = await c.var.sessions.find(c.req.header('cookie'), c.var.address)
  // signed, and ended since: it counts as none
  if (!signedIn && (await c.var.sessions.isSigned(c.req.header('cookie'))))
    await c.var.services.limits.requests.take(c.var.address)
  if (signedIn) proveSession(requestOf(c).socket)
  c.set('account', signedIn?.account ?? null)
  c.set('session', signedIn?.session ?? null)
  c.set('ticket', signedIn?.ticket ?? null)
  c.set('sessionEnds', signedIn?.expiresAt ?? null)
  await next()
  const renewed = signedIn?.cookie
  // not if the request signed in or out: the last cookie of a name is the one that stays
  const isSet = renewed && c.res.headers.getSetCookie().some((one) => one.startsWith(renewed.split('=')[0]! + '='))
  if (renewed && !isSet) c.header('set-cookie', renewed, { append: true })
})

/** The bytes of a body that is read without a session: a link's with a name and a password are far below. */
const UNKNOWN_BODY_BYTES = 16 * 1024

/** What may be asked without a session: signing in and out, and links. */
const OPEN_PATHS = /^\/api\/(session|tickets)(\/|$)/

/** Refuses what needs a session before its body is read. */
export const requireSessionForBody = createMiddleware<Env>(async (c, next) => {
  if (!c.var.account && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    if (!OPEN_PATHS.test(c.req.path)) throw new Problem('sign_in')
    if (Number(c.req.header('content-length') ?? '0') > UNKNOWN_BODY_BYTES)
      throw new Problem('too_large', { most: UNKNOWN_BODY_BYTES })
  }
  await next()
})

/** The verb's context of a request. Throws `sign_in` when nobody is signed in. */
export function ctxOf(c: { var: Env['Variables'] }): Ctx {
  if (!c.var.account) throw new Problem('sign_in')
  return { services: c.var.services, account: c.var.account }
}

/**
 * The asker's role in a project, if it allows the action. A foreigner learns no more of a project than of one that does
 * not exist (`not_found`); a member without the right hears who can give it (`forbidden`).
 */
export async function requireRole(ctx: Ctx, project: string, action: Action): Promise<Role> {
  const member = await membership(ctx.services.db, project, ctx.account)
  if (!member) throw new Problem('not_found')
  if (!can(member.role, action))
    throw new Problem('forbidden', { role: member.role, action, owner: await anOwner(ctx, project) })
  return member.role
}

/** Throws `session_limited` in a session that is bound to the owner who made its link: the account is not all its own. */
export async function requireWholeSession({ services, account }: Ctx): Promise<void> {
  if (account.within === null) return
  const maker = await accountById(services.db, account.within)
  throw new Problem('session_limited', { name: maker?.name ?? null })
}

const anOwner = async ({ services }: Ctx, project: string): Promise<string | null> => {
  const owner = await services.db
    .selectFrom('member')
    .innerJoin('account', 'account.id', 'member.account')
    .select('account.name')
    .where('member.project', '=', project)
    .where('member.role', '=', 'owner')
    .where('member.left_at', 'is', null)
    .orderBy('member.joined_at')
    .executeTakeFirst()
  return owner?.name ?? null
}
