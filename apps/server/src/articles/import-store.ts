import type { Language, ProblemCode, ProblemDetails } from '@tamga/model'
import { sql, type Transaction } from 'kysely'
import { json } from '../db/json.ts'
import type { Db } from '../db/open.ts'
import type { Row, Tables } from '../db/tables.ts'

type Trx = Transaction<Tables>

// An import is one row and one more for each of its files, `<import>.<file>`: articles hang on their file's row, so that
// a file can be dropped alone, and one UPDATE of the states publishes all.

/** Why something in a file cannot become an article; the line is null where the file as a whole is meant. */
export interface Refusal {
  readonly line: number | null
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

/** What is known of an uploaded file. */
export interface FileReport {
  readonly name: string
  readonly kind: string | null
  /** False while it is still being read. */
  readonly whole: boolean
  readonly articles: number
  /** How many refusals there are; the first hundred are listed. */
  readonly refused: number
  readonly refusals: readonly Refusal[]
}

export interface StagedFile {
  readonly id: string
  readonly report: FileReport
}

const inside = (importId: string) => sql<boolean>`starts_with(id, ${importId + '.'})`

export const insertImport = (db: Db, row: Pick<Row<'import'>, 'id' | 'project' | 'account'>, report: object) =>
  db
    .insertInto('import')
    .values({ ...row, state: 'staging', report: json(report) })
    .execute()

/** An import that is neither published nor discarded. */
export const stagingImport = (db: Db, id: string): Promise<Row<'import'> | undefined> =>
  db.selectFrom('import').selectAll().where('id', '=', id).where('state', '=', 'staging').executeTakeFirst()

export const setReport = (db: Db, file: string, report: FileReport) =>
  db
    .updateTable('import')
    .set({ report: json(report) })
    .where('id', '=', file)
    .execute()

/** The files of an import in the order of their arrival, dropped ones left out. */
export async function filesOf(db: Db, importId: string): Promise<StagedFile[]> {
  const rows = await db
    .selectFrom('import')
    .select(['id', 'report'])
    .where(inside(importId))
    .where('state', '=', 'staging')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, report }) => ({ id, report: report as FileReport }))
}

/** Locks an import and its files until it is published or discarded. */
export const lockImport = (trx: Trx, importId: string) =>
  trx
    .selectFrom('import')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', importId), inside(importId)]))
    .where('state', '=', 'staging')
    .orderBy('id')
    .forUpdate()
    .execute()

/** Makes the articles of an import and of the files named visible, by one statement. */
export const publish = (trx: Trx, ids: readonly string[], at: Date) =>
  trx
    .updateTable('import')
    .set({ state: 'published', published_at: at })
    .where('id', 'in', ids)
    .where('state', '=', 'staging')
    .execute()

/** Marks an import with its files, or one file alone, as discarded. */
export const markDiscarded = (db: Db, id: string) =>
  db
    .updateTable('import')
    .set({ state: 'discarded' })
    .where((eb) => eb.or([eb('id', '=', id), inside(id)]))
    .where('state', '=', 'staging')
    .execute()

const CHUNKS = 100

/**
 * Deletes some articles of an import, or of one file of it, their bodies before them by a hundred chunks a statement. For
 * what nobody has seen only. Answers false if none was left.
 */
export async function deleteStaged(db: Db, id: string, most: number): Promise<boolean> {
  const files = db
    .selectFrom('import')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', id), inside(id)]))
    .where('state', '!=', 'published')
  const rows = await db
    .selectFrom('article')
    .leftJoin('revision as r', 'r.article', 'article.id')
    .select(['article.id', 'r.id as revision', 'r.code_points as size'])
    .where('import', 'in', files)
    .limit(most)
    .execute()
  if (rows.length === 0) return false
  // most have a single chunk, which goes with its article
  for (const { revision, size } of rows)
    if (revision !== null && size! > LONG) while (await deleteChunks(db, revision));
  const ids = [...new Set(rows.map((row) => row.id))]
  await db.deleteFrom('article').where('id', 'in', ids).execute()
  return true
}

/** Code points of a text that has a few chunks at most. */
const LONG = 10_000

