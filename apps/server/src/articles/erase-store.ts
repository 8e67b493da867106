import { sql, type RawBuilder, type Transaction } from 'kysely'
import type { Db } from '../db/open.ts'
import type { Tables } from '../db/tables.ts'

type Trx = Transaction<Tables>

/** Rows a statement: more would hold the embedded database's only session for too long. */
const ROWS = 1000
/** Facts have no index by article: so many are looked at a statement. */
const FACTS = 5000

/** All layers of an article, of earlier texts and personal ones too, in the order in which heads are locked. */
export const layersOf = async (db: Db, article: string): Promise<string[]> =>
  (
    await db
      .selectFrom('layer')
      .innerJoin('revision', 'revision.id', 'layer.revision')
      .select('layer.id')
      .where('revision.article', '=', article)
      .orderBy('layer.id')
      .execute()
  ).map(({ id }) => id)

/** Locks heads and moves them to a next document, so that nothing that was prepared before can be written. */
export async function leaveDocuments(trx: Trx, layers: readonly string[]): Promise<void> {
  await trx.selectFrom('layer_head').select('layer').where('layer', 'in', layers).orderBy('layer').forUpdate().execute()
  await trx
    .updateTable('layer_head')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('layer', 'in', layers)
    .execute()
}

/** Empties what is known of an article, and marks it: from here on nobody reads or writes it. */
export const markErased = (trx: Trx, article: string, at: Date, by: string) =>
  sql`update article set title = '', external_id = null, date = null, source = null, licence = null, "group" = null,
    meta = '{}', withdrawn_at = coalesce(withdrawn_at, ${at}), withdrawn_reason = null,
    erased_at = ${at}, erased_by = ${by}, erasing = true
    where id = ${article}`.execute(trx)

/** Articles whose erasure was begun and not ended. */
export const erasingArticles = async (db: Db): Promise<string[]> =>
  (await db.selectFrom('article').select('id').where('erasing', '=', true).execute()).map(({ id }) => id)

export const endErasing = (db: Db, article: string) =>
  db.updateTable('article').set({ erasing: false }).where('id', '=', article).execute()

/**
 * Clears what the rows of an erased article still hold of its text, at most a thousand a statement. Yields after each
 * statement; calling it again goes on where it ended. Ids, accounts, times, verdicts and counts stay.
 */
export async function* clearRows(db: Db, article: string): AsyncGenerator<void> {
  const layers = await layersOf(db, article)
  const ofLayers = sql`layer = any (${layers})`
  const revisions = sql`revision in (select id from revision where article = ${article})`
  const gone: readonly (readonly [table: string, where: RawBuilder<unknown>])[] = [
    ['revision_chunk', revisions],
    ['layer_log', ofLayers],
    ['layer_snapshot', ofLayers],
    ['layer_client', ofLayers],
    ['set_aside', ofLayers],
    ['gold', ofLayers],
  ]
  for (const [table, where] of gone)
    yield* inBites(() =>
      sql`delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where ${where} limit ${ROWS}))`.execute(db),
    )
  yield* inBites(() =>
    sql`update annotation set digest = '', anchor = null, content = content || '{"attributes": []}'
        || case when kind = 'span' then '{"ranges": []}'::jsonb else '{}' end
      where ctid = any (array(select ctid from annotation where ${ofLayers} and digest <> '' limit ${ROWS}))`.execute(
      db,
    ),
  )
  yield* inBites(() =>
    sql`update change set before = null, after = null
      where ctid = any (array(select ctid from change
        where ${ofLayers} and (before is not null or after is not null) limit ${ROWS}))`.execute(db),
  )
  yield* inBites(() =>
    sql`update decision set digest = '', note = null
      where ctid = any (array(select ctid from decision where ${ofLayers} and digest <> '' limit ${ROWS}))`.execute(db),
  )
  yield* clearTexts(db, article, layers)
  yield* clearReports(db, article)
  yield* clearFacts(db, article)
}

async function* clearTexts(db: Db, article: string, layers: readonly string[]): AsyncGenerator<void> {
  yield void (await sql`update revision set body = null, sha256 = '', tokens = null, sentences = null
    where article = ${article}`.execute(db))
  yield void (await sql`update layer set digest = null where id = any (${layers})`.execute(db))
}

/** What was told of its import (names of files, refused lines), and what was recorded of it. */
async function* clearReports(db: Db, article: string): AsyncGenerator<void> {
  yield void (await sql`update import set report = report || '{"name": "", "refusals": []}'
    where id in (select import from article where id = ${article})`.execute(db))
  yield void (await sql`update audit set after = after - 'files'
    where act = 'articles.imported'
      and subject in (select split_part(import, '.', 1) from article where id = ${article})`.execute(db))
  yield* inBites(() =>
    sql`update audit set before = null, after = case when act like 'review.%' then after - 'digest' end
      where ctid = any (array(select ctid from audit where subject = ${article}
        and project = (select project from article where id = ${article})
        and (before is not null or case when act like 'review.%' then after ? 'digest' else after is not null end)
        and act <> 'article.erased' limit ${ROWS}))`.execute(db),
  )
}

async function* clearFacts(db: Db, article: string): AsyncGenerator<void> {
  const { rows } = await sql<{ scope: string; first: number | null; last: number | null }>`
    select 'project/' || a.project as scope, min(f.n) as first, max(f.n) as last
    from article a left join fact f on f.scope = 'project/' || a.project
    where a.id = ${article} group by a.project`.execute(db)
  const { scope, first, last } = rows[0]!
  if (first === null || last === null) return
  for (let n = first; n <= last; n += FACTS)
    yield void (await sql`update fact set kind = 'articles', payload = ${JSON.stringify({ article })}::jsonb
      where scope = ${scope} and n >= ${n} and n < ${n + FACTS} and kind = 'decided'
        and payload->>'article' = ${article}`.execute(db))
}

async function* inBites(act: () => Promise<{ numAffectedRows?: bigint }>): AsyncGenerator<void> {
  for (let rows = ROWS; rows === ROWS;) {
    rows = Number((await act()).numAffectedRows ?? 0)
    yield
  }
}
