import { can, Problem } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { asideForAct, markResolved } from './aside-store.ts'
import { tellAsides } from './tell-asides.ts'

export const ways = ['again', 'dropped'] as const

/**
 * Takes an edit off the list: it was written once more (by the layer's own verbs, before this), or nobody wants it. Mine
 * is mine to take off; what was handed over is the reviewers' too.
 */
export async function resolveAside(ctx: Ctx, id: string, how: (typeof ways)[number]): Promise<void> {
  const { services, account } = ctx
  await transact(services, async (trx) => {
    const aside = await asideForAct(trx, id)
    if (!aside) throw new Problem('not_found')
    const { project, article, key, code } = aside
    const role = await requireRole({ ...ctx, services: { ...services, db: trx } }, project, 'read')
    const isForMe =
      aside.account === account.id || (aside.handed_at !== null && aside.owner === null && can(role, 'decide'))
    if (!isForMe) throw new Problem('not_found')
    if (aside.resolved_at !== null) return
    await markResolved(trx, id, account.id, how, services.now())
    const after = { id, key, code, by: aside.account, how }
    await record(trx, { project, account: account.id, act: 'aside.resolved', subject: article, after })
    await tellAsides(trx, project, article)
  })
  services.notifier.notify()
}
