import type { Settings } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { refreshProject } from './refresh.ts'
import { projectById, updateProject } from './store.ts'

/**
 * Changes a project's name or settings. Gold follows before this returns: another quorum makes other spans stand. That it
 * has to is written down with the change, so that a start after a crash goes on with it.
 */
export async function changeSettings(
  ctx: Ctx,
  project: string,
  change: { name?: string | undefined; settings?: Settings | undefined },
) {
  await requireRole(ctx, project, 'changeSettings')
  if (change.name === undefined && change.settings === undefined) return
  const { services, account } = ctx
  await transact(services, async (trx) => {
    const { name, settings } = await projectById(trx, project)
    const rejudged = change.settings !== undefined && !judgesAlike(settings, change.settings)
    await updateProject(trx, project, { ...change, ...(rejudged && { refreshed_to: '' }) })
    await record(trx, {
      project,
      account: account.id,
      act: 'project.changed',
      subject: project,
      before: { name, settings },
      after: change,
    })
    await state(trx, projectScope(project), [{ kind: 'settings', payload: {} }])
  })
  services.notifier.notify()
  await refreshProject(services, project)
}

/** True if the same spans stand under both. */
const judgesAlike = (a: Settings, b: Settings): boolean => a.quorum === b.quorum && a.ownApproval === b.ownApproval
