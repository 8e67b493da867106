import type { Role } from '@tamga/model'
import type { Db } from '../db/open.ts'
import type { NewRow, Row } from '../db/tables.ts'

const shown = ['id', 'name', 'email', 'colour'] as const

export const accountById = (db: Db, id: string) =>
  db.selectFrom('account').selectAll().where('id', '=', id).where('closed_at', 'is', null).executeTakeFirst()

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

/** True if a session began with a one-time link that was used after a moment. */
export async function cameByLink(db: Db, session: string, after: Date): Promise<boolean> {
  const link = await db
    .selectFrom('session')
    .innerJoin('ticket', 'ticket.account', 'session.account')
    .select('ticket.id')
    .where('session.id_hash', '=', session)
    .where('ticket.kind', '=', 'sign-in')
    .where('ticket.used_at', '>', after)
    .whereRef('ticket.used_at', '<=', 'session.created_at')
    .executeTakeFirst()
  return link !== undefined
}

export const insertTicket = (db: Db, ticket: NewRow<'ticket'>) => db.insertInto('ticket').values(ticket).execute()

/** An account's live membership of a project, or undefined. */
export const membership = (db: Db, project: string, account: string) =>
  standingMember(db, project, account).select(['member.role', 'member.pseudonym']).executeTakeFirst()

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

/** The role of an account in a project, or null: no member, or no longer. */
export const roleOf = async (db: Db, project: string, account: string): Promise<Role | null> =>
  (await membership(db, project, account))?.role ?? null

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
