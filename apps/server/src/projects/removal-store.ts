import { sql, type RawBuilder } from 'kysely'
import type { Db } from '../db/open.ts'

/** Rows a statement: more would hold the embedded database's only session for too long. */
export const MOST_ROWS = 1000

/** Deleted projects whose time has come. */
export const dueForRemoval = async (
  db: Db,
  deletedBefore: Date,
): Promise<{ id: string; deleted_by: string | null }[]> =>
  db
    .selectFrom('project')
    .select(['id', 'deleted_by'])
    .where('deleted_at', '<=', deletedBefore)
    .orderBy('deleted_at')
    .execute()

const ofProject = (project: string) => sql`project = ${project}`
const ofArticles = (project: string) => sql`article in (select id from article where project = ${project})`
const ofRevisions = (project: string) =>
  sql`revision in (select r.id from revision r join article a on a.id = r.article where a.project = ${project})`
const ofLayers = (project: string) => sql`layer in (
  select l.id from layer l join revision r on r.id = l.revision join article a on a.id = r.article
  where a.project = ${project})`
const ofScopes = (project: string) => sql`scope in (${`project/${project}`}, ${`gold/${project}`})`

/** Where the rows of a project stand, in an order in which nothing refers to what goes before it. */
const places: readonly (readonly [table: string, mine: (project: string) => RawBuilder<unknown>])[] = [
  ['gold', ofProject],
  ['decision', ofLayers],
  ['set_aside', ofLayers],
  ['change', ofLayers],
  ['annotation', ofLayers],
  ['layer_log', ofLayers],
  ['layer_snapshot', ofLayers],
  ['layer_client', ofLayers],
  ['closing', ofLayers],
  ['layer_head', ofLayers],
  ['layer', ofRevisions],
  ['revision_chunk', ofRevisions],
  ['revision', ofArticles],
  ['article_stats', ofArticles],
  ['article', ofProject],
  ['import', ofProject],
  ['ticket', ofProject],
  ['label', ofProject],
  ['label_set', ofProject],
  ['fact', ofScopes],
  ['clock', ofScopes],
  ['audit', ofProject],
  ['member', ofProject],
]

/**
 * Deletes a project's rows, all but its own, at most a thousand a statement. Yields after each statement, so that the caller
 * may stop; calling it again goes on.
 */
export async function* removeRows(db: Db, project: string): AsyncGenerator<{ table: string; rows: number }> {
  for (const [table, mine] of places)
    for (let rows = MOST_ROWS; rows === MOST_ROWS;) {
      const { numAffectedRows } = await sql`delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where ${mine(project)} limit ${MOST_ROWS}))`.execute(db)
      rows = Number(numAffectedRows)
      yield { table, rows }
    }
}

/** Deletes the project's own row, the last of it. */
export const removeProjectRow = (db: Db, project: string) =>
  db.deleteFrom('project').where('id', '=', project).where('deleted_at', 'is not', null).execute()
