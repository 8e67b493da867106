import { createRoute, z } from '@hono/zod-openapi'
import { Problem, Role } from '@tamga/model'
import { isLoopback } from '../env.ts'
import { routes } from '../routes.ts'
import { answers, body, done } from '../schema.ts'
import type { Services } from '../services.ts'
import { ctxOf } from './guard.ts'
import { hashPassword, NewPassword, passwordFits } from './password.ts'
import { RateLimit } from './rate.ts'
import { accountByEmail, accountById, cameByLink, demoAccount, demoAccounts, updateAccount } from './store.ts'
import { consumeTicket, lookAtTicket } from './tickets.ts'

const AccountView = z.object({ id: z.string(), name: z.string(), email: z.string().nullable(), colour: z.int() })
const Signed = z.object({ account: AccountView })
const Person = z.object({ name: z.string().trim().min(1).max(100), email: z.email().max(200), password: NewPassword })
const Token = z.string().regex(/^[0-9a-f]{40}$/)

const DemoPerson = z.object({ person: z.string(), name: z.string(), role: Role, colour: z.int() })
const SessionView = z.object({
  account: AccountView.nullable(),
  demo: z.array(DemoPerson),
  /** True when people reach this server over plain HTTP from elsewhere: passwords and texts travel readable. */
  plainHttp: z.boolean(),
})

const lookAtSession = createRoute({
  method: 'get',
  path: '/session',
  responses: answers('Who is signed in.', SessionView),
})
const byPassword = createRoute({
  method: 'post',
  path: '/session/password',
  request: { body: body(z.object({ email: z.string().max(200), password: z.string().max(200) })) },
  responses: answers('Signed in.', Signed),
})
const byDemo = createRoute({
  method: 'post',
  path: '/session/demo',
  request: { body: body(z.object({ person: z.string().max(40) })) },
  responses: answers('Signed in as one of the demo team.', Signed),
})
const look = createRoute({
  method: 'post',
  path: '/tickets/look',
  request: { body: body(z.object({ token: Token })) },
  responses: answers(
    'What a link is for; it is not consumed.',
    z.object({
      kind: z.enum(['sign-in', 'invite', 'first-owner']),
      project: z.object({ id: z.string(), name: z.string() }).nullable(),
      role: Role.nullable(),
      invitedBy: z.string().nullable(),
      name: z.string().nullable(),
    }),
  ),
})
const use = createRoute({
  method: 'post',
  path: '/tickets/use',
  request: { body: body(z.object({ token: Token, person: Person.optional() })) },
  responses: answers(
    'Signed in, and a member of the project if the link was an invitation.',
    Signed.extend({ project: z.string().nullable() }),
  ),
})
const signOut = createRoute({ method: 'delete', path: '/session', responses: done })
const signOutEverywhere = createRoute({ method: 'delete', path: '/sessions', responses: done })
const change = createRoute({
  method: 'patch',
  path: '/account',
  request: {
    body: body(
      z.object({
        name: z.string().trim().min(1).max(100).optional(),
        password: z.object({ current: z.string().max(200).nullable(), next: NewPassword }).optional(),
      }),
    ),
  },
  responses: answers('Changed.', Signed),
})

