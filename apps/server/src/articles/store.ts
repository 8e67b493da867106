import { foldFrom, foldPattern, foldTo } from '@tamga/language'
import type { Language } from '@tamga/model'
import { sql, type Expression, type SqlBool, type Transaction } from 'kysely'
import { reaches, type Reader } from '../db/reach.ts'
import { bodyOf, bodyRows } from '../db/bodies.ts'
import type { Db } from '../db/open.ts'
import type { NewRow, Row, Tables } from '../db/tables.ts'

type Trx = Transaction<Tables>

/** What makes up a new article, one row or several a table. */
export interface ArticleRows {
  readonly article: NewRow<'article'>
  readonly revision: NewRow<'revision'>
  /** The text, with its tokens and sentences in code units, flat (start, end, start, end …). */
  readonly body: { readonly text: string; readonly tokens: Uint32Array; readonly sentences: Uint32Array }
  readonly layer: NewRow<'layer'>
}

const ROWS = 1000

/**
 * Writes new articles in the order given, which is the project's order from then on. Statement by statement, each bounded in
 * rows and bytes (`insertBodies`): what is written by then is to be hidden from everybody, as staged articles are.
 */
export async function insertArticles(db: Db, articles: readonly ArticleRows[]): Promise<void> {
  for (const some of portions(articles)) {
    await db
      .insertInto('article')
      .values(some.map(({ article }) => article))
      .execute()
    await db
      .insertInto('article_stats')
      .values(some.map(({ article }) => ({ article: article.id })))
      .execute()
    await db
      .insertInto('revision')
      .values(some.map(({ revision }) => revision))
      .execute()
    await db
      .insertInto('layer')
      .values(some.map(({ layer }) => layer))
      .execute()
    await db
      .insertInto('layer_head')
      .values(some.map(({ layer }) => ({ layer: layer.id })))
      .execute()
  }
  await insertBodies(db, articles)
}

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += ROWS) yield items.slice(i, i + ROWS)
}

/** What one statement writes of bodies: so many rows, or so many code units and packed bytes and one row more. */
export const BODY_STATEMENT = { rows: 200, units: 120_000 }

async function insertBodies(db: Db, articles: readonly ArticleRows[]): Promise<void> {
  let rows: NewRow<'revision_chunk'>[] = []
  let units = 0
  const write = async () => {
    if (rows.length > 0) await db.insertInto('revision_chunk').values(rows).execute()
    rows = []
    units = 0
  }
  for (const { revision, body } of articles)
    for (const row of bodyRows(body.text, body.tokens, body.sentences)) {
      rows.push({ revision: revision.id, ...row })
      units += row.body.length + row.tokens.length + row.sentences.length
      if (rows.length >= BODY_STATEMENT.rows || units >= BODY_STATEMENT.units) await write()
    }
  await write()
}

/** A search as a person typed it: exact (but for capitals), or with letters folded that a Russian keyboard lacks. */
export interface Search {
  readonly q: string
  readonly exact: boolean
}

// capitals stand in the lists too: lower() of a database in the C locale knows only those of English
const capitals = 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ' + foldFrom.toUpperCase()
const small = capitals.toLowerCase()
const foldSmall = [...small].map((letter) => foldTo[foldFrom.indexOf(letter)] ?? letter).join('')

const lowered = (text: Expression<string>) => sql<string>`translate(lower(${text}), ${capitals}, ${small})`
const folded = (text: Expression<string>) =>
  sql<string>`translate(lower(${text}), ${foldFrom + capitals}, ${foldTo + foldSmall})`

const found = (text: Expression<string>, { q, exact }: Search): Expression<SqlBool> =>
  exact
    ? sql<boolean>`position(${lowered(sql.val(q))} in ${lowered(text)}) > 0`
    : sql<boolean>`${folded(text)} like ${foldPattern(q)}`

/** Each visible article with its newest text and that text's shared layer. */
const current = (db: Db) =>
  db
    .selectFrom('visible_article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .innerJoin('layer as l', (join) =>
      join.onRef('l.revision', '=', 'r.id').on('l.owner', 'is', null).on('l.state', '!=', 'superseded'),
    )

/** A project's articles in the order of import: those at hand, or those withdrawn; all, or those a search finds. */
export const articlesOf = (db: Db, project: string, withdrawn: boolean, search: Search | null) =>
  current(db)
    .leftJoin('article_stats as s', 's.article', 'a.id')
    .leftJoin('closing as c', 'c.layer', 'l.id')
    .select(['a.id', 'a.title', 'a.language', 'a.date', 'a.source', 'a.group', 'a.withdrawn_reason', 'a.erased_at'])
    .select(['r.id as revision', 'r.code_points', 's.annotated', 's.waiting', 's.approved', 'c.layer as closed'])
    .where('a.project', '=', project)
    .where('a.withdrawn_at', withdrawn ? 'is not' : 'is', null)
    .$if(search !== null, (query) =>
      query.where((eb) => eb.or([found(eb.ref('a.title'), search!), found(bodyOf('r.id'), search!)])),
    )
    .orderBy('a.n')
    .execute()

export const bodiesOf = (db: Db, revisions: readonly string[]) =>
  db
    .selectFrom('revision')
    .select(['id', bodyOf('revision.id').as('body')])
    .where('id', 'in', revisions)
    .execute()

