import { above, Problem, type Role } from '@tamga/model'
import type { Transaction } from 'kysely'
import type { Db } from '../db/open.ts'
import type { Tables } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { newId, newSecret, type Services } from '../services.ts'
import { hashPassword } from './password.ts'
import { hashOf } from './sessions.ts'
import {
  accountByEmail,
  accountById,
  insertAccount,
  holdMembership,
  insertTicket,
  nobodyYet,
  projectsBeside,
  ticketByHash,
  useTicket,
} from './store.ts'

type Trx = Transaction<Tables>

const DAY = 24 * 60 * 60 * 1000

/** A link as it is shown once: the secret stands in the fragment, so no server, proxy or log ever sees it. */
const linkTo = (services: Services, secret: string) => `${services.origins.url}/link#${secret}`

/** A one-time link that signs in an account. */
export async function makeSignInLink(services: Services, account: string, madeBy: string | null): Promise<string> {
  const secret = newSecret()
  const ticket = { kind: 'sign-in', account, made_by: madeBy } as const
  await insertTicket(services.db, { ...ticket, ...life(services), hash: hashOf(secret), id: newId() })
  return linkTo(services, secret)
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
  role: Role,
  by: string,
): Promise<{ id: string; url: string }> {
  const secret = newSecret()
  const id = newId()
  const ticket = { kind: 'invite', project, role, made_by: by } as const
  await insertTicket(services.db, { ...ticket, ...life(services), hash: hashOf(secret), id })
  return { id, url: linkTo(services, secret) }
}

const life = (services: Services) => ({ expires_at: new Date(services.now().getTime() + DAY) })

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
    invitedBy: inviter?.name ?? null,
    name: account?.name ?? null,
  }
}

const projectName = (services: Services, project: string) =>
  services.db.selectFrom('project').select(['id', 'name']).where('id', '=', project).executeTakeFirstOrThrow()

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
  person: NewPerson | null,
  signedIn: string | null,
) {
  const { account: known, project } = await liveTicket(services, services.db, secret)
  const account = known ?? signedIn ?? newId()
  const isNew = known === null && signedIn === null
  if (isNew && person === null) throw new Problem('malformed', { field: 'person' })
  const passwordHash = isNew ? await hashPassword(person!.password) : null
  const consume = async (trx: Trx) => {
    // once more: a password takes its time, and meanwhile the inviter may have lost the right to invite
    const ticket = await liveTicket(services, trx, secret)
    if (!(await useTicket(trx, ticket, services.now()))) throw new Problem('link_used')
    if (isNew) await insertPerson(trx, account, person!, passwordHash!)
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
  return { account, project }
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
    const theirs = await projectsBeside(db, ticket.account!, ticket.made_by)
    if (theirs.length === 0 || !theirs.every(({ owned }) => owned)) throw new Problem('link_used')
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