/** Signing in and out, links, the account itself. */
export function authRoutes() {
  // ten guesses from one place; from many places more, so that nobody is locked out by one who knows the address
  const guesses = new RateLimit(10, 300)
  const passwords = new RateLimit(100, 300)
  const addresses = new RateLimit(60, 300)
  const links = new RateLimit(30, 300)

  return routes()
    .openapi(lookAtSession, async (c) => {
      const { services, account } = c.var
      const demo = demoAllowed(services, c.req.raw.headers) ? await demoAccounts(services.db) : []
      const people = demo.map((row) => ({ person: row.demo!, name: row.name, role: row.role, colour: row.colour }))
      const plainHttp = !services.origins.secure && !isLoopback(new URL(services.origins.url).hostname)
      return c.json({ account, demo: people, plainHttp }, 200)
    })
    .openapi(byPassword, async (c) => {
      const { email, password } = c.req.valid('json')
      const { services } = c.var
      const key = email.trim().toLowerCase()
      const guess = `${addressOf(c)} ${key}`
      addresses.take(addressOf(c), services.now())
      guesses.take(guess, services.now())
      passwords.take(key, services.now())
      const account = await accountByEmail(services.db, key)
      if (!(await passwordFits(account?.password_hash ?? null, password)) || !account)
        throw new Problem('wrong_password')
      guesses.clear(guess)
      return c.json(await signIn(c, account.id), 200)
    })
    .openapi(byDemo, async (c) => {
      const { services } = c.var
      if (!demoAllowed(services, c.req.raw.headers)) throw new Problem('demo_only_here')
      const account = await demoAccount(services.db, c.req.valid('json').person)
      if (!account) throw new Problem('not_found')
      return c.json(await signIn(c, account.id), 200)
    })
    .openapi(look, async (c) => {
      links.take(addressOf(c), c.var.services.now())
      return c.json(await lookAtTicket(c.var.services, c.req.valid('json').token), 200)
    })
    .openapi(use, async (c) => {
      const { services, account } = c.var
      const { token, person } = c.req.valid('json')
      links.take(addressOf(c), services.now())
      const used = await consumeTicket(services, token, person ?? null, account?.id ?? null)
      return c.json({ ...(await signIn(c, used.account)), project: used.project }, 200)
    })
    .openapi(signOut, async (c) => {
      if (c.var.session) await c.var.sessions.end(c.var.session)
      c.header('set-cookie', c.var.sessions.goodbye)
      return c.body(null, 204)
    })
    .openapi(signOutEverywhere, async (c) => {
      await c.var.sessions.endAll(ctxOf(c).account.id)
      c.header('set-cookie', c.var.sessions.goodbye)
      return c.body(null, 204)
    })
    .openapi(change, async (c) => {
      const { services, account } = ctxOf(c)
      const { name, password } = c.req.valid('json')
      if (password) await requirePassword(c, password.current, guesses)
      const hash = password && (await hashPassword(password.next))
      const changes = { ...(name && { name }), ...(hash && { password_hash: hash }) }
      if (name || hash) await updateAccount(services.db, account.id, changes)
      if (hash) await c.var.sessions.endAll(account.id, c.var.session!)
      return c.json({ account: view((await accountById(services.db, account.id))!) }, 200)
    })
}

/** Throws `wrong_password` unless the account has none, it is this one, or the session began by a one-time link. */
async function requirePassword(c: Request, current: string | null, guesses: RateLimit): Promise<void> {
  const { services, account } = ctxOf(c)
  const { password_hash: stored } = (await accountById(services.db, account.id))!
  if (stored === null) return
  const now = services.now()
  if (current === null && (await cameByLink(services.db, c.var.session!, new Date(now.getTime() - HOUR)))) return
  guesses.take(account.id, now)
  if (!(await passwordFits(stored, current ?? ''))) throw new Problem('wrong_password')
  guesses.clear(account.id)
}

const HOUR = 60 * 60 * 1000

type Request = Parameters<typeof ctxOf>[0] & {
  header(name: string, value: string): void
  req: { header(name: string): string | undefined }
  env: unknown
}

async function signIn(c: Request, account: string) {
  const { services, sessions, session } = c.var
  if (session) await sessions.end(session)
  c.header('set-cookie', await sessions.create(account))
  return { account: view((await accountById(services.db, account))!) }
}

const view = ({ id, name, email, colour }: z.infer<typeof AccountView>) => ({ id, name, email, colour })

/** One-click demo people need loopback from end to end: the peer (the server listens there alone), the Host, no proxy. */
const demoAllowed = (services: Services, headers: Headers): boolean =>
  services.demo && ![...headers.keys()].some((name) => FORWARDED.test(name))

// what proxies add in their many ways
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*)$/

/**
 * Where a request comes from: the socket's other side. Under https that is the proxy, since this server speaks no TLS
 * itself; then it is what the nearest proxy says last, or all who come by it would share one limit.
 */
function addressOf(c: Request): string {
  const forwarded = c.var.services.origins.secure
    ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim()
    : undefined
  const incoming = (c.env as { incoming?: { socket: { remoteAddress?: string } } }).incoming
  return forwarded || (incoming?.socket.remoteAddress ?? 'unknown')
}
