import { emptyLabelSet, shownName, type LabelSet, type Role, type Settings } from '@tamga/model'
import { sql, type Transaction } from 'kysely'
import { reaches, type Reader } from '../db/reach.ts'
import { json } from '../db/json.ts'
import type { Db } from '../db/open.ts'
import type { NewRow, Tables } from '../db/tables.ts'

type Trx = Transaction<Tables>

export const insertProject = (trx: Trx, id: string, name: string, settings: Settings) =>
  trx
    .insertInto('project')
    .values({ id, name, settings: json(settings) })
    .execute()

export const projectById = (db: Db, id: string) =>
  db.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

export const updateProject = (
  trx: Trx,
  id: string,
  {
    settings,
    ...change
  }: { name?: string | undefined; settings?: Settings | undefined; refreshed_to?: string | undefined },
) =>
  trx
    .updateTable('project')
    .set({ ...change, ...(settings && { settings: json(settings) }) })
    .where('id', '=', id)
    .execute()

/** How far gold of a project has followed its newest settings: the last layer done, '' before the first, null: all. */
export const refreshedTo = async (db: Db, project: string): Promise<string | null> =>
  (await db.selectFrom('project').select('refreshed_to').where('id', '=', project).executeTakeFirstOrThrow())
    .refreshed_to

/** Moves that on, unless somebody else has moved it meanwhile. */
export const moveRefresh = (db: Db, project: string, from: string, to: string | null) =>
  db
    .updateTable('project')
    .set({ refreshed_to: to })
    .where('id', '=', project)
    .where('refreshed_to', '=', from)
    .execute()

export const projectsToRefresh = async (db: Db): Promise<string[]> =>
  (
    await db
      .selectFrom('project')
      .select('id')
      .where('refreshed_to', 'is not', null)
      .where('deleted_at', 'is', null)
      .execute()
  ).map(({ id }) => id)

/** The next layer whose gold depends on the settings, or null: one on which nobody decided does not. */
export async function nextToRefresh(db: Db, project: string, after: string): Promise<string | null> {
  const row = await db
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('article', 'article.id', 'revision.article')
    .select('layer.id')
    .where('article.project', '=', project)
    .where('layer.id', '>', after)
    .where((eb) =>
      eb.exists(eb.selectFrom('decision').select('decision.id').whereRef('decision.layer', '=', 'layer.id')),
    )
    .orderBy('layer.id')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? null
}

const counts = (db: Db) =>
  db
    .selectFrom('visible_article as a')
    .leftJoin('article_stats as s', 's.article', 'a.id')
    .where('a.withdrawn_at', 'is', null)
    .select((eb) => [
      'a.project',
      eb.fn.countAll<number>().as('articles'),
      eb.fn.coalesce(eb.fn.sum<number>('s.annotated'), sql<number>`0`).as('annotated'),
      eb.fn.coalesce(eb.fn.sum<number>('s.waiting'), sql<number>`0`).as('waiting'),
      eb.fn.coalesce(eb.fn.sum<number>('s.approved'), sql<number>`0`).as('approved'),
    ])
    .groupBy('a.project')

const none = { articles: 0, annotated: 0, waiting: 0, approved: 0 }
export type Counts = typeof none

/** How much a project holds: articles that are neither staged nor withdrawn, and their annotations. */
export async function countsOf(db: Db, project: string): Promise<Counts> {
  const row = await counts(db).having('a.project', '=', project).executeTakeFirst()
  return row ? { articles: row.articles, annotated: row.annotated, waiting: row.waiting, approved: row.approved } : none
}

/** The projects that a session reaches. */
export async function projectsOf(db: Db, reader: Reader) {
  const rows = await db
    .selectFrom('member')
    .innerJoin('project', 'project.id', 'member.project')
    .leftJoin(counts(db).as('c'), 'c.project', 'project.id')
    .select(['project.id', 'project.name', 'project.settings', 'member.role'])
    .select(['c.articles', 'c.annotated', 'c.waiting', 'c.approved'])
    .where('member.account', '=', reader.id)
    .where('member.left_at', 'is', null)
    .where('project.deleted_at', 'is', null)
    .where(reaches(reader))
    .orderBy('project.created_at')
    .execute()
  return rows.map(({ settings, articles, annotated, waiting, approved, ...row }) => ({
    ...row,
    name: shownName(row.name),
    languages: settings.languages,
    articles: articles ?? 0,
    annotated: annotated ?? 0,
    waiting: waiting ?? 0,
    approved: approved ?? 0,
  }))
}

/** The deleted projects of which an account is an owner, in the bounds of its session, the last deleted first. */
export const deletedProjectsOf = (db: Db, reader: Reader) =>
  db
    .selectFrom('member')
    .innerJoin('project', 'project.id', 'member.project')
    .leftJoin('account as by', 'by.id', 'project.deleted_by')
    .select(['project.id', 'project.name', 'project.deleted_at', 'by.name as by'])
    .where('member.account', '=', reader.id)
    .where('member.role', '=', 'owner')
    .where('member.left_at', 'is', null)
    .where('project.deleted_at', 'is not', null)
    .where(reaches(reader))
    .orderBy('project.deleted_at', 'desc')
    .execute()

