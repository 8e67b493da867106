import { Problem } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { tick } from '../db/clock.ts'
import { projectScope, state } from '../facts.ts'
import { goldScope } from '../gold/store.ts'
import type { Services } from '../services.ts'
import { clearRows, endErasing, erasingArticles, layersOf, leaveDocuments, markErased } from './erase-store.ts'
import { articleById, lockArticle } from './store.ts'

/**
 * Erases the text of an article for good, as personal data may have to be: text, quotes, attribute values, title, metadata,
 * notes, the document's log and snapshots, refused edits and digests go; ids, accounts, times, verdicts and counts stay. By
 * the time it returns nobody can read it and all of it is cleared; what a stop cuts short is ended by the next start. Open
 * pages lose it within a second, offline copies when their browser next reaches the server.
 *
 * `reason` is kept with the act. Throws `reason_needed` without one, `article_erased` if that was done before.
 */
export async function eraseArticle(ctx: Ctx, id: string, reason: string): Promise<void> {
  const { services, account } = ctx
  const project = (await articleById(services.db, id))?.project
  if (project === undefined) throw new Problem('not_found')
  await requireRole(ctx, project, 'eraseText')
  if (reason.trim() === '') throw new Problem('reason_needed')
  const layers = await layersOf(services.db, id)
  await transact(services, async (trx) => {
    // heads first, as everybody does who writes a layer
    await leaveDocuments(trx, layers)
    const article = await lockArticle(trx, id)
    if (!article) throw new Problem('not_found')
    if (article.erased_at) throw new Problem('article_erased')
    await markErased(trx, id, services.now(), account.id)
    const after = { reason: reason.trim() }
    await record(trx, { project, account: account.id, act: 'article.erased', subject: id, after })
    await tick(trx, goldScope(project), 1)
    await state(trx, projectScope(project), [{ kind: 'articles', payload: { article: id } }])
  })
  services.notifier.notify()
  await clear(services, id)
}

/** Ends the erasures that a stop cut short. */
export async function resumeErasures(services: Services, signal: AbortSignal): Promise<void> {
  for (const id of await erasingArticles(services.db)) {
    if (signal.aborted) return
    await clear(services, id)
  }
}

async function clear({ db }: Services, article: string): Promise<void> {
  for await (const _ of clearRows(db, article));
  await endErasing(db, article)
}
