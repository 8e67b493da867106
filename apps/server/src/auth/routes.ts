import { createRoute, z } from '@hono/zod-openapi'
import { GivenId, LinkSecret, PersonName, Problem, requestLimits, Role, shownName } from '@tamga/model'
import type { Row } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { isLoopback } from '../env.ts'
import { countFailures } from '../rate-limits.ts'
import { routes } from '../routes.ts'
import { answers, body, done } from '../schema.ts'
import type { Services } from '../services.ts'
import { ctxOf, requireWholeSession } from './guard.ts'
import { hashPassword, NewPassword, passwordFits } from './password.ts'
import type { LinkOrigin } from './sessions.ts'
import {
  accountById,
  accountBySignIn,
  demoAccount,
  demoAccounts,
  freeSession,
  lockAccount,
  markLinksRead,
  nobodyYet,
  unreadLinks,
  updateAccount,
  usedAfter,
} from './store.ts'
import { consumeTicket, isWithin, lookAtTicket } from './tickets.ts'

const AccountView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  signInName: z.string().nullable(),
  colour: z.int(),
})
const Signed = z.object({ account: AccountView })
const Person = z.object({ name: PersonName, email: z.email().max(requestLimits.signIn), password: NewPassword })

const DemoPerson = z.object({ person: z.string(), name: z.string(), role: Role, colour: z.int() })
/** A one-time link that signed the account in. */
const UsedLink = z.object({
  id: z.string(),
  /** Who made it; null for whoever runs the server. */
  by: z.string().nullable(),
  usedAt: z.string(),
})
const SessionView = z.object({
  account: AccountView.nullable(),
  /** Set where the session is bound to the owner who made its link: whose projects it reaches, and until when. */
  bound: z.object({ by: z.string(), until: z.string(), maySetPassword: z.boolean() }).nullable(),
  /** Uses of links that the account has not read of yet. */
  links: z.array(UsedLink),
  /** Whether this session may say that they were read: one that began with a link may not. */
  mayRead: z.boolean(),
  demo: z.array(DemoPerson),
  /** True when people reach this server over plain HTTP from elsewhere: passwords and texts travel readable. */
  plainHttp: z.boolean(),
  /** True while nobody has an account here: the link that the server printed at its start makes the first owner. */
  nobody: z.boolean(),
})

const lookAtSession = createRoute({
  method: 'get',
  path: '/session',
  responses: answers('Who is signed in.', SessionView),
})
const byPassword = createRoute({
  method: 'post',
  path: '/session/password',
  /** `email` is an e-mail or a sign-in name. */
  request: {
    body: body(
      z.object({ email: z.string().max(requestLimits.signIn), password: z.string().max(requestLimits.password) }),
    ),
  },
  responses: answers('Signed in.', Signed),
})
const byDemo = createRoute({
  method: 'post',
  path: '/session/demo',
  request: { body: body(z.object({ person: GivenId })) },
  responses: answers('Signed in as one of the demo team.', Signed),
})
const look = createRoute({
  method: 'post',
  path: '/tickets/look',
  request: { body: body(z.object({ token: LinkSecret })) },
  responses: answers(
    'What a link is for; it is not consumed.',
    z.object({
      kind: z.enum(['sign-in', 'invite', 'first-owner']),
      project: z.object({ id: z.string(), name: z.string() }).nullable(),
      role: Role.nullable(),
      invitedBy: z.string().nullable(),
      name: z.string().nullable(),
      signInName: z.string().nullable(),
      /** Whether the link asks for a password, lets one be set, or does not. */
      password: z.enum(['asked', 'may', 'no']),
    }),
  ),
})
const use = createRoute({
  method: 'post',
  path: '/tickets/use',
  request: { body: body(z.object({ token: LinkSecret, person: Person.optional(), password: NewPassword.optional() })) },
  responses: answers(
    'Signed in, and a member of the project if the link was an invitation.',
    Signed.extend({ project: z.string().nullable() }),
  ),
})
const readLinks = createRoute({
  method: 'post',
  path: '/session/links/read',
  request: { body: body(z.object({ links: z.array(GivenId).min(1).max(requestLimits.links) })) },
  responses: done,
})
const signOut = createRoute({ method: 'delete', path: '/session', responses: done })
const signOutEverywhere = createRoute({ method: 'delete', path: '/sessions', responses: done })
const change = createRoute({
  method: 'patch',
  path: '/account',
  request: {
    body: body(
      z.object({
        name: PersonName.optional(),
        password: z
          .object({ current: z.string().max(requestLimits.password).nullable(), next: NewPassword })
          .optional(),
      }),
    ),
  },
  responses: answers('Changed.', Signed),
})

