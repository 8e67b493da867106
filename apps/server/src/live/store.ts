import { emptyLabelSet, type LabelSet, type Role } from '@tamga/model'
import { sql, type Transaction } from 'kysely'
import type { Database, Db } from '../db/open.ts'
import type { NewRow, Tables } from '../db/tables.ts'

export type Trx = Transaction<Tables>

/** Rows a statement: more would hold the embedded database's only session for too long. */
const ROWS = 1000

/** What of a layer never changes, and where its document stands. `text` is the revision's, code units in memory. */
export interface Ground {
  readonly layer: string
  readonly owner: string | null
  readonly revision: string
  readonly text: string
  readonly article: string
  readonly project: string
}

/** The layer's ground, or undefined: absent, or of an article that nobody may see yet. */
export const groundOf = (db: Db, layer: string): Promise<Ground | undefined> =>
  db
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('visible_article as a', 'a.id', 'revision.article')
    .select(['layer.id as layer', 'layer.owner', 'revision.id as revision', 'revision.body as text'])
    .select(['a.id as article', 'a.project'])
    .where('layer.id', '=', layer)
    .executeTakeFirst()

/** What the door must know of a layer: whose it is, whether its text was replaced or withdrawn, which document it is at. */
export const entranceOf = (db: Db, layer: string) =>
  db
    .selectFrom('layer')
    .innerJoin('layer_head', 'layer_head.layer', 'layer.id')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('visible_article as a', 'a.id', 'revision.article')
    .select(['layer.owner', 'layer.state', 'layer_head.epoch', 'a.project', 'a.withdrawn_at'])
    .where('layer.id', '=', layer)
    .executeTakeFirst()

export const headOf = (db: Db, layer: string) =>
  db.selectFrom('layer_head').select(['epoch', 'seq']).where('layer', '=', layer).executeTakeFirstOrThrow()

/**
 * Locks a layer's head: whatever writes the layer, its decisions or its gold goes through here, one at a time. Waits at
 * most three seconds on Postgres (55P03); the embedded database has one session and never waits here.
 */
export async function lockHead(trx: Trx, layer: string, kind: Database['kind']) {
  if (kind === 'postgres') await sql`set local lock_timeout = '3s'`.execute(trx)
  return trx
    .selectFrom('layer_head')
    .select(['epoch', 'seq'])
    .where('layer', '=', layer)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

/** Moves a locked head on. Throws if it is not where it was: then the transaction is broken and must not be committed. */
export async function advanceHead(trx: Trx, layer: string, from: number, to: number): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('layer_head')
    .set({ seq: to })
    .where('layer', '=', layer)
    .where('seq', '=', from)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Error(`the head of ${layer} is not at ${from}`)
}

/**
 * Keeps a project's label set as it is until the end of the transaction: whoever saves another one waits, and then finds
 * in use what is labelled here. To be asked before the label set is read, by a statement of its own.
 */
export const holdLabels = (trx: Trx, project: string) =>
  trx.selectFrom('project').select('id').where('id', '=', project).forKeyShare().execute()

/** What may change between two writes of a layer: may it be written, by which labels, and its article's counts. */
export async function standingOf(trx: Trx, layer: string) {
  const row = await trx
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('article', 'article.id', 'revision.article')
    .leftJoin('article_stats as s', 's.article', 'article.id')
    .select(['layer.state', 'article.withdrawn_at', 's.annotated', 's.waiting', 's.approved'])
    .select((eb) =>
      eb
        .selectFrom('label_set')
        .select((set) => set.fn.max('no').as('no'))
        .whereRef('label_set.project', '=', 'article.project')
        .as('no'),
    )
    .where('layer.id', '=', layer)
    .executeTakeFirstOrThrow()
  const { state, withdrawn_at, no, annotated, waiting, approved } = row
  const counts = { annotated: annotated ?? 0, waiting: waiting ?? 0, approved: approved ?? 0 }
  return { state, withdrawn: withdrawn_at !== null, labelSet: no, counts }
}

export async function labelsOf(trx: Db, project: string, no: number | null): Promise<LabelSet> {
  if (no === null) return emptyLabelSet
  const row = await trx
    .selectFrom('label_set')
    .select('content')
    .where('project', '=', project)
    .where('no', '=', no)
    .executeTakeFirstOrThrow()
  return row.content
}