async function deleteChunks(db: Db, revision: string): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from revision_chunk where revision = ${revision}
    and no = any (array(select no from revision_chunk where revision = ${revision} limit ${CHUNKS}))`.execute(db)
  return Number(numAffectedRows) === CHUNKS
}

/** Imports that were opened before a moment and neither published nor discarded. */
export const openSince = (db: Db, before: Date) =>
  db.selectFrom('import').select('id').where('state', '=', 'staging').where('created_at', '<=', before).execute()

/** Of some outside ids those that a project's article has already; `mine`: that this import itself brought it. */
export const takenIds = (db: Db, project: string, importId: string, ids: readonly string[]) =>
  db
    .selectFrom('article as a')
    .leftJoin('import as i', 'i.id', 'a.import')
    .select(['a.external_id as id', sql<boolean>`coalesce(i.state = 'staging', false)`.as('mine')])
    .where('a.project', '=', project)
    .where('a.external_id', 'in', ids)
    .where((eb) =>
      eb.or([
        eb('a.import', 'is', null),
        eb('i.state', '=', 'published'),
        eb.and([eb('i.state', '=', 'staging'), sql<boolean>`starts_with(i.id, ${importId + '.'})`]),
      ]),
    )
    .execute()

/**
 * What the check of outside ids rests on: how many imports of the project were published, and which files of this one are
 * whole. While it stands, `clashOf` need not be asked again.
 */
export async function groundOf(db: Db, project: string, importId: string): Promise<string> {
  const { rows } = await sql<{ published: number; files: string | null }>`
    select count(*) filter (where state = 'published') as published,
      string_agg(id, ' ' order by id) filter (where state = 'staging' and starts_with(id, ${importId + '.'})
        and (report->>'whole')::boolean) as files
    from import where project = ${project}`.execute(db)
  return `${rows[0]!.published} ${rows[0]!.files}`
}

/** Articles that are checked by one statement. */
const CHECKED = 500

/**
 * An outside id that an import brings though it was published meanwhile, or that two of its files bring; or undefined.
 * Asks for five hundred ids a statement, so that none holds the database for long.
 */
export async function clashOf(db: Db, project: string, importId: string) {
  for (let after = 0; ;) {
    const page = await db
      .selectFrom('article')
      .select(['n', 'external_id as id'])
      .where('project', '=', project)
      .where('n', '>', after)
      .where(sql<boolean>`starts_with(import, ${importId + '.'})`)
      .where('external_id', 'is not', null)
      .orderBy('n')
      .limit(CHECKED)
      .execute()
    if (page.length === 0) return undefined
    after = page.at(-1)!.n
    const taken = await takenIds(
      db,
      project,
      importId,
      page.map(({ id }) => id!),
    )
    const seen = new Set<string>()
    for (const { id, mine } of taken) {
      if (!mine) return { id: id!, published: true }
      if (seen.has(id!)) return { id: id!, published: false }
      seen.add(id!)
    }
  }
}

/** What of a staged article is shown before it is published. */
export const previewOf = (db: Db, file: string, from: number, most: number) =>
  db
    .selectFrom('article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .innerJoin('revision_chunk as c', (join) => join.onRef('c.revision', '=', 'r.id').on('c.no', '=', 0))
    .select(['a.id as article', 'a.title', 'a.language', 'a.date', 'r.code_points as size'])
    .select(sql<string>`left(c.body, 200)`.as('start'))
    .where('a.import', '=', file)
    .orderBy('a.n')
    .offset(from)
    .limit(most)
    .execute()

/** Staged articles of an import behind a place, by their own ids or by the ids of their files, a page at a time. */
export const stagedArticles = (db: Db, importId: string, ids: readonly string[], after: number, most: number) =>
  db
    .selectFrom('article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .select(['a.id', 'a.n', 'r.id as revision', 'r.code_points as size'])
    .where(sql<boolean>`starts_with(a.import, ${importId + '.'})`)
    .where((eb) => eb.or([eb('a.id', 'in', ids), eb('a.import', 'in', ids)]))
    .where('a.n', '>', after)
    .orderBy('a.n')
    .limit(most)
    .execute()

/** Corrects the language of staged articles; their sentences go with it (`setSentences`). */
export const setLanguage = (trx: Trx, language: Language | null, articles: readonly string[]) =>
  trx.updateTable('article').set({ language }).where('id', 'in', articles).execute()

/** The sentences that begin in one chunk of a text, packed. */
export interface ChunkSentences {
  readonly revision: string
  readonly no: number
  readonly sentences: Buffer
}

export const setSentences = (trx: Trx, chunks: readonly ChunkSentences[]) =>
  sql`
    update revision_chunk set sentences = s.sentences
    from unnest(${chunks.map(({ revision }) => revision)}::text[], ${chunks.map(({ no }) => no)}::int[],
      ${chunks.map(({ sentences }) => sentences)}::bytea[]) as s(revision, no, sentences)
    where revision_chunk.revision = s.revision and revision_chunk.no = s.no`.execute(trx)
