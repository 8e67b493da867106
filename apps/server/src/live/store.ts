import { emptyLabelSet, type LabelSet, type Role } from '@tamga/model'
import { sql, type Transaction } from 'kysely'
import type pg from 'pg'
import { bodyOf } from '../db/bodies.ts'
import { transactInOne } from '../db/in-two.ts'
import type { Database, Db } from '../db/open.ts'
import type { PriorityPool } from '../db/priority-pool.ts'
import type { Row, Tables } from '../db/tables.ts'

export type Trx = Transaction<Tables>

/** Rows a statement: more would hold the embedded database's only session for too long. */
const ROWS = 1000

/** What of a layer never changes, and where its document stands. `text` is the revision's, code units in memory. */
export interface LayerInfo {
  readonly layer: string
  readonly owner: string | null
  readonly revision: string
  readonly text: string
  readonly article: string
  readonly project: string
}

/** The layer's info, or undefined: absent, or of an article that nobody may see yet. */
export const layerInfoOf = (db: Db, layer: string): Promise<LayerInfo | undefined> =>
  db
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('visible_article as a', 'a.id', 'revision.article')
    .select(['layer.id as layer', 'layer.owner', 'revision.id as revision', bodyOf('revision.id').as('text')])
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
    .leftJoin('clock', (join) => join.on('clock.scope', '=', sql<string>`'project/' || a.project`))
    .select([
      'layer.owner',
      'layer.state',
      'layer_head.epoch',
      'layer_head.seq',
      'a.project',
      'a.withdrawn_at',
      'a.erased_at',
    ])
    .select((eb) => eb.fn.coalesce('clock.n', sql<number>`0`).as('facts'))
    .where('layer.id', '=', layer)
    .executeTakeFirst()

/** Where a layer's document stands: its epoch, and how far its log has come. */
export type Head = Pick<Row<'layer_head'>, 'epoch' | 'seq'>

export const headOf = (db: Db, layer: string): Promise<Head & Pick<Row<'layer_head'>, 'log_verified'>> =>
  db
    .selectFrom('layer_head')
    .select(['epoch', 'seq', 'log_verified'])
    .where('layer', '=', layer)
    .executeTakeFirstOrThrow()

/** Where several layers stand, by layer. */
export async function headsOf(db: Db, layers: readonly string[]): Promise<Map<string, Head>> {
  const heads = new Map<string, Head>()
  for (const some of chunks(layers)) {
    const rows = await db
      .selectFrom('layer_head')
      .select(['layer', 'epoch', 'seq'])
      .where('layer', 'in', some)
      .execute()
    for (const { layer, epoch, seq } of rows) heads.set(layer, { epoch, seq })
  }
  return heads
}

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

/**
 * Keeps a project's label set as it is until the end of the transaction: whoever saves another one waits, and then finds
 * in use what is labelled here. To be asked before the label set is read, by a statement of its own.
 */
export const holdLabels = (trx: Trx, project: string) =>
  trx.selectFrom('project').select('id').where('id', '=', project).forKeyShare().execute()

/** What may change between two writes of a layer. */
export type LayerStanding = Omit<Row<'layer_standing'>, 'layer' | 'project'>

/** How a layer stands. Ask it after its head is locked, by a statement of its own. */
export const standingOf = (trx: Trx, layer: string): Promise<LayerStanding> =>
  trx
    .selectFrom('layer_standing')
    .select(['state', 'withdrawn', 'label_set', 'locks_approved', 'closed', 'decided'])
    .where('layer', '=', layer)
    .executeTakeFirstOrThrow()

/** A layer whose head this transaction holds. */
export interface HeldLayer extends Head, LayerStanding {
  readonly layer: string
  /** The roles of those who were asked for; who is no member is missing, and all are if none is. */
  readonly roles: Readonly<Record<string, Role>> | null
}

/**
 * Locks the heads of layers, each with its project's label set: whoever saves another set waits, and then finds in use what
 * is labelled here. A layer that somebody else holds is left out and waits for the next round.
 */
