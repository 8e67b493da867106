import { above, Problem, type Role } from '@tamga/model'
import type { Transaction } from 'kysely'
import { record } from '../audit.ts'
import { requireRole, requireWholeSession, type Ctx } from '../auth/guard.ts'
import { holdMembership, insertTickets } from '../auth/store.ts'
import { makeInvitation, memberLink, type LinkDays } from '../auth/tickets.ts'
import type { Row, Tables } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { lockMembers, revokeInvitation, setLeft, setRole } from './store.ts'

/** Changes a member's role. Throws `last_owner` rather than leave a project without one. */
export async function changeRole(ctx: Ctx, project: string, account: string, role: Role): Promise<void> {
  await changeMember(ctx, project, account, role !== 'owner', async (trx, member) => {
    await setRole(trx, project, account, role)
    return { act: 'member.role', before: { role: member.role }, after: { role } }
  })
}

/** Ends a membership; what the member made stays where it is. An owner removes anybody, everybody may leave. */
export async function removeMember(ctx: Ctx, project: string, account: string): Promise<void> {
  await changeMember(ctx, project, account, true, async (trx, member) => {
    await setLeft(trx, project, account, ctx.services.now())
    return { act: 'member.left', before: { role: member.role }, after: {} }
  })
}

type Change = (
  trx: Transaction<Tables>,
  member: Row<'member'>,
) => Promise<{ act: string; before: object; after: object }>

async function changeMember(
  ctx: Ctx,
  project: string,
  account: string,
  losesOwner: boolean,
  change: Change,
): Promise<void> {
  const { services } = ctx
  await requireRole(ctx, project, account === ctx.account.id ? 'read' : 'manageMembers')
  await transact(services, async (trx) => {
    const members = (await lockMembers(trx, project)).filter((member) => member.left_at === null)
    const member = members.find((m) => m.account === account)
    const asker = members.find((m) => m.account === ctx.account.id)
    if (!member || !asker) throw new Problem('member_gone')
    const owners = members.filter((m) => m.role === 'owner')
    if (losesOwner && member.role === 'owner' && owners.length === 1) throw new Problem('last_owner')
    const { act, before, after } = await change(trx, member)
    // asked before the lock, and perhaps no longer so: only to leave needs no right
    if (asker.role !== 'owner' && (act === 'member.role' || account !== ctx.account.id))
      throw new Problem('forbidden', { role: asker.role, action: 'manageMembers', owner: null })
    await record(trx, { project, account: ctx.account.id, act, subject: account, before, after })
    await state(trx, projectScope(project), [{ kind: 'members', payload: { account } }])
  })
  services.notifier.notify()
}

/** Whom an invitation lets in, for how long, and what its maker notes down, which only owners read. */
export interface InvitationOrder {
  readonly role: Role
  readonly days: LinkDays
  readonly note: string | null
}

/** Invites by link, under a role that is not above the inviter's own. */
export async function invite(
  ctx: Ctx,
  project: string,
  { role, days, note }: InvitationOrder,
): Promise<{ id: string; url: string; expiresAt: string }> {
  const own = await requireRole(ctx, project, 'manageMembers')
  if (above(role, own)) throw new Problem('role_above_yours', { role: own })
  const order = { role, by: ctx.account.id, days, note }
  const { id, url, expiresAt } = await makeInvitation(ctx.services, project, order)
  await record(ctx.services.db, {
    project,
    account: ctx.account.id,
    act: 'member.invited',
    subject: id,
    after: { role, days },
  })
  return { id, url, expiresAt: expiresAt.toISOString() }
}

/** Takes an invitation back. Throws `not_found` when it is used or unknown. */
export async function revoke(ctx: Ctx, project: string, id: string): Promise<void> {
  await requireRole(ctx, project, 'manageMembers')
  if (!(await revokeInvitation(ctx.services.db, project, id, ctx.services.now()))) throw new Problem('not_found')
  await record(ctx.services.db, { project, account: ctx.account.id, act: 'invitation.revoked', subject: id })
}

/**
 * A one-time link for a member who forgot the password: there is no mail server, the owner hands it over. Whoever comes by
 * it reaches only projects of which this owner is one (`reaches` in auth/store.ts).
 */
export async function helpMember(ctx: Ctx, project: string, account: string, days: LinkDays): Promise<{ url: string }> {
  const { services } = ctx
  await requireRole(ctx, project, 'manageMembers')
  // by a link for another owner, and from there to the projects of that one: no
  await requireWholeSession(ctx)
  const link = memberLink(services, { project, account, by: ctx.account.id, days })
  await transact(services, async (trx) => {
    if (!(await holdMembership(trx, project, account))) throw new Problem('member_gone')
    await insertTickets(trx, [link.row])
    const after = { link: link.row.id, days }
    await record(trx, { project, account: ctx.account.id, act: 'member.link', subject: account, after })
  })
  return { url: link.url }
}
