import type { Role } from '@tamga/model'
import { sql } from 'kysely'
import type { Db } from '../db/open.ts'
import { reaches, type Reader } from '../db/reach.ts'
import type { NewRow, Row } from '../db/tables.ts'

const shown = ['id', 'name', 'email', 'colour'] as const

export const accountById = (db: Db, id: string) =>
  db.selectFrom('account').selectAll().where('id', '=', id).where('closed_at', 'is', null).executeTakeFirst()

/** The account of an e-mail or a sign-in name: one has an "@", the other never. */
export const accountBySignIn = (db: Db, given: string) =>
  db
    .selectFrom('account')
    .selectAll()
    .where(given.includes('@') ? 'email' : 'sign_in_name', '=', given.toLowerCase())
    .where('closed_at', 'is', null)
    .executeTakeFirst()

export const accountByEmail = (db: Db, email: string) =>
  db
    .selectFrom('account')
    .selectAll()
    .where('email', '=', email.toLowerCase())
    .where('closed_at', 'is', null)
    .executeTakeFirst()

/** The demo's people with their roles in the demo's own project, in the order of seeding. */
export const demoAccounts = (db: Db) =>
  db
    .selectFrom('account')
    .innerJoin('member', 'member.account', 'account.id')
    .innerJoin('audit', 'audit.project', 'member.project')
    .select(['account.id', 'account.demo', 'account.name', 'account.colour', 'member.role'])
    .where('account.demo', 'is not', null)
    .where('audit.act', '=', 'demo.seeded')
    .where('member.left_at', 'is', null)
    .orderBy('account.created_at')
    .execute()

export const demoAccount = (db: Db, person: string) =>
  db.selectFrom('account').select(shown).where('demo', '=', person).where('closed_at', 'is', null).executeTakeFirst()

/** Colours 1 to 8 go round in the order of joining. */
export async function insertAccount(db: Db, account: Omit<NewRow<'account'>, 'colour'>): Promise<void> {
  const { count } = await db
    .selectFrom('account')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  await db
    .insertInto('account')
    .values({ ...account, colour: (count % 8) + 1 })
    .execute()
}

/** The same for several, in one statement. */
export async function insertAccounts(trx: Db, accounts: readonly Omit<NewRow<'account'>, 'colour'>[]): Promise<void> {
  const { count } = await trx
    .selectFrom('account')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('account')
    .values(accounts.map((account, i) => ({ ...account, colour: ((count + i) % 8) + 1 })))
    .execute()
}

/** The sign-in names that are one of these, or one of these with a number behind it. Reads all sign-in names once. */
export const signInNamesLike = async (db: Db, bases: readonly string[]): Promise<string[]> => {
  const rows = await db
    .selectFrom('account')
    .select('sign_in_name')
    .where(sql`regexp_replace(sign_in_name, '[0-9]+$', '')`, 'in', bases)
    .execute()
  return rows.map((row) => row.sign_in_name!)
}

/** Revokes the unused links that owners of a project made for members of it. */
export const revokeMemberLinks = (trx: Db, project: string, accounts: readonly string[], at: Date) =>
  trx
    .updateTable('ticket')
    .set({ revoked_at: at })
    .where('kind', '=', 'sign-in')
    .where('project', '=', project)
    .where('account', 'in', accounts)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute()

export const updateAccount = (db: Db, id: string, change: { name?: string; password_hash?: string }) =>
  db.updateTable('account').set(change).where('id', '=', id).execute()

export const ticketByHash = (db: Db, hash: string, now: Date): Promise<Row<'ticket'> | undefined> =>
  db
    .selectFrom('ticket')
    .selectAll()
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()

