import { can, Problem } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { deletedProjectsOf, lockMembers, lockProject, revokeInvitations, setDeleted } from './store.ts'

/** For so many days a deleted project is only hidden, and its owners can bring it back. */
export const HIDDEN_DAYS = 30
const DAY = 24 * 60 * 60 * 1000

/** When a project that was deleted at a moment is removed for good. */
const removalOf = (deletedAt: Date): Date => new Date(deletedAt.getTime() + HIDDEN_DAYS * DAY)

/** What was deleted by then is to be removed now. */
export const dueSince = (now: Date): Date => new Date(now.getTime() - HIDDEN_DAYS * DAY)

/**
 * Hides a project from everybody, as the first half of its end. Its name has to be typed, as it is written now: throws
 * `name_differs`. Open pages and sockets lose it within a second; open invitations are revoked.
 */
export async function deleteProject(ctx: Ctx, id: string, name: string): Promise<void> {
  await requireRole(ctx, id, 'deleteProject')
  const { services, account } = ctx
  const at = services.now()
  await transact(services, async (trx) => {
    const project = await lockProject(trx, id)
    if (!project || project.deleted_at) throw new Problem('not_found')
    await requireOwner(ctx, trx, id)
    if (sameName(project.name) !== sameName(name)) throw new Problem('name_differs', { name: project.name })
    await setDeleted(trx, id, at, account.id)
    await revokeInvitations(trx, id, at)
    const after = { removed: removalOf(at).toISOString() }
    await record(trx, { project: id, account: account.id, act: 'project.deleted', subject: id, after })
    await state(trx, projectScope(id), [{ kind: 'deleted', payload: {} }])
  })
  services.notifier.notify()
}

/** Brings a deleted project back as it was; its invitations stay revoked. Throws `project_removed` when it is too late. */
export async function restoreProject(ctx: Ctx, id: string): Promise<void> {
  const { services, account } = ctx
  await transact(services, async (trx) => {
    const project = await lockProject(trx, id)
    if (!project) throw new Problem('not_found')
    await requireOwner(ctx, trx, id)
    if (!project.deleted_at) return
    if (removalOf(project.deleted_at) <= services.now()) throw new Problem('project_removed')
    await setDeleted(trx, id, null, null)
    await record(trx, { project: id, account: account.id, act: 'project.restored', subject: id })
    await state(trx, projectScope(id), [{ kind: 'settings', payload: {} }])
  })
  services.notifier.notify()
}

/** The deleted projects that the asker can bring back, with the moment after which that is too late. */
export async function deletedProjects({ services, account }: Ctx) {
  const rows = await deletedProjectsOf(services.db, account)
  return rows.flatMap(({ deleted_at, ...row }) => {
    const removedAt = removalOf(deleted_at!)
    return removedAt <= services.now()
      ? []
      : [{ ...row, deletedAt: deleted_at!.toISOString(), removedAt: removedAt.toISOString() }]
  })
}

/** Asked under the lock, since the role may have gone meanwhile. A foreigner learns nothing of the project. */
async function requireOwner({ account }: Ctx, trx: Parameters<typeof lockMembers>[0], project: string): Promise<void> {
  const members = await lockMembers(trx, project)
  const inside = members.filter((member) => member.left_at === null)
  const mine = inside.find((member) => member.account === account.id)
  // membership() knows no deleted project, so that the bound of the session is asked here
  const isReached =
    account.within === null || inside.some((member) => member.account === account.within && member.role === 'owner')
  if (!mine || !isReached) throw new Problem('not_found')
  if (!can(mine.role, 'deleteProject'))
    throw new Problem('forbidden', { role: mine.role, action: 'deleteProject', owner: null })
}

/** Composed and decomposed letters look alike, and so do blanks at the ends. */
const sameName = (name: string): string => name.normalize('NFC').trim()
