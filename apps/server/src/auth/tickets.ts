import { randomBytes } from 'node:crypto'
import { above, LINK_CODE_BYTES, linkCodeFrom, printedCode, Problem, shownName, type Role } from '@tamga/model'
import type { Transaction } from 'kysely'
import type { Db } from '../db/open.ts'
import type { Row, Tables } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { record } from '../audit.ts'
import { projectScope, state } from '../facts.ts'
import { newId, newSecret, type Services } from '../services.ts'
import { hashPassword } from './password.ts'
import type { Reader } from '../db/reach.ts'
import { hashOf, type LinkOrigin } from './sessions.ts'
import {
  accountByEmail,
  accountById,
  insertAccount,
  holdMembership,
  insertTicket,
  lockAccount,
  nobodyYet,
  membership,
  projectsBeside,
  ticketByHash,
  updateAccount,
  useTicket,
} from './store.ts'

type Trx = Transaction<Tables>

const DAY = 24 * 60 * 60 * 1000

/** A link as it is shown once: the secret stands in the fragment, so no server, proxy or log ever sees it. */
const linkTo = (services: Services, secret: string) => `${services.origins.url}/link#${secret}`

/** How many days a link lives that an owner makes: for a member, or to invite. */
export type LinkDays = 1 | 7 | 30

/** A one-time link that signs in an account with all its projects: made by who runs the server. */
export async function makeSignInLink(services: Services, account: string): Promise<string> {
  const secret = newSecret()
  const ticket = { kind: 'sign-in', account, made_by: null } as const
  await insertTicket(services.db, { ...ticket, ...life(services), hash: hashOf(secret), id: newId() })
  return linkTo(services, secret)
}

/** A link that an owner makes for a member of a project: as it is handed over, and what the database keeps. */
export function memberLink(
  services: Services,
  { project, account, by, days }: { project: string; account: string; by: string; days: LinkDays },
) {
  const secret = linkCodeFrom(randomBytes(LINK_CODE_BYTES))
  const code = printedCode(secret)
  const row = {
    ...({ kind: 'sign-in', account, project, made_by: by } as const),
    ...{ ...life(services, days), hash: hashOf(secret), id: newId() },
  }
  return { code, url: linkTo(services, code), row }
}

/** A one-time link that makes the first person of a server that has none. */
export async function makeFirstOwnerLink(services: Services): Promise<string> {
  const secret = newSecret()
  await insertTicket(services.db, { kind: 'first-owner', ...life(services), hash: hashOf(secret), id: newId() })
  return linkTo(services, secret)
}

/** An invitation into a project under a role; the caller has checked that it is not above the inviter's. */
export async function makeInvitation(
  services: Services,
  project: string,
  { role, by, days, note }: { role: Role; by: string; days: LinkDays; note: string | null },
): Promise<{ id: string; url: string; expiresAt: Date }> {
  const secret = newSecret()
  const id = newId()
  const ticket = { kind: 'invite', project, role, made_by: by, note } as const
  const term = life(services, days)
  await insertTicket(services.db, { ...ticket, ...term, hash: hashOf(secret), id })
  return { id, url: linkTo(services, secret), expiresAt: term.expires_at }
}

const life = (services: Services, days: LinkDays = 1) => ({
  // by this machine's clock, as its end
  created_at: services.now(),
  expires_at: new Date(services.now().getTime() + days * DAY),
})

/** What a link is for, without consuming it. Throws `link_used` for one that is used, expired, revoked or unknown. */
export async function lookAtTicket(services: Services, secret: string) {
  const ticket = await liveTicket(services, services.db, secret)
  const project = ticket.project === null ? null : await projectName(services, ticket.project)
  const inviter = ticket.made_by === null ? null : await accountById(services.db, ticket.made_by)
  const account = ticket.account === null ? null : await accountById(services.db, ticket.account)
  return {
    kind: ticket.kind,
    project,
    role: ticket.role,
    invitedBy: inviter ? shownName(inviter.name) : null,
    name: account ? shownName(account.name) : null,
    signInName: account?.sign_in_name ?? null,
    password: account ? await passwordBy(services.db, account, ticket.made_by) : ('no' as const),
  }
}

/**
 * Whether whoever comes by a link may set a password: only by the link of an owner who owns every project of an account
 * without an e-mail. An account that has no password is asked for one. Who comes by an operator's link sets one later.
 */
async function passwordBy(db: Db, account: Row<'account'>, maker: string | null): Promise<'asked' | 'may' | 'no'> {
  if (maker === null || !(await isWithin(db, account, maker))) return 'no'
  return account.password_hash === null ? 'asked' : 'may'
}

/** True for an account without an e-mail whose every project another account owns now. */
export async function isWithin(db: Db, account: Row<'account'>, owner: string): Promise<boolean> {
  if (account.email !== null || account.demo !== null) return false
  return (await projectsBeside(db, account.id, owner)).every(({ owned }) => owned)
}

const projectName = (services: Services, project: string) =>
  services.db
    .selectFrom('project')
    .select(['id', 'name'])
    .where('id', '=', project)
    .executeTakeFirstOrThrow()
    .then(({ id, name }) => ({ id, name: shownName(name) }))

/** Who comes in by an invitation or as a first owner. */
export interface NewPerson {
  readonly name: string
  readonly email: string
  readonly password: string
}

/**
 * Consumes a link and answers who is signed in by it. An invitation adds the signed-in account, or a new person, to its
 * project; it never lowers a role and dies with its maker's right to give it.
 */