/** Signing in and out, links, the account itself. */
export function authRoutes() {
  return routes()
    .openapi(lookAtSession, async (c) => {
      const { services, account } = c.var
      const demo = demoAllowed(services, c.req.raw.headers) ? await demoAccounts(services.db) : []
      const people = demo.map((row) => ({
        person: row.demo!,
        name: shownName(row.name),
        role: row.role,
        colour: row.colour,
      }))
      const plainHttp = !services.origins.secure && !isLoopback(new URL(services.origins.url).hostname)
      const nobody = !account && !services.demo && (await nobodyYet(services.db))
      return c.json({ account: account && view(account), ...(await linksOf(c)), demo: people, plainHttp, nobody }, 200)
    })
    .openapi(byPassword, async (c) => {
      const { email, password } = c.req.valid('json')
      const { services } = c.var
      const account = await accountBySignIn(services.db, email.trim())
      await checkGuess(c, account?.id ?? `unknown ${email.trim().toLowerCase()}`, (isKnown) =>
        requireFit(account?.password_hash ?? null, password, isKnown),
      )
      return c.json(await signIn(c, account!.id), 200)
    })
    .openapi(byDemo, async (c) => {
      const { services } = c.var
      if (!demoAllowed(services, c.req.raw.headers)) throw new Problem('demo_only_here')
      const account = await demoAccount(services.db, c.req.valid('json').person)
      if (!account) throw new Problem('not_found')
      return c.json(await signIn(c, account.id), 200)
    })
    .openapi(look, async (c) => {
      const { token } = c.req.valid('json')
      return c.json(await countLink(c, token, () => lookAtTicket(c.var.services, token)), 200)
    })
    .openapi(use, async (c) => {
      const { services, account } = c.var
      const { token, person = null, password = null } = c.req.valid('json')
      const used = await countLink(c, token, () => consumeTicket(services, token, { person, password }, account))
      return c.json({ ...(await signIn(c, used.account, used.origin)), project: used.project }, 200)
    })
    .openapi(readLinks, async (c) => {
      const { services, account } = ctxOf(c)
      // whoever came by a link must not be able to hide that
      await requireWholeSession(ctxOf(c))
      if (c.var.ticket !== null) throw new Problem('session_limited', { name: null })
      await markLinksRead(services.db, account.id, c.req.valid('json').links, services.now())
      return c.body(null, 204)
    })
    .openapi(signOut, async (c) => {
      if (c.var.session) await c.var.sessions.end(c.var.session)
      c.header('set-cookie', c.var.sessions.goodbye)
      return c.body(null, 204)
    })
    .openapi(signOutEverywhere, async (c) => {
      const ctx = ctxOf(c)
      await requireWholeSession(ctx)
      await c.var.sessions.endAll(ctx.account.id)
      c.header('set-cookie', c.var.sessions.goodbye)
      return c.body(null, 204)
    })
    .openapi(change, async (c) => {
      const ctx = ctxOf(c)
      const { services, account } = ctx
      const { name, password } = c.req.valid('json')
      // the name is seen in all projects
      if (name) await requireWholeSession(ctx)
      if (password) await requirePassword(c, password.current)
      const hash = password && (await hashPassword(password.next))
      const changes = { ...(name && { name }), ...(hash && { password_hash: hash }) }
      if (hash) await setPassword(c, changes)
      else if (name) await updateAccount(services.db, account.id, changes)
      return c.json({ account: view(rowView((await accountById(services.db, account.id))!)) }, 200)
    })
}

/** Changes the account and ends its other sessions. Throws `password_kept` in a session that may not. */
async function setPassword(c: Request, changes: { name?: string; password_hash?: string }): Promise<void> {
  const { services, account } = ctxOf(c)
  const { within } = account
  await transact(services, async (trx) => {
    // locked: nobody joins another project with it meanwhile
    const row = await lockAccount(trx, account.id)
    if (!row || (within !== null && !(await isWithin(trx, row, within)))) throw new Problem('password_kept')
    await updateAccount(trx, account.id, changes)
    if (within !== null) await freeSession(trx, c.var.session!, c.var.sessionEnds!)
  })
  await c.var.sessions.endAll(account.id, c.var.session!)
}

