import { can, Problem, type Action, type Role } from '@tamga/model'
import { articleById } from '../articles/store.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Row } from '../db/tables.ts'
import { openAsides } from './aside-store.ts'

/** An article for who may do this there, with the role. A withdrawn one is only its owners'. */
export async function enterArticle(
  ctx: Ctx,
  id: string,
  action: Action,
): Promise<{ article: Row<'article'>; role: Role }> {
  const article = await articleById(ctx.services.db, id)
  if (!article) throw new Problem('not_found')
  const role = await requireRole(ctx, article.project, action)
  if (article.withdrawn_at && role !== 'owner') throw new Problem('article_withdrawn')
  return { article, role }
}

/** What of my edits here was not let stand and still waits for a word; for a reviewer also what others handed over. */
export async function listAsides(ctx: Ctx, id: string) {
  const { role } = await enterArticle(ctx, id, 'read')
  const rows = await openAsides(ctx.services.db, id, ctx.account.id, { handed: can(role, 'decide') })
  return rows.map(({ at, handed_at, ...row }) => ({
    ...row,
    at: at.toISOString(),
    handedAt: handed_at?.toISOString() ?? null,
  }))
}
