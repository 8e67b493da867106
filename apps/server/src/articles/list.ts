import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Db } from '../db/open.ts'
import { positions, projectScope } from '../facts.ts'
import { hitsIn, type Hit } from './hits.ts'
import { articlesOf, bodiesOf, type Search } from './store.ts'

export interface Asked {
  readonly search: Search | null
  /** Those that were withdrawn, which owners see; else those at hand. */
  readonly withdrawn: boolean
}

type Listed = Awaited<ReturnType<typeof articlesOf>>[number]

/**
 * A project's articles in the order of import, with how far each has come, who is in it, and where a search hit; and how
 * far the project's facts had come before they were read.
 */
export async function listArticles(ctx: Ctx, project: string, { search, withdrawn }: Asked) {
  await requireRole(ctx, project, withdrawn ? 'manageArticles' : 'read')
  const { services } = ctx
  const at = await positions(services.db, [projectScope(project)])
  const rows = await articlesOf(services.db, project, withdrawn, search)
  const hits = search ? await hitsOf(services.db, rows, search) : new Map<string, Hit[]>()
  const here = services.here(project)
  const articles = rows.map(
    ({ revision, code_points, withdrawn_reason, erased_at, closed, annotated, waiting, approved, ...article }) => ({
      ...article,
      size: code_points,
      annotated: annotated ?? 0,
      waiting: waiting ?? 0,
      approved: approved ?? 0,
      closed: closed !== null,
      withdrawn: withdrawn_reason,
      erased: erased_at?.toISOString() ?? null,
      hits: hits.get(revision) ?? [],
      here: [...(here[article.id] ?? [])],
    }),
  )
  return { articles, at }
}

// hits are for reading: those of the first two hundred articles; texts are fetched a few at a time
const SHOWN = 200
const AT_ONCE = 10

async function hitsOf(db: Db, rows: readonly Listed[], search: Search): Promise<Map<string, Hit[]>> {
  const hits = new Map<string, Hit[]>()
  const revisions = rows.slice(0, SHOWN).map((row) => row.revision)
  for (let i = 0; i < revisions.length; i += AT_ONCE)
    for (const { id, body } of await bodiesOf(db, revisions.slice(i, i + AT_ONCE))) hits.set(id, hitsIn(body, search))
  return hits
}