/** Locks a project's row against whoever else changes it. */
export const lockProject = (trx: Trx, id: string) =>
  trx.selectFrom('project').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()

/** Hides a project from everybody (or, with nulls, shows it again). */
export const setDeleted = (trx: Trx, id: string, at: Date | null, by: string | null) =>
  trx.updateTable('project').set({ deleted_at: at, deleted_by: by }).where('id', '=', id).execute()

/** Revokes all open invitations into a project. */
export const revokeInvitations = (trx: Trx, project: string, at: Date) =>
  trx
    .updateTable('ticket')
    .set({ revoked_at: at })
    .where('project', '=', project)
    .where('kind', '=', 'invite')
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute()

/** Everybody who is or was a member, in the order of joining. */
export const membersOf = (db: Db, project: string) =>
  db
    .selectFrom('member')
    .innerJoin('account', 'account.id', 'member.account')
    .select([
      'member.account',
      'account.name',
      'account.email',
      'account.sign_in_name',
      'account.colour',
      'member.role',
    ])
    .select(['member.pseudonym', 'member.left_at'])
    .where('member.project', '=', project)
    .orderBy('member.joined_at')
    .orderBy('member.pseudonym')
    .execute()

/** Locks a project's members, so that two owners cannot each remove the other at once. */
export const lockMembers = (trx: Trx, project: string) =>
  trx.selectFrom('member').selectAll().where('project', '=', project).orderBy('account').forUpdate().execute()

export const setRole = (trx: Trx, project: string, account: string, role: Role) =>
  trx.updateTable('member').set({ role }).where('project', '=', project).where('account', '=', account).execute()

export const setLeft = (trx: Trx, project: string, account: string, at: Date) =>
  trx.updateTable('member').set({ left_at: at }).where('project', '=', project).where('account', '=', account).execute()

export const insertMembers = (trx: Trx, members: readonly NewRow<'member'>[]) =>
  trx.insertInto('member').values(members).execute()

export const insertMember = (trx: Trx, project: string, account: string, role: Role, pseudonym: string) =>
  trx.insertInto('member').values({ project, account, role, pseudonym }).execute()

/** Invitations that can still be used. */
export const invitationsOf = (db: Db, project: string, now: Date) =>
  db
    .selectFrom('ticket')
    .innerJoin('account', 'account.id', 'ticket.made_by')
    .select(['ticket.id', 'ticket.role', 'ticket.note', 'account.name as by', 'ticket.expires_at as expiresAt'])
    .where('ticket.project', '=', project)
    .where('ticket.kind', '=', 'invite')
    .where('ticket.used_at', 'is', null)
    .where('ticket.revoked_at', 'is', null)
    .where('ticket.expires_at', '>', now)
    .orderBy('ticket.created_at')
    .execute()

export async function revokeInvitation(db: Db, project: string, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('ticket')
    .set({ revoked_at: now })
    .where('project', '=', project)
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The newest revision of a project's label set. */
export async function labelSetOf(db: Db, project: string): Promise<{ no: number; set: LabelSet }> {
  const row = await db
    .selectFrom('label_set')
    .select(['no', 'content'])
    .where('project', '=', project)
    .orderBy('no', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? { no: row.no, set: row.content } : { no: 0, set: emptyLabelSet }
}

/** Stores a revision, and every id in it among those that ever existed in the project. */
export async function insertLabelSet(trx: Trx, project: string, no: number, set: LabelSet, account: string | null) {
  await trx
    .insertInto('label_set')
    .values({ project, no, content: json(set), account })
    .execute()
  const ids = [
    ...set.labels.map(({ id, retired }) => ({ kind: 'label' as const, id, type: null, retired })),
    ...set.attributes.map(({ id, type, retired }) => ({ kind: 'attribute' as const, id, type, retired })),
    ...set.relations.map(({ id, retired }) => ({ kind: 'relation' as const, id, type: null, retired })),
  ]
  if (ids.length === 0) return
  const rows = ids.map(({ retired, ...row }) => ({ ...row, project, retired_at: retired ? new Date() : null }))
  await trx
    .insertInto('label')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['project', 'kind', 'id']).doUpdateSet({
        retired_at: sql`case when excluded.retired_at is null then null else coalesce(label.retired_at, excluded.retired_at) end`,
      }),
    )
    .execute()
}

/** Ids of labels, relation types and attributes that an annotation of the project carries, gone ones included. */
export async function usedIds(db: Db, project: string): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    with mine as (
      select n.content from annotation n
      join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
      where a.project = ${project}
    )
    select distinct content->>'label' as id from mine
    union
    select distinct pair->>0 from mine, jsonb_array_elements(content->'attributes') as pair
  `.execute(db)
  return new Set(rows.map((row) => row.id))
}

/** Acts of the day, newest first: who did what, for the page that tells what happened. */
export const recentActs = (db: Db, project: string, since: Date) =>
  db
    .selectFrom('audit')
    .innerJoin('account', 'account.id', 'audit.account')
    .select(['audit.at', 'audit.account', 'audit.act', 'audit.subject', 'audit.after'])
    .where('audit.project', '=', project)
    .where('audit.at', '>', since)
    .orderBy('audit.id', 'desc')
    .limit(200)
    .execute()
