import type { Settings } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { lockHead } from '../live/store.ts'
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
  if (change.name === undefined && change.settings === undefined) return
  const { world, account } = ctx
  await transact(world, async (trx) => {
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
    await transact(world, async (trx) => {
      await lockHead(trx, id, world.kind)
      const { article, opened } = await refreshGold(trx, id)
      await state(trx, projectScope(project), opened ? [{ kind: 'opened', payload: { article } }] : [])
    })
}
