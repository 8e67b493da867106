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

/**
 * Deletes some articles of an import, or of one file of it. For what nobody has seen only. Answers false if none was left;
 * true may also mean that another transaction deleted them first.
 */
export async function deleteStaged(db: Db, id: string, most: number): Promise<boolean> {
  const files = db
    .selectFrom('import')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', id), inside(id)]))
    .where('state', '!=', 'published')
  const some = db.selectFrom('article').select('article.id').where('import', 'in', files).limit(most)
  const { found } = await db
    .with('some', () => some)
    .with('gone', (one) => one.deleteFrom('article').where('id', 'in', one.selectFrom('some').select('id')))
    .selectFrom('some')
    .select((eb) => eb.fn.countAll<number>().as('found'))
    .executeTakeFirstOrThrow()
  return found > 0
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
 * An outside id that an import brings though it was published meanwhile, or that two of its files bring; or undefined.
 * One pass that counts, not a join of the two sides: a database that does not know yet how much came in would look
 * through all for each.
 */
export async function clashOf(trx: Trx, project: string, importId: string) {
  const { rows } = await sql<{ id: string; published: boolean }>`
    select id, not every(mine) as published from (
      select a.external_id as id, coalesce(i.state = 'staging', false) as mine
      from article a left join import i on i.id = a.import
      where a.project = ${project} and a.external_id is not null and (
        a.import is null or i.state = 'published' or (i.state = 'staging' and starts_with(i.id, ${importId + '.'}))
      )
    ) known
    group by id having bool_or(mine) and count(*) > 1
    limit 1
  `.execute(trx)
  return rows[0]
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

/** Staged articles of an import by their own ids or by the ids of their files, a page at a time. */
export const stagedTexts = (db: Db, importId: string, ids: readonly string[], from: number, most: number) =>
  db
    .selectFrom('article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .select(['a.id', 'r.body'])
    .where(sql<boolean>`starts_with(a.import, ${importId + '.'})`)
    .where((eb) => eb.or([eb('a.id', 'in', ids), eb('a.import', 'in', ids)]))
    .orderBy('a.n')
    .offset(from)
    .limit(most)
    .execute()

/** Corrects the language of staged articles, and with it where their sentences end. */
export async function setLanguage(
  trx: Trx,
  language: Language | null,
  articles: readonly { readonly id: string; readonly sentences: string }[],
): Promise<void> {
  const ids = articles.map(({ id }) => id)
  await trx.updateTable('article').set({ language }).where('id', 'in', ids).execute()
  await sql`
    update revision set sentences = s.sentences::jsonb
    from unnest(${ids}::text[], ${articles.map(({ sentences }) => sentences)}::text[]) as s(article, sentences)
    where revision.article = s.article
  `.execute(trx)
}
