import { isUndecided, Problem } from '@tamga/model'
import { record } from '../audit.ts'
import type { Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { holdBench, openBench } from './bench.ts'
import { deleteClosing, insertClosing } from './store.ts'

/** Signs an article off: read to the end, nothing undecided. Throws `undecided_left` with the number that waits. */
export async function signOff(ctx: Ctx, article: string): Promise<void> {
  const bench = await openBench(ctx, article, 'signOff')
  const { services, account } = ctx
  const at = services.now()
  await transact(services, async (trx) => {
    await holdBench(trx, ctx, bench, 'signOff')
    const { states } = await refreshGold(trx, bench.layer)
    const waiting = [...states.values()].filter(isUndecided).length
    if (waiting > 0) throw new Problem('undecided_left', { n: waiting })
    if (!(await insertClosing(trx, bench.layer, account.id, at))) return
    await record(trx, { project: bench.project, account: account.id, act: 'review.closed', subject: article })
    await state(trx, projectScope(bench.project), [
      { kind: 'closed', payload: { article, by: account.id, at: at.toISOString() } },
    ])
  })
  services.notifier.notify()
}

/** Takes a sign-off back. */
export async function reopen(ctx: Ctx, article: string): Promise<void> {
  const bench = await openBench(ctx, article, 'signOff')
  const { services, account } = ctx
  await transact(services, async (trx) => {
    await holdBench(trx, ctx, bench, 'signOff')
    if (!(await deleteClosing(trx, bench.layer))) return
    await record(trx, { project: bench.project, account: account.id, act: 'review.opened', subject: article })
    await state(trx, projectScope(bench.project), [{ kind: 'opened', payload: { article } }])
  })
  services.notifier.notify()
}