/** What the session's own page says of one-time links. */
async function linksOf(c: Request) {
  const { services, account, ticket } = c.var
  if (!account) return { bound: null, links: [], mayRead: false }
  const { db } = services
  const links = (await unreadLinks(db, account.id)).map(({ id, used_at: at, name, sign_in_name: signInName }) => ({
    ...{ id, usedAt: at!.toISOString() },
    by: name === null ? null : named(name, signInName),
  }))
  return {
    bound: account.within === null ? null : await boundOf(c),
    links,
    mayRead: ticket === null && account.within === null,
  }
}

async function boundOf(c: Request) {
  const { services, account, sessionEnds } = c.var
  const [maker, row] = [await accountById(services.db, account!.within!), await accountById(services.db, account!.id)]
  const maySetPassword = row !== undefined && (await isWithin(services.db, row, account!.within!))
  return { by: maker ? shownName(maker.name) : '', until: sessionEnds!.toISOString(), maySetPassword }
}

const named = (name: string, signInName: string | null): string =>
  signInName === null ? shownName(name) : `${shownName(name)} (${signInName})`

/** Throws `wrong_password` unless the account has none, it is this one, or the session began by a one-time link. */
async function requirePassword(c: Request, current: string | null): Promise<void> {
  const { services, account } = ctxOf(c)
  const stored = (await accountById(services.db, account.id))!.password_hash
  if (stored === null) return
  const { ticket } = c.var
  const after = new Date(services.now().getTime() - HOUR)
  if (current === null && ticket !== null && (await usedAfter(services.db, ticket, after))) return
  const { changes } = services.limits
  await countFailures([[changes, account.id]], isWrongGuess, () => requireFit(stored, current ?? '', true))
}

/** Throws `wrong_password`, or `rate_limited` if too many passwords are checked already. */
async function requireFit(stored: string | null, password: string, first: boolean): Promise<void> {
  if (!(await passwordFits(stored, password, first))) throw new Problem('wrong_password')
}

/**
 * Lets one guess at an account's password be made, `subject` being its id or what was typed in its place. A browser that
 * was signed in to the account before counts by itself; all others are limited by address and account, by address, and by
 * account: beyond that one guess is let through every few seconds, wherever it comes from.
 */
async function checkGuess(c: Request, subject: string, guess: (isKnown: boolean) => Promise<void>): Promise<void> {
  const { address, services, sessions } = c.var
  const { limits } = services
  const browser = await sessions.browsers.keyOf(c.req.header('cookie'), subject)
  if (browser) return countFailures([[limits.knownBrowserGuesses, browser]], isWrongGuess, () => guess(true))
  const counts = [
    [limits.addressGuesses, address],
    [limits.guesses, `${address} ${subject}`],
    [limits.accountGuesses, subject],
  ] as const
  await countFailures(counts, isWrongGuess, () => guess(false))
}

/** Counts what fails by a link that is used, gone or made up: for the link, and for the address that tries many. */
function countLink<T>(c: Request, token: string, act: () => Promise<T>): Promise<T> {
  const { limits } = c.var.services
  const counts = [
    [limits.addressGuesses, c.var.address],
    [limits.links, token],
  ] as const
  return countFailures(counts, isWrongGuess, act)
}

const isWrongGuess = (error: unknown): boolean =>
  error instanceof Problem && (error.code === 'wrong_password' || error.code === 'link_used')

const HOUR = 60 * 60 * 1000

type Request = Parameters<typeof ctxOf>[0] & {
  header(name: string, value: string, options?: { append?: boolean }): void
  req: { header(name: string): string | undefined }
}

async function signIn(c: Request, account: string, by?: LinkOrigin) {
  const { services, sessions, session } = c.var
  if (session) await sessions.end(session)
  c.header('set-cookie', await sessions.create(account, by))
  // a link that an owner made is for whoever was given it: that makes its browser no known one
  if (!by?.madeBy)
    c.header('set-cookie', await sessions.browsers.remember(c.req.header('cookie'), account), { append: true })
  return { account: view(rowView((await accountById(services.db, account))!)) }
}

const view = ({ id, name, email, signInName, colour }: z.infer<typeof AccountView>) => ({
  ...{ id, name: shownName(name), email, signInName, colour },
})

const rowView = ({ sign_in_name: signInName, ...row }: Row<'account'>) => ({ ...row, signInName })

/** One-click demo people need loopback from end to end: the peer (the server listens there alone), the Host, no proxy. */
const demoAllowed = (services: Services, headers: Headers): boolean =>
  services.demo && ![...headers.keys()].some((name) => FORWARDED.test(name))

// what proxies add in their many ways
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*)$/
