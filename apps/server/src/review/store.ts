import type { Transaction } from 'kysely'
import { bodyOf } from '../db/bodies.ts'
import type { Db } from '../db/open.ts'
import type { NewRow, Row, Tables } from '../db/tables.ts'

type Trx = Transaction<Tables>

/** The shared layer of an article's newest revision, with what a reviewer's act needs to know of it. */
export interface Bench {
  readonly article: string
  readonly project: string
  readonly layer: string
  readonly text: string
  readonly withdrawn: boolean
}

export const benchOf = async (db: Db, article: string): Promise<Bench | undefined> => {
  const row = await db
    .selectFrom('visible_article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .innerJoin('layer as l', 'l.revision', 'r.id')
    .select(['a.id as article', 'a.project', 'l.id as layer', bodyOf('r.id').as('text'), 'a.withdrawn_at'])
    .where('a.id', '=', article)
    .where('l.owner', 'is', null)
    .orderBy('r.no', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (
    row && {
      article: row.article,
      project: row.project,
      layer: row.layer,
      text: row.text,
      withdrawn: row.withdrawn_at !== null,
    }
  )
}

export const isWithdrawn = async (db: Db, article: string): Promise<boolean> => {
  const row = await db.selectFrom('visible_article').select('withdrawn_at').where('id', '=', article).executeTakeFirst()
  return row === undefined || row.withdrawn_at !== null
}

export const annotationsOf = (trx: Db, layer: string): Promise<Row<'annotation'>[]> =>
  trx.selectFrom('annotation').selectAll().where('layer', '=', layer).execute()

export const annotationById = (db: Db, layer: string, id: string): Promise<Row<'annotation'> | undefined> =>
  db.selectFrom('annotation').selectAll().where('layer', '=', layer).where('id', '=', id).executeTakeFirst()

/** Stores decisions and answers the number of each, in the order given. */
export async function insertDecisions(trx: Trx, rows: readonly NewRow<'decision'>[]): Promise<number[]> {
  const numbers = new Map<string, number>()
  for (let i = 0; i < rows.length; i += ROWS) {
    const written = trx
      .insertInto('decision')
      .values(rows.slice(i, i + ROWS))
      .returning(['id', 'n'])
    for (const { id, n } of await written.execute()) numbers.set(id, n)
  }
  return rows.map(({ id }) => numbers.get(id)!)
}

const ROWS = 1000

export const insertClosing = (trx: Trx, layer: string, reviewer: string, at: Date) =>
  trx
    .insertInto('closing')
    .values({ layer, reviewer, at })
    .onConflict((conflict) => conflict.column('layer').doNothing())
    .returning('layer')
    .executeTakeFirst()

export const deleteClosing = (trx: Trx, layer: string) =>
  trx.deleteFrom('closing').where('layer', '=', layer).returningAll().executeTakeFirst()

/** Everything that happened to one annotation, oldest first. */
export const changesOf = (db: Db, layer: string, annotation: string) =>
  db
    .selectFrom('change')
    .select(['at', 'account', 'key', 'before', 'after'])
    .where('layer', '=', layer)
    .where('annotation', '=', annotation)
    .orderBy('seq')
    .orderBy('n')
    .execute()

export const decisionsOf = (db: Db, layer: string, annotation: string) =>
  db
    .selectFrom('decision')
    .select(['at', 'account', 'verdict', 'digest', 'reason', 'note', 'act', 'n'])
    .where('layer', '=', layer)
    .where('annotation', '=', annotation)
    .orderBy('n')
    .execute()

/** The accounts that change an annotation after a moment, latest first: who moved it while somebody looked. */
export const editorsSince = (db: Db, layer: string, annotation: string) =>
  db
    .selectFrom('change')
    .innerJoin('account', 'account.id', 'change.account')
    .select(['account.id', 'account.name', 'change.key', 'change.at'])
    .where('layer', '=', layer)
    .where('annotation', '=', annotation)
    .orderBy('seq', 'desc')
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst()
