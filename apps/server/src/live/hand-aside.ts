import { Problem } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { asideForAct, markHanded } from './aside-store.ts'
import { tellAsides } from './tell-asides.ts'

/** Gives an edit of mine that was not let stand to the reviewers. Handing it over twice changes nothing. */
export async function handAside(ctx: Ctx, id: string): Promise<void> {
  const { services, account } = ctx
  await transact(services, async (trx) => {
    const aside = await asideForAct(trx, id)
    if (!aside || aside.account !== account.id || aside.owner !== null) throw new Problem('not_found')
    const { project, article, key, code } = aside
    await requireRole({ ...ctx, services: { ...services, db: trx } }, project, 'annotate')
    if (aside.handed_at !== null || aside.resolved_at !== null) return
    await markHanded(trx, id, services.now())
    await record(trx, { project, account: account.id, act: 'aside.handed', subject: article, after: { id, key, code } })
    await tellAsides(trx, project, article)
  })
  services.notifier.notify()
}
