import type { Settings } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { projectById, updateProject } from './store.ts'

/**
 * Changes a project's name or settings. Gold follows at once: another quorum makes other spans stand, layer by layer
 * under each head's lock.
 */
export async function changeSettings(
  ctx: Ctx,
  project: string,
  change: { name?: string | undefined; settings?: Settings | undefined },
) {
  await requireRole(ctx, project, 'changeSettings')
  const { world, account } = ctx
  await world.db.transaction().execute(async (trx) => {
    const { name, settings } = await projectById(trx, project)
    await updateProject(trx, project, change)
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
  if (change.settings) await refreshProject(ctx, project)
  world.bell.ring()
}

async function refreshProject({ world }: Ctx, project: string): Promise<void> {
  const layers = await world.db
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('article', 'article.id', 'revision.article')
    .select('layer.id')
    .where('article.project', '=', project)
    .orderBy('layer.id')
    .execute()
  for (const { id } of layers)
    await world.db.transaction().execute(async (trx) => {
      await trx.selectFrom('layer_head').select('layer').where('layer', '=', id).forUpdate().execute()
      await refreshGold(trx, id)
    })
}