export const articleById = (db: Db, id: string): Promise<Row<'article'> | undefined> =>
  db.selectFrom('visible_article').selectAll().where('id', '=', id).executeTakeFirst()

/** Of these articles, those that an account may read now. */
export const readableOf = async (db: Db, reader: Reader, articles: readonly string[]): Promise<string[]> => {
  if (articles.length === 0) return []
  const rows = await db
    .selectFrom('visible_article as a')
    .innerJoin('member as m', 'm.project', 'a.project')
    .select('a.id')
    .where('a.id', 'in', articles)
    .where('m.account', '=', reader.id)
    .where('m.left_at', 'is', null)
    .where(reaches(reader, 'm'))
    .where('a.erased_at', 'is', null)
    .where((eb) => eb.or([eb('a.withdrawn_at', 'is', null), eb('m.role', '=', 'owner')]))
    .execute()
  return rows.map(({ id }) => id)
}

/** The newest text of an article with its shared layer and that layer's epoch. */
export const currentText = (db: Db, article: string) =>
  current(db)
    .innerJoin('layer_head as h', 'h.layer', 'l.id')
    .select(['r.id as revision', 'r.no', 'r.sha256', bodyOf('r.id').as('body'), 'l.id as layer', 'h.epoch'])
    .where('a.id', '=', article)
    .executeTakeFirstOrThrow()

/** Articles at hand of the same translation group, in order. */
export const groupOf = (db: Db, project: string, group: string) =>
  db
    .selectFrom('visible_article')
    .select(['id', 'title', 'language'])
    .where('project', '=', project)
    .where('group', '=', group)
    .where('withdrawn_at', 'is', null)
    .orderBy('n')
    .execute()

const atHand = (db: Db, project: string) =>
  db.selectFrom('visible_article').where('project', '=', project).where('withdrawn_at', 'is', null)

/** The articles before and after one in the project's order, withdrawn ones passed over, and its place among all. */
export async function neighboursOf(db: Db, { project, n }: Pick<Row<'article'>, 'project' | 'n'>) {
  const articles = atHand(db, project)
  const before = await articles.select('id').where('n', '<', n).orderBy('n', 'desc').limit(1).executeTakeFirst()
  const after = await articles.select('id').where('n', '>', n).orderBy('n').limit(1).executeTakeFirst()
  const { place, all } = await articles
    .select((eb) => [
      eb.fn.countAll<number>().filterWhere('n', '<=', n).as('place'),
      eb.fn.countAll<number>().as('all'),
    ])
    .executeTakeFirstOrThrow()
  return { previous: before?.id ?? null, next: after?.id ?? null, place, all }
}

/** Members of the project, and whoever left but made, changed or decided something in the layer. */
export const peopleOf = (db: Db, project: string, layer: string) =>
  db
    .selectFrom('account')
    .leftJoin('member as m', (join) =>
      join.onRef('m.account', '=', 'account.id').on('m.project', '=', project).on('m.left_at', 'is', null),
    )
    .select(['account.id as account', 'account.name', 'account.colour', 'm.role'])
    .select(['account.sign_in_name as signInName', 'm.pseudonym'])
    .where((eb) =>
      eb.or([
        eb('m.account', 'is not', null),
        eb('account.id', 'in', eb.selectFrom('annotation').select('creator').where('layer', '=', layer)),
        eb('account.id', 'in', eb.selectFrom('annotation').select('last_editor').where('layer', '=', layer)),
        eb('account.id', 'in', eb.selectFrom('decision').select('decision.account').where('layer', '=', layer)),
        eb('account.id', 'in', eb.selectFrom('closing').select('reviewer').where('layer', '=', layer)),
      ]),
    )
    .orderBy('account.created_at')
    .orderBy('account.id')
    .execute()

/** All annotations of a layer, gone ones included. */
export const annotationsIn = (db: Db, layer: string) =>
  db.selectFrom('annotation').select(['id', 'content', 'via', 'unsure', 'gone_at']).where('layer', '=', layer).execute()

/** All decisions on a layer, in their order. */
export const rulingsOf = (db: Db, layer: string) =>
  db
    .selectFrom('decision')
    .innerJoin('annotation as a', (join) =>
      join.onRef('a.layer', '=', 'decision.layer').onRef('a.id', '=', 'decision.annotation'),
    )
    .select(['annotation', 'account', 'verdict', 'decision.digest', 'reason', 'at', 'n as order'])
    .select(sql<boolean>`account in (a.creator, a.last_editor)`.as('own'))
    .where('decision.layer', '=', layer)
    .orderBy('n')
    .execute()

export const closingOf = (db: Db, layer: string) =>
  db.selectFrom('closing').select(['reviewer as by', 'at']).where('layer', '=', layer).executeTakeFirst()

/** Locks an article's own row, so that two who change it at once follow each other. */
export const lockArticle = (trx: Trx, id: string): Promise<Row<'article'> | undefined> =>
  trx.selectFrom('article').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()

/** What may change of an article after its import; its text never does. */
export interface ArticleChange {
  readonly title?: string | undefined
  readonly language?: Language | null | undefined
  readonly date?: string | null | undefined
  readonly group?: string | null | undefined
  readonly withdrawn_at?: Date | null
  readonly withdrawn_reason?: string | null
}

export const updateArticle = (trx: Trx, id: string, change: ArticleChange) =>
  trx.updateTable('article').set(change).where('id', '=', id).execute()