/** Marks a ticket used; false if somebody else was first. All links for a first owner are used by one of them. */
export async function useTicket(db: Db, { hash, kind }: Row<'ticket'>, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('ticket')
    .set({ used_at: now })
    .where((eb) => (kind === 'first-owner' ? eb('kind', '=', kind) : eb('hash', '=', hash)))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** True if a link was used after a moment. */
export async function usedAfter(db: Db, ticket: string, after: Date): Promise<boolean> {
  const link = await db
    .selectFrom('ticket')
    .select('id')
    .where('id', '=', ticket)
    .where('used_at', '>', after)
    .executeTakeFirst()
  return link !== undefined
}

/** One-time links that signed an account in and that it has not read of, the newest first; at most a hundred. */
export const unreadLinks = (db: Db, account: string) =>
  db
    .selectFrom('ticket')
    .leftJoin('account as maker', 'maker.id', 'ticket.made_by')
    .select(['ticket.id', 'ticket.used_at', 'maker.name', 'maker.sign_in_name'])
    .where('ticket.account', '=', account)
    .where('ticket.kind', '=', 'sign-in')
    .where('ticket.used_at', 'is not', null)
    .where('ticket.seen_at', 'is', null)
    .orderBy('ticket.used_at', 'desc')
    .limit(100)
    .execute()

/** Notes that an account read of the use of links of its own; other links and unused ones stay as they are. */
export const markLinksRead = (db: Db, account: string, links: readonly string[], at: Date) =>
  db
    .updateTable('ticket')
    .set({ seen_at: at })
    .where('account', '=', account)
    .where('kind', '=', 'sign-in')
    .where('id', 'in', links)
    .where('used_at', 'is not', null)
    .where('seen_at', 'is', null)
    .execute()

/** Locks an account: nobody joins a project with it until the end of the transaction. */
export const lockAccount = (trx: Db, id: string) =>
  trx
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

/** Binds a session no longer to the owner who made its link. */
export const freeSession = (trx: Db, session: string, expiresAt: Date) =>
  trx.updateTable('session').set({ made_by: null, expires_at: expiresAt }).where('id_hash', '=', session).execute()

export const insertTicket = (db: Db, ticket: NewRow<'ticket'>) => db.insertInto('ticket').values(ticket).execute()

export const insertTickets = (trx: Db, tickets: readonly NewRow<'ticket'>[]) =>
  trx.insertInto('ticket').values(tickets).execute()

/** A session's live membership of a project, or undefined: its account is no member, or the session does not reach it. */
export const membership = (db: Db, project: string, reader: Reader) =>
  standingMember(db, project, reader.id)
    .select(['member.role', 'member.pseudonym'])
    .where(reaches(reader))
    .executeTakeFirst()

/** The same, and it stays so until the end of the transaction. */
export const holdMembership = (db: Db, project: string, account: string) =>
  standingMember(db, project, account).select('member.role').forShare('member').executeTakeFirst()

/** Nobody is a member of a project that is deleted. */
const standingMember = (db: Db, project: string, account: string) =>
  db
    .selectFrom('member')
    .innerJoin('project', 'project.id', 'member.project')
    .where('member.project', '=', project)
    .where('member.account', '=', account)
    .where('member.left_at', 'is', null)
    .where('project.deleted_at', 'is', null)

/** The projects that an account is a member of, each with whether another account owns it now. */
export async function projectsBeside(db: Db, account: string, owner: string) {
  const rows = await db
    .selectFrom('member')
    .leftJoin('member as other', (join) =>
      join
        .onRef('other.project', '=', 'member.project')
        .on('other.account', '=', owner)
        .on('other.role', '=', 'owner')
        .on('other.left_at', 'is', null),
    )
    .select(['member.project', 'other.account as owner'])
    .where('member.account', '=', account)
    .where('member.left_at', 'is', null)
    .execute()
  return rows.map((row) => ({ project: row.project, owned: row.owner !== null }))
}

/** The role of a session in a project, or null: no member, no longer, or out of the session's reach. */
export const roleOf = async (db: Db, project: string, reader: Reader): Promise<Role | null> =>
  (await membership(db, project, reader))?.role ?? null

/** True while nobody can sign in: no person with an address or a password exists. */
export async function nobodyYet(db: Db): Promise<boolean> {
  const person = await db
    .selectFrom('account')
    .select('id')
    .where('kind', '=', 'person')
    .where('demo', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return person === undefined
}