export async function consumeTicket(
  services: Services,
  secret: string,
  { person, password }: { person: NewPerson | null; password: string | null },
  signedIn: Reader | null,
): Promise<{ account: string; project: string | null; origin: LinkOrigin | undefined }> {
  const { id, kind, made_by: maker, account: known, project } = await liveTicket(services, services.db, secret)
  // a session that is bound to an owner adds no project to the account, least of all one that it would not reach
  if (known === null && (signedIn?.within ?? null) !== null) throw new Problem('session_limited', { name: null })
  const account = known ?? signedIn?.id ?? newId()
  const isNew = known === null && signedIn === null
  if (isNew && person === null) throw new Problem('malformed', { field: 'person' })
  const chosen = isNew ? person!.password : kind === 'sign-in' ? password : null
  const passwordHash = chosen === null ? null : await hashPassword(chosen)
  const consume = async (trx: Trx) => {
    // once more: a password takes its time, and meanwhile the inviter may have lost the right to invite
    const ticket = await liveTicket(services, trx, secret)
    if (!(await useTicket(trx, ticket, services.now()))) throw new Problem('link_used')
    if (isNew) await insertPerson(trx, account, person!, passwordHash!)
    else if (kind === 'sign-in') await signInBy(trx, ticket, passwordHash)
    if (ticket.kind === 'invite') await join(trx, ticket.project!, account, ticket.role!)
  }
  try {
    await transact(services, consume)
  } catch (error) {
    // somebody else came in under the same address at the same moment
    const taken = (error as { constraint?: unknown }).constraint === 'account_email_key'
    throw taken ? new Problem('email_taken', { email: person!.email.toLowerCase() }) : error
  }
  if (project !== null) services.notifier.notify()
  // who chose a password has the whole account, as by that password
  const madeBy = passwordHash === null ? maker : null
  return { account, project, origin: kind === 'sign-in' ? { ticket: id, madeBy } : undefined }
}

/** Sets the password that came with a sign-in link, if the link allows that, and tells its maker and the account. */
async function signInBy(trx: Trx, ticket: Row<'ticket'>, passwordHash: string | null): Promise<void> {
  const { account, project, made_by: maker } = ticket
  if (passwordHash !== null) {
    // locked: nobody joins another project with it meanwhile
    const row = await lockAccount(trx, account!)
    if (!row || (await passwordBy(trx, row, maker)) === 'no') throw new Problem('password_kept')
    await updateAccount(trx, account!, { password_hash: passwordHash })
    await trx.deleteFrom('session').where('account', '=', account!).execute()
  }
  const after = { by: maker, link: ticket.id, password: passwordHash !== null }
  await record(trx, { project, account, act: 'member.link_used', subject: account!, after })
}

/** The ticket behind a secret, if what it stands on stands still; in a transaction that holds till its end. */
async function liveTicket(services: Services, db: Db, secret: string) {
  const ticket = await ticketByHash(db, hashOf(secret), services.now())
  if (!ticket) throw new Problem('link_used')
  if (ticket.kind === 'invite') {
    const inviter = ticket.made_by === null ? undefined : await holdMembership(db, ticket.project!, ticket.made_by)
    if (!inviter || above(ticket.role!, inviter.role)) throw new Problem('link_used')
  }
  if (ticket.kind === 'first-owner' && !(await nobodyYet(db))) throw new Problem('link_used')
  // an owner's help is for members of that owner's projects alone, also on the day it is used
  if (ticket.kind === 'sign-in' && ticket.made_by !== null) {
    const reader = { id: ticket.account!, within: ticket.made_by }
    const reached = ticket.project
      ? (await membership(db, ticket.project, reader)) !== undefined
      : (await projectsBeside(db, ticket.account!, ticket.made_by)).some(({ owned }) => owned)
    if (!reached) throw new Problem('link_used')
  }
  const account = ticket.account === null ? undefined : await accountById(db, ticket.account)
  if (account && account.demo !== null && !services.demo) throw new Problem('demo_only_here')
  return ticket
}

async function insertPerson(trx: Trx, id: string, person: NewPerson, passwordHash: string) {
  const email = person.email.toLowerCase()
  if (await accountByEmail(trx, email)) throw new Problem('email_taken', { email })
  await insertAccount(trx, { id, email, name: person.name, password_hash: passwordHash })
}

async function join(trx: Trx, project: string, account: string, role: Role): Promise<void> {
  // one after the other, so that no two get the same pseudonym
  await trx.selectFrom('project').select('id').where('id', '=', project).forNoKeyUpdate().execute()
  const before = await trx
    .selectFrom('member')
    .selectAll()
    .where('project', '=', project)
    .where('account', '=', account)
    .executeTakeFirst()
  if (!before) {
    await trx
      .insertInto('member')
      .values({ project, account, role, pseudonym: await nextPseudonym(trx, project) })
      .execute()
  } else {
    const kept = before.left_at === null && above(before.role, role) ? before.role : role
    await trx
      .updateTable('member')
      .set({ role: kept, left_at: null })
      .where('project', '=', project)
      .where('account', '=', account)
      .execute()
  }
  await trx
    .insertInto('audit')
    .values({ project, account, act: 'member.joined', subject: account, after: JSON.stringify({ role }) })
    .execute()
  await state(trx, projectScope(project), [{ kind: 'members', payload: { account } }])
}

/** The name under which a member stands in exports: A1, A2 … in the order of joining. */
export async function nextPseudonym(trx: Trx, project: string): Promise<string> {
  const { count } = await trx
    .selectFrom('member')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .executeTakeFirstOrThrow()
  return `A${count + 1}`
}
