import { Problem, type Language } from '@tamga/model'
import type { Transaction } from 'kysely'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Row, Tables } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { newId } from '../services.ts'
import { articleById, lockArticle, updateArticle, type ArticleChange } from './store.ts'

/** What an owner may correct of an article. */
export interface Correction {
  readonly title?: string | undefined
  readonly language?: Language | null | undefined
  readonly date?: string | null | undefined
  readonly group?: string | null | undefined
}

/** Corrects what is known of an article. Its sentences stay as they were cut: exports of one revision never differ. */
export const correctArticle = (ctx: Ctx, id: string, correction: Correction): Promise<void> =>
  changeArticle(ctx, id, () => ({ act: 'article.changed', change: correction }))

/** Takes an article out of sight and out of every export, for a reason; nothing of it is deleted. */
export const withdrawArticle = (ctx: Ctx, id: string, reason: string): Promise<void> =>
  changeArticle(ctx, id, (article) => {
    if (reason.trim() === '') throw new Problem('reason_needed')
    if (article.withdrawn_at) throw new Problem('article_withdrawn')
    return {
      act: 'article.withdrawn',
      change: { withdrawn_at: ctx.services.now(), withdrawn_reason: reason.trim() },
    }
  })

/** Brings a withdrawn article back as it was. */
export const restoreArticle = (ctx: Ctx, id: string): Promise<void> =>
  changeArticle(ctx, id, () => ({ act: 'article.restored', change: { withdrawn_at: null, withdrawn_reason: null } }))

/** Puts an article into the translation group of another one of its project (a new group if neither has one). */
export const groupArticle = (ctx: Ctx, id: string, other: string | null): Promise<void> =>
  changeArticle(ctx, id, async (article, trx) => {
    if (other === null || other === id) return { act: 'article.grouped', change: { group: null } }
    const sibling = await articleById(trx, other)
    if (sibling?.project !== article.project) throw new Problem('not_found')
    const group = sibling.group ?? article.group ?? newId()
    if (sibling.group === null) await updateArticle(trx, other, { group })
    return { act: 'article.grouped', change: { group } }
  })

interface Act {
  readonly act: string
  readonly change: ArticleChange
}

type Decide = (article: Row<'article'>, trx: Transaction<Tables>) => Act | Promise<Act>

async function changeArticle(ctx: Ctx, id: string, decide: Decide): Promise<void> {
  const { services, account } = ctx
  const project = (await articleById(services.db, id))?.project
  if (project === undefined) throw new Problem('not_found')
  await requireRole(ctx, project, 'manageArticles')
  await transact(services, async (trx) => {
    const article = await lockArticle(trx, id)
    if (!article) throw new Problem('not_found')
    if (article.erased_at) throw new Problem('article_erased')
    const { act, change } = await decide(article, trx)
    const fields = Object.keys(change).filter((field) => change[field as keyof ArticleChange] !== undefined)
    if (fields.length === 0) return
    await updateArticle(trx, id, change)
    const before = Object.fromEntries(fields.map((field) => [field, article[field as keyof ArticleChange]]))
    await record(trx, { project, account: account.id, act, subject: id, before, after: change })
    await state(trx, projectScope(project), [{ kind: 'articles', payload: { article: id } }])
  })
  services.notifier.notify()
}
