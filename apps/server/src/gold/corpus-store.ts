import { sql } from 'kysely'
import { bodyOf, packedOf } from '../db/bodies.ts'
import type { Db } from '../db/open.ts'
import { goldScope } from './store.ts'

/** The number of the project's newest cut of gold; 0 before there is any. */
export const newestCut = async (db: Db, project: string): Promise<number> => {
  const clock = await db.selectFrom('clock').select('n').where('scope', '=', goldScope(project)).executeTakeFirst()
  return clock?.n ?? 0
}

/** An article that an export may hold, and whether anybody still has to look at it. */
export type Counted = Awaited<ReturnType<typeof censusOf>>[number]

/**
 * The articles of a project that are neither staged nor withdrawn, in their order. `moved`: gold of this text changed
 * after the cut, so its sign-off says nothing about it as it was at the cut.
 */
export const censusOf = (db: Db, project: string, cut: number) =>
  db
    .selectFrom('visible_article as a')
    .innerJoin('revision as r', 'r.article', 'a.id')
    .innerJoin('layer as l', (join) =>
      join.onRef('l.revision', '=', 'r.id').on('l.owner', 'is', null).on('l.state', '!=', 'superseded'),
    )
    .leftJoin('closing as c', 'c.layer', 'l.id')
    .leftJoin('article_stats as s', 's.article', 'a.id')
    .select([
      'a.id as article',
      'r.id as revision',
      'r.code_points as size',
      'c.reviewer',
      'c.at as closedAt',
      's.waiting',
    ])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('gold as g')
            .select('g.annotation')
            .whereRef('g.revision', '=', 'r.id')
            .where((or) => or.or([or('g.from_cut', '>', cut), or('g.to_cut', '>', cut)])),
        )
        .as('moved'),
    )
    .where('a.project', '=', project)
    .where('a.withdrawn_at', 'is', null)
    .orderBy('a.n')
    .execute()

export const textsOf = (db: Db, revisions: readonly string[]) =>
  db
    .selectFrom('revision as r')
    .innerJoin('article as a', 'a.id', 'r.article')
    .select(['r.id as revision', 'r.no', 'r.sha256', bodyOf('r.id').as('body')])
    .select([packedOf('tokens', 'r.id').as('tokens'), packedOf('sentences', 'r.id').as('sentences')])
    .select(['a.id', 'a.title', 'a.language', 'a.date', 'a.source', 'a.licence', 'a.group', 'a.meta'])
    .where('r.id', 'in', revisions)
    .execute()

const PAGE = 1000

// a content change, not a mark of doubt or a removal
const content = sql<boolean>`key !~ '^([A-Za-z0-9_-]{16}/)?(unsure|gone)$'`

export type GoldRow = Awaited<ReturnType<typeof goldPage>>[number]

/** Gold of some texts as it stood at a cut, by annotation, each with the order of the decision that made it gold. */
export const goldAt = (db: Db, revisions: readonly string[], cut: number): Promise<GoldRow[]> =>
  inPages((last: GoldRow | undefined) => goldPage(db, revisions, cut, last))

const goldPage = (
  db: Db,
  revisions: readonly string[],
  cut: number,
  last: { revision: string; annotation: string } | undefined,
) =>
  db
    .selectFrom('gold as g')
    .innerJoin('annotation as n', (join) => join.onRef('n.layer', '=', 'g.layer').onRef('n.id', '=', 'g.annotation'))
    .innerJoin('decision as d', 'd.id', 'g.decision')
    .select(['g.annotation', 'g.revision', 'g.kind', 'g.starts', 'g.ends', 'g.quotes', 'g.label', 'g.attributes'])
    .select(['g.from_end', 'g.to_end', 'g.digest', 'g.supporters', 'n.creator', 'd.n as decided'])
    // who had edited it last when it became gold: whoever did since then edited something else
    .select((eb) =>
      eb
        .case()
        .when('n.digest', '=', eb.ref('g.digest'))
        .then(eb.ref('n.last_editor'))
        .else(
          eb
            .selectFrom('change as c')
            .select('c.account')
            .whereRef('c.layer', '=', 'g.layer')
            .whereRef('c.annotation', '=', 'g.annotation')
            .whereRef('c.at', '<=', 'd.at')
            .where(content)
            .orderBy('c.seq', 'desc')
            .orderBy('c.n', 'desc')
            .limit(1),
        )
        .end()
        .as('editor'),
    )
    .where('g.revision', 'in', revisions)
    .where('g.from_cut', '<=', cut)
    .where((eb) => eb.or([eb('g.to_cut', 'is', null), eb('g.to_cut', '>', cut)]))
    .$if(last !== undefined, (query) =>
      query.where(sql<boolean>`(g.revision, g.annotation) > (${last!.revision}, ${last!.annotation})`),
    )
    .orderBy('g.revision')
    .orderBy('g.annotation')
    .limit(PAGE)
    .execute()

export type DecisionRow = Awaited<ReturnType<typeof decisionPage>>[number]

/** All decisions on the shared layers of some texts, in their order. */
export const decisionsOn = (db: Db, revisions: readonly string[]): Promise<DecisionRow[]> =>
  inPages((last: DecisionRow | undefined) => decisionPage(db, revisions, last?.n ?? 0))

const decisionPage = (db: Db, revisions: readonly string[], after: number) =>
  db
    .selectFrom('decision as d')
    .innerJoin('layer as l', 'l.id', 'd.layer')
    .select(['d.n', 'l.revision', 'd.annotation', 'd.verdict', 'd.account', 'd.at', 'd.digest', 'd.label_set_no'])
    .where('l.revision', 'in', revisions)
    .where('l.owner', 'is', null)
    .where('d.n', '>', after)
    .orderBy('d.n')
    .limit(PAGE)
    .execute()

/** Everybody who is or was in a project, under the pseudonym and under the name. */
export const peopleOf = (db: Db, project: string) =>
  db
    .selectFrom('member')
    .innerJoin('account', 'account.id', 'member.account')
    .select(['account.id', 'account.name', 'member.pseudonym'])
    .where('member.project', '=', project)
    .execute()

/** Short queries, one after the other, so that no long one stands in anybody's way. */
async function inPages<T>(next: (last: T | undefined) => Promise<T[]>): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const page = await next(all.at(-1))
    all.push(...page)
    if (page.length < PAGE) return all
  }
}