export async function beginFlush(
  client: pg.ClientBase,
  layers: readonly string[],
  accounts: readonly string[],
): Promise<Map<string, HeldLayer>> {
  const { rows } = await client.query<HeldLayer>('select * from tamga_begin_flush($1, $2)', [layers, accounts])
  return new Map(rows.map((row) => [row.layer, row]))
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
    .innerJoin('project', 'project.id', 'member.project')
    .select(['member.account', 'member.role'])
    .where('member.project', '=', project)
    .where('member.account', 'in', accounts)
    .where('member.left_at', 'is', null)
    .where('project.deleted_at', 'is', null)
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
    .select(['seq', 'account', 'data'])
    .where('layer', '=', layer)
    .where('seq', '>', after)
    .where('seq', '<=', upto)
    .orderBy('seq')
    .limit(ROWS)
    .execute()

/** The last snapshot of a layer's document, if it is of that epoch. */
export const snapshotOf = (db: Db, layer: string, epoch: number) =>
  db
    .selectFrom('layer_snapshot')
    .select(['seq', 'state'])
    .where('layer', '=', layer)
    .where('epoch', '=', epoch)
    .executeTakeFirst()

/** Of these layers, those whose article's text was erased. */
export async function erasedAmong(db: Db, layers: readonly string[]): Promise<Set<string>> {
  const erased = new Set<string>()
  for (const some of chunks(layers)) {
    const rows = await db
      .selectFrom('layer')
      .innerJoin('revision', 'revision.id', 'layer.revision')
      .innerJoin('article', 'article.id', 'revision.article')
      .select('layer.id')
      .where('layer.id', 'in', some)
      .where('article.erased_at', 'is not', null)
      .execute()
    for (const { id } of rows) erased.add(id)
  }
  return erased
}

/**
 * Stores a snapshot, unless a later one is there: what stood at a number of the log stands for ever. Stores nothing of a
 * document that the layer has left behind. Locks the head.
 */
export async function putSnapshot(
  trx: Trx,
  { layer, epoch, seq, state, at }: { layer: string; epoch: number; seq: number; state: Uint8Array; at: Date },
): Promise<void> {
  const head = await trx
    .selectFrom('layer_head')
    .select('epoch')
    .where('layer', '=', layer)
    .forUpdate()
    .executeTakeFirst()
  if (head?.epoch !== epoch) return
  // as text: a binary parameter of a megabyte costs the embedded database a third of a second
  const bytes = sql<Buffer>`decode(${Buffer.from(state).toString('base64')}, 'base64')`
  await trx
    .insertInto('layer_snapshot')
    .values({ layer, epoch, seq, state: bytes, at })
    .onConflict((conflict) =>
      conflict
        .column('layer')
        .doUpdateSet((eb) => ({
          epoch: eb.ref('excluded.epoch'),
          seq: eb.ref('excluded.seq'),
          state: eb.ref('excluded.state'),
          at: eb.ref('excluded.at'),
        }))
        .where((eb) =>
          eb.or([
            eb('excluded.epoch', '>', eb.ref('layer_snapshot.epoch')),
            eb('excluded.seq', '>', eb.ref('layer_snapshot.seq')),
          ]),
        ),
    )
    .execute()
  await trx
    .updateTable('layer_head')
    .set({ snapshot_seq: seq })
    .where('layer', '=', layer)
    .where('epoch', '=', epoch)
    .where('snapshot_seq', '<', seq)
    .execute()
}

/** Moves a locked head to a new document; the client ids of those before it are nobody's any more. */
export async function moveEpoch(trx: Trx, layer: string, epoch: number): Promise<void> {
  await trx.updateTable('layer_head').set({ epoch, log_verified: true }).where('layer', '=', layer).execute()
  await trx.deleteFrom('layer_client').where('layer', '=', layer).where('epoch', '<', epoch).execute()
}

/** Notes that a layer's document says what its rows say. */
export const setVerified = (trx: Trx, layer: string) =>
  trx.updateTable('layer_head').set({ log_verified: true }).where('layer', '=', layer).execute()

/** When a layer was last written; undefined if its log is empty. */
export const lastWritten = async (db: Db, layer: string): Promise<Date | undefined> => {
  const row = await db
    .selectFrom('layer_log')
    .select('at')
    .where('layer', '=', layer)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.at
}

/** What a new document is made of: every annotation that is not gone since before a moment. */
export const annotationsFor = (db: Db, layer: string, goneAfter: Date) =>
  db
    .selectFrom('annotation')
    .select(['id', 'content', 'via', 'unsure', 'gone_at'])
    .where('layer', '=', layer)
    .where((eb) => eb.or([eb('gone_at', 'is', null), eb('gone_at', '>', goneAfter)]))
    .orderBy('id')
    .execute()

/** Drops log rows that a snapshot covers and that are older than a moment, at most a thousand. Answers how many. */
export async function dropOldLog(db: Db, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('layer_log')
    .where((eb) =>
      eb(
        eb.refTuple('layer', 'seq'),
        'in',
        eb
          .selectFrom('layer_log as old')
          .innerJoin('layer_head as h', 'h.layer', 'old.layer')
          .whereRef('old.seq', '<=', 'h.snapshot_seq')
          .where('old.at', '<', before)
          .select(['old.layer', 'old.seq'])
          .limit(ROWS)
          .$asTuple('layer', 'seq'),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Drops facts older than a moment, at most a thousand. Answers how many. */
export async function dropOldFacts(db: Db, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('fact')
    .where((eb) =>
      eb(
        eb.refTuple('scope', 'n'),
        'in',
        eb
          .selectFrom('fact as old')
          .where('old.at', '<', before)
          .select(['old.scope', 'old.n'])
          .limit(ROWS)
          .$asTuple('scope', 'n'),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

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

/** What a flush writes, over all its layers. Content and values are plain; bytes are base64. */
export interface FlushRows {
  readonly log: readonly { layer: string; seq: number; epoch: number; account: string; at: Date; data: string }[]
  readonly changes: readonly {
    readonly layer: string
    readonly seq: number
    readonly n: number
    readonly annotation: string
    readonly key: string
    readonly before: readonly unknown[] | null
    readonly after: readonly unknown[] | null
    readonly account: string
    readonly at: Date
  }[]
  readonly annotations: readonly AnnotationRow[]
  readonly asides: readonly {
    readonly id: string
    readonly layer: string
    readonly account: string
    readonly key: string
    readonly value: readonly unknown[] | null
    readonly code: string
    readonly details: object
    readonly at: Date
  }[]
  /** By how much an article's counts move. */
  readonly counts: readonly { article: string; annotated: number; waiting: number; approved: number }[]
  /** Where each log was, and where it is to be. */
  readonly heads: readonly { layer: string; was: number; upto: number }[]
}

/** An annotation as it stands now. `version` counts the updates that touched it; `creator` counts only once. */
export interface AnnotationRow {
  readonly layer: string
  readonly id: string
  readonly kind: string
  readonly content: object
  readonly digest: string
  readonly creator: string
  readonly last_editor: string
  readonly version: number
  readonly unsure: boolean
  readonly via: string | null
  readonly anchor: readonly object[] | null
  readonly at: Date
  readonly gone: boolean
}

/**
 * Writes what a flush brings: the log, the annotations as they stand, what changed, what was set aside, and moves the heads
 * on. One statement a thousand rows, all of them one as a rule. Fails if a head is not where it was.
 */
export async function writeFlush(client: pg.ClientBase, rows: FlushRows): Promise<void> {
  const { log, changes, annotations } = rows
  const most = Math.max(log.length, changes.length, annotations.length, 1)
  for (let at = 0; at < most; at += ROWS) {
    const part = <T>(list: readonly T[]) => list.slice(at, at + ROWS)
    const one = { ...rows, log: part(log), changes: part(changes), annotations: part(annotations) }
    await writePart(client, at + ROWS >= most ? one : { ...one, asides: [], counts: [], heads: [] })
  }
}

const writePart = (client: pg.ClientBase, rows: FlushRows) =>
  client.query('select tamga_write_flush($1, $2, $3, $4, $5, $6)', listsOf(rows))

const listsOf = ({ log, changes, annotations, asides, counts, heads }: FlushRows): string[] =>
  [log, changes, annotations, asides, counts, heads].map((list) => JSON.stringify(list))

/** What a flush builds on, as far as it may change: where its layers are, and which roles those who write have. */
export interface Expected {
  readonly layers: readonly { layer: string; epoch: number; seq: number; label_set: number | null }[]
  readonly members: readonly { project: string; account: string; role: Role }[]
}

/**
 * Locks, compares and writes in one statement, which is a transaction by itself. Answers false, with nothing written, if
 * something is not as expected: a head that moved or is held, a role, a label set, a layer that is shut or that anything was
 * decided in.
 */
export async function flushAtOnce(
  pool: PriorityPool,
  { layers, members }: Expected,
  rows: FlushRows,
): Promise<boolean> {
  const given = [JSON.stringify(layers), JSON.stringify(members), ...listsOf(rows)]
  const [answer] = await transactInOne<{ done: boolean }>(
    pool,
    'select tamga_flush($1, $2, $3, $4, $5, $6, $7, $8) as done',
    given,
  )
  return answer!.done
}

/** True if a flush is so small that one statement writes it. */
export const isOneStatement = ({ log, changes, annotations }: FlushRows): boolean =>
  Math.max(log.length, changes.length, annotations.length) <= ROWS

/** Takes the articles whose counts pages have not been told of, at most a thousand, with the counts. */
export async function takeUntold(trx: Trx) {
  const untold = await trx
    .selectFrom('article_stats')
    .select('article')
    .where('untold', '=', true)
    .orderBy('article')
    .limit(ROWS)
    .forUpdate()
    .skipLocked()
    .execute()
  if (untold.length === 0) return []
  const articles = untold.map(({ article }) => article)
  await trx.updateTable('article_stats').set({ untold: false }).where('article', 'in', articles).execute()
  return trx
    .selectFrom('article_stats as s')
    .innerJoin('article', 'article.id', 's.article')
    .select(['s.article', 'article.project', 's.annotated', 's.waiting', 's.approved'])
    .where('s.article', 'in', articles)
    .execute()
}

function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < items.length; at += ROWS) parts.push(items.slice(at, at + ROWS))
  return parts
}