/** The roles that accounts have in a project now; who is no member is missing. */
export async function rolesOf(db: Db, project: string, accounts: readonly string[]): Promise<Map<string, Role>> {
  if (accounts.length === 0) return new Map()
  const rows = await db
    .selectFrom('member')
    .select(['account', 'role'])
    .where('project', '=', project)
    .where('account', 'in', accounts)
    .where('left_at', 'is', null)
    .execute()
  return new Map(rows.map(({ account, role }) => [account, role]))
}

/** Of these sessions (hashed), those that still stand. */
export async function standingSessions(db: Db, sessions: readonly string[], now: Date): Promise<Set<string>> {
  const standing = new Set<string>()
  for (const some of chunks(sessions)) {
    const rows = await db
      .selectFrom('session')
      .select('id_hash')
      .where('id_hash', 'in', some)
      .where('expires_at', '>', now)
      .execute()
    for (const row of rows) standing.add(row.id_hash)
  }
  return standing
}

/** One page of a layer's log: the updates after a number, in order, up to another. */
export const logAfter = (db: Db, layer: string, after: number, upto: number) =>
  db
    .selectFrom('layer_log')
    .select(['seq', 'epoch', 'data'])
    .where('layer', '=', layer)
    .where('seq', '>', after)
    .where('seq', '<=', upto)
    .orderBy('seq')
    .limit(ROWS)
    .execute()

/** Who made and who last changed the content of each annotation of a layer. */
export const authorsOf = (db: Db, layer: string) =>
  db.selectFrom('annotation').select(['id', 'creator', 'last_editor']).where('layer', '=', layer).execute()

export const clientsOf = (db: Db, layer: string, epoch: number) =>
  db
    .selectFrom('layer_client')
    .select(['client', 'account'])
    .where('layer', '=', layer)
    .where('epoch', '=', epoch)
    .execute()

/** Binds client ids to whoever uses them first; answers whose each of them is. */
export async function claimClients(
  trx: Trx,
  layer: string,
  epoch: number,
  claims: ReadonlyMap<number, string>,
): Promise<Map<number, string>> {
  const rows = [...claims].map(([client, account]) => ({ layer, epoch, client, account }))
  for (const some of chunks(rows))
    await trx
      .insertInto('layer_client')
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  const owners = await trx
    .selectFrom('layer_client')
    .select(['client', 'account'])
    .where('layer', '=', layer)
    .where('epoch', '=', epoch)
    .where('client', 'in', [...claims.keys()])
    .execute()
  return new Map(owners.map(({ client, account }) => [client, account]))
}

export async function appendLog(trx: Trx, rows: readonly NewRow<'layer_log'>[]): Promise<void> {
  for (const some of chunks(rows)) await trx.insertInto('layer_log').values(some).execute()
}

export async function appendChanges(trx: Trx, rows: readonly NewRow<'change'>[]): Promise<void> {
  for (const some of chunks(rows)) await trx.insertInto('change').values(some).execute()
}

/** Stores annotations as they stand now. `version` counts the updates that touched it; `creator` counts only once. */
export async function putAnnotations(trx: Trx, rows: readonly NewRow<'annotation'>[]): Promise<void> {
  for (const some of chunks(rows))
    await trx
      .insertInto('annotation')
      .values(some)
      .onConflict((conflict) =>
        conflict.columns(['layer', 'id']).doUpdateSet((eb) => ({
          content: eb.ref('excluded.content'),
          digest: eb.ref('excluded.digest'),
          last_editor: eb.ref('excluded.last_editor'),
          version: sql<number>`annotation.version + excluded.version`,
          unsure: eb.ref('excluded.unsure'),
          anchor: eb.ref('excluded.anchor'),
          changed_at: eb.ref('excluded.changed_at'),
          gone_at: sql<Date | null>`case when excluded.gone_at is not null then coalesce(annotation.gone_at, excluded.gone_at) end`,
        })),
      )
      .execute()
}

function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < items.length; at += ROWS) parts.push(items.slice(at, at + ROWS))
  return parts
}
