import { namesApart, Problem, type Annotation } from '@tamga/model'
import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Db } from '../db/open.ts'
import type { Row } from '../db/tables.ts'
import { positions, projectScope } from '../facts.ts'
import { labelSetOf, projectById } from '../projects/store.ts'
import {
  annotationsIn,
  articleById,
  closingOf,
  currentText,
  groupOf,
  neighboursOf,
  peopleOf,
  rulingsOf,
} from './store.ts'

/**
 * Everything a page needs to open an article, but for its live layer. The positions of the project's facts are read
 * first: what happens while the rest is read comes once more as a fact. Throws `not_found`, or `article_withdrawn` for
 * whoever is no owner.
 */
export async function showArticle(ctx: Ctx, id: string) {
  const { db } = ctx.services
  const { article, role } = await readable(ctx, id)
  const { project } = article
  const at = await positions(db, [projectScope(project)])
  const { settings } = await projectById(db, project)
  const { revision, no, sha256, body, layer, epoch } = await currentText(db, id)
  const { previous, next, place, all } = await neighboursOf(db, article)
  return {
    ...about(article),
    siblings: await siblingsOf(ctx, article),
    revision: { id: revision, no, sha256, text: body },
    layer: { id: layer, epoch },
    labelSet: await labelSetOf(db, project),
    role,
    settings,
    members: await showPeople(db, project, layer),
    rulings: (await rulingsOf(db, layer)).map((ruling) => ({ ...ruling, at: ruling.at.toISOString() })),
    closing: await showClosing(ctx, layer),
    at,
    previous,
    next,
    position: [place, all] as [number, number],
  }
}

/** Everybody whose work may be on the page; people of the same name are told apart. */
async function showPeople(db: Db, project: string, layer: string) {
  const people = await peopleOf(db, project, layer)
  const names = namesApart(people)
  return people.map(({ account, colour, role }, i) => ({ account, name: names[i]!, colour, role, left: role === null }))
}

/** What stands in an article's layer, for who may read the article. Throws as `showArticle` does. */
export async function showAnnotations(ctx: Ctx, id: string): Promise<Annotation[]> {
  const { db } = ctx.services
  await readable(ctx, id)
  const rows = await annotationsIn(db, (await currentText(db, id)).layer)
  return rows.map(({ gone_at, ...row }) => ({ ...row, gone: gone_at !== null }))
}

async function readable(ctx: Ctx, id: string) {
  const article = await articleById(ctx.services.db, id)
  if (!article) throw new Problem('not_found')
  const role = await requireRole(ctx, article.project, 'read')
  if (article.erased_at) throw new Problem('article_erased', { at: article.erased_at.toISOString() })
  if (article.withdrawn_at && role !== 'owner') throw new Problem('article_withdrawn')
  return { article, role }
}

const about = ({
  id,
  project,
  title,
  language,
  date,
  source,
  licence,
  group,
  meta,
  withdrawn_reason,
}: Row<'article'>) => ({
  ...{ id, project, title, language, date, source, licence, group, meta },
  withdrawn: withdrawn_reason,
})

async function siblingsOf({ services }: Ctx, { id, project, group }: Row<'article'>) {
  const together = group === null ? [] : await groupOf(services.db, project, group)
  return together.filter((other) => other.id !== id)
}

async function showClosing({ services }: Ctx, layer: string) {
  const closing = await closingOf(services.db, layer)
  return closing ? { by: closing.by, at: closing.at.toISOString() } : null
}
