import { createRoute, z } from '@hono/zod-openapi'
import {
  GivenCount,
  GivenId,
  LabelSet,
  Language,
  LinkNote,
  nameLimits,
  namesApart,
  ProjectName,
  requestLimits,
  Role,
  Settings,
  shownName,
} from '@tamga/model'
import { ctxOf, requireRole } from '../auth/guard.ts'
import type { LinkDays } from '../auth/tickets.ts'
import { membership } from '../auth/store.ts'
import { positions, projectScope } from '../facts.ts'
import { routes } from '../routes.ts'
import { answers, body, done, Positions } from '../schema.ts'
import { makeAccounts, makeSlips, MOST_ACCOUNTS } from './accounts.ts'
import { createProject } from './create.ts'
import { saveLabelSet } from './labels.ts'
import { deletedProjects, deleteProject, restoreProject } from './delete.ts'
import { changeRole, helpMember, invite, removeMember, revoke } from './members.ts'
import { changeSettings } from './settings.ts'
import {
  countsOf,
  invitationsOf,
  labelSetOf,
  membersOf,
  projectById,
  projectsOf,
  recentActs,
  usedIds,
} from './store.ts'
import { templateIds, templates } from './templates.ts'

const Counts = z.object({ articles: z.int(), annotated: z.int(), waiting: z.int(), approved: z.int() })
const Revision = z.object({ no: z.int(), set: LabelSet })
const ByProject = z.object({ project: GivenId })
const ByMember = ByProject.extend({ account: GivenId })
const Summary = Counts.extend({ id: z.string(), name: z.string(), languages: z.array(Language), role: Role })
const Deleted = z.object({
  id: z.string(),
  name: z.string(),
  by: z.string().nullable(),
  deletedAt: z.string(),
  /** From then on it cannot be brought back. */
  removedAt: z.string(),
})
const Act = z.object({
  at: z.string(),
  account: z.string(),
  act: z.string(),
  subject: z.string().nullable(),
  n: z.int(),
})
const Member = z.object({
  account: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  signInName: z.string().nullable(),
  role: Role,
  colour: z.int(),
  pseudonym: z.string(),
  left: z.boolean(),
})
const Invitation = z.object({
  id: z.string(),
  role: Role,
  by: z.string(),
  note: z.string().nullable(),
  expiresAt: z.string(),
})
/** How many days a link lives. */
const Days = z.union([z.literal(1), z.literal(7), z.literal(30)])
const ProjectView = z.object({
  id: z.string(),
  name: z.string(),
  settings: Settings,
  role: Role,
  pseudonym: z.string(),
  labelSet: Revision,
  counts: Counts,
  members: z.array(z.object({ account: z.string(), name: z.string(), colour: z.int() })),
  at: Positions,
  today: z.array(Act),
})

const Slips = z.object({
  slips: z.array(
    z.object({
      account: z.string(),
      name: z.string(),
      signInName: z.string().nullable(),
      code: z.string(),
      url: z.string(),
      expiresAt: z.string(),
    }),
  ),
})

const list = createRoute({
  method: 'get',
  path: '/projects',
  responses: answers(
    'My projects, and the deleted ones that I can bring back.',
    z.object({ projects: z.array(Summary), deleted: z.array(Deleted) }),
  ),
})
const create = createRoute({
  method: 'post',
  path: '/projects',
  request: {
    body: body(
      z.object({
        name: ProjectName,
        languages: z.array(Language).max(requestLimits.languages),
        template: z.enum(templateIds),
      }),
    ),
  },
  responses: answers('Made.', z.object({ id: z.string() })),
})
const show = createRoute({
  method: 'get',
  path: '/projects/{project}',
  request: { params: ByProject },
  responses: answers('A project.', ProjectView),
})
const change = createRoute({
  method: 'patch',
  path: '/projects/{project}',
  request: { params: ByProject, body: body(z.object({ name: ProjectName.optional(), settings: Settings.optional() })) },
  responses: done,
})
const remove = createRoute({
  method: 'post',
  path: '/projects/{project}/delete',
  request: { params: ByProject, body: body(z.object({ name: z.string().max(2 * nameLimits.project) })) },
  responses: done,
})
const restore = createRoute({
  method: 'post',
  path: '/projects/{project}/restore',
  request: { params: ByProject },
  responses: done,
})
const members = createRoute({
  method: 'get',
  path: '/projects/{project}/members',
  request: { params: ByProject },
  responses: answers(
    'People and open invitations.',
    z.object({ members: z.array(Member), invitations: z.array(Invitation), at: Positions }),
  ),
})
const setMember = createRoute({
  method: 'patch',
  path: '/projects/{project}/members/{account}',
  request: { params: ByMember, body: body(z.object({ role: Role })) },
  responses: done,
})
const dropMember = createRoute({
  method: 'delete',
  path: '/projects/{project}/members/{account}',
  request: { params: ByMember },
  responses: done,
})
const linkMember = createRoute({
  method: 'post',
  path: '/projects/{project}/members/{account}/link',
  request: { params: ByMember, query: z.object({ days: z.enum(['1', '7', '30']).default('1') }) },
  responses: answers('A one-time link, shown once.', z.object({ url: z.string() })),
})
const makePeople = createRoute({
  method: 'post',
  path: '/projects/{project}/accounts',
  request: {
    params: ByProject,
    /** `names`: one a line. */
    body: body(z.object({ names: z.string().max(100_000), role: Role, days: Days })),
  },
  responses: answers('The slips of the accounts that were made, told once.', Slips),
})
const makeNewSlips = createRoute({
  method: 'post',
  path: '/projects/{project}/slips',
  request: {
    params: ByProject,
    body: body(z.object({ accounts: z.array(z.string().max(40)).min(1).max(MOST_ACCOUNTS), days: Days })),
  },
  responses: answers('New slips, told once; unused older ones open nothing any more.', Slips),
})
const makeInvite = createRoute({
  method: 'post',
  path: '/projects/{project}/invitations',
  request: {
    params: ByProject,
    body: body(z.object({ role: Role, days: Days.default(1), note: LinkNote.nullable().default(null) })),
  },
  responses: answers(
    'An invitation link, shown once.',
    z.object({ id: z.string(), url: z.string(), expiresAt: z.string() }),
  ),
})
const dropInvite = createRoute({
  method: 'delete',
  path: '/projects/{project}/invitations/{id}',
  request: { params: ByProject.extend({ id: GivenId }) },
  responses: done,
})
const labels = createRoute({
  method: 'get',
  path: '/projects/{project}/labels',
  request: { params: ByProject },
  responses: answers('The label set.', Revision.extend({ used: z.array(z.string()) })),
})
const saveLabels = createRoute({
  method: 'put',
  path: '/projects/{project}/labels',
  request: { params: ByProject, body: body(z.object({ base: GivenCount, set: LabelSet })) },
  responses: answers('Saved as a new revision.', z.object({ no: z.int() })),
})
const listTemplates = createRoute({
  method: 'get',
  path: '/templates',
  responses: answers(
    'What a project may start from.',
    z.object({ templates: z.array(z.object({ id: z.enum(templateIds), set: LabelSet })) }),
  ),
})

/** Projects, their people, settings and label sets. */
export const projectRoutes = () =>
  routes()
    .openapi(list, async (c) => {
      const ctx = ctxOf(c)
      const projects = await projectsOf(ctx.services.db, ctx.account)
      return c.json({ projects, deleted: await deletedProjects(ctx) }, 200)
    })
    .openapi(create, async (c) => c.json({ id: await createProject(ctxOf(c), c.req.valid('json')) }, 200))
    .openapi(show, async (c) => c.json(await showProject(ctxOf(c), c.req.valid('param').project), 200))
    .openapi(change, async (c) => {
      await changeSettings(ctxOf(c), c.req.valid('param').project, c.req.valid('json'))
      return c.body(null, 204)
    })
    .openapi(members, async (c) => c.json(await showMembers(ctxOf(c), c.req.valid('param').project), 200))
    .openapi(setMember, async (c) => {
      const { project, account } = c.req.valid('param')
      await changeRole(ctxOf(c), project, account, c.req.valid('json').role)
      return c.body(null, 204)
    })
    .openapi(dropMember, async (c) => {
      const { project, account } = c.req.valid('param')
      await removeMember(ctxOf(c), project, account)
      return c.body(null, 204)
    })
    .openapi(linkMember, async (c) => {
      const { project, account } = c.req.valid('param')
      return c.json(await helpMember(ctxOf(c), project, account, Number(c.req.valid('query').days) as LinkDays), 200)
    })
    .openapi(makePeople, async (c) =>
      c.json({ slips: await makeAccounts(ctxOf(c), c.req.valid('param').project, c.req.valid('json')) }, 200),
    )
    .openapi(makeNewSlips, async (c) =>
      c.json({ slips: await makeSlips(ctxOf(c), c.req.valid('param').project, c.req.valid('json')) }, 200),
    )
    .openapi(makeInvite, async (c) =>
      c.json(await invite(ctxOf(c), c.req.valid('param').project, c.req.valid('json')), 200),
    )
    .openapi(dropInvite, async (c) => {
      const { project, id } = c.req.valid('param')
      await revoke(ctxOf(c), project, id)
      return c.body(null, 204)
    })
    .openapi(remove, async (c) => {
      await deleteProject(ctxOf(c), c.req.valid('param').project, c.req.valid('json').name)
      return c.body(null, 204)
    })
    .openapi(restore, async (c) => {
      await restoreProject(ctxOf(c), c.req.valid('param').project)
      return c.body(null, 204)
    })
    .openapi(labels, async (c) => {
      const { project } = c.req.valid('param')
      await requireRole(ctxOf(c), project, 'read')
      const { db } = c.var.services
      return c.json({ ...(await labelSetOf(db, project)), used: [...(await usedIds(db, project))] }, 200)
    })
    .openapi(saveLabels, async (c) => {
      const { base, set } = c.req.valid('json')
      return c.json(await saveLabelSet(ctxOf(c), c.req.valid('param').project, base, set), 200)
    })
    .openapi(listTemplates, (c) => {
      ctxOf(c)
      return c.json({ templates: templates.map(({ id, set }) => ({ id, set })) }, 200)
    })

/** With names that tell people of the same name apart. */
function apart<P extends { account: string; name: string; sign_in_name: string | null; pseudonym: string }>(
  people: readonly P[],
): P[] {
  const names = namesApart(people.map((person) => ({ ...person, signInName: person.sign_in_name })))
  return people.map((person, i) => ({ ...person, name: names[i]! }))
}

const DAY = 24 * 60 * 60 * 1000

async function showProject(ctx: ReturnType<typeof ctxOf>, id: string) {
  const role = await requireRole(ctx, id, 'read')
  const { db } = ctx.services
  const at = await positions(db, [projectScope(id)])
  const { name, settings } = await projectById(db, id)
  const { pseudonym } = (await membership(db, id, ctx.account))!
  const people = apart((await membersOf(db, id)).filter((member) => member.left_at === null))
  const members = people.map(({ account, name, colour }) => ({ account, name, colour }))
  const today = folded(await recentActs(db, id, new Date(ctx.services.now().getTime() - DAY)))
  return {
    id,
    name: shownName(name),
    settings,
    role,
    pseudonym,
    labelSet: await labelSetOf(db, id),
    counts: await countsOf(db, id),
    members,
    at,
    today,
  }
}

/** Acts of one person on one subject in a row are told once, with their number. */
function folded(acts: Awaited<ReturnType<typeof recentActs>>): z.infer<typeof Act>[] {
  const told: z.infer<typeof Act>[] = []
  for (const { at, account, act, subject } of acts) {
    const last = told.at(-1)
    if (last && last.account === account && last.act === act && last.subject === subject) last.n++
    else told.push({ at: at.toISOString(), account: account!, act, subject, n: 1 })
  }
  return told.slice(0, 12)
}

async function showMembers(ctx: ReturnType<typeof ctxOf>, project: string) {
  const role = await requireRole(ctx, project, 'read')
  const { db } = ctx.services
  const at = await positions(db, [projectScope(project)])
  const members = apart(await membersOf(db, project)).map(
    ({ left_at, email, sign_in_name: signInName, ...member }) => ({
      ...member,
      signInName,
      email: role === 'owner' || member.account === ctx.account.id ? email : null,
      left: left_at !== null,
    }),
  )
  const open = role === 'owner' ? await invitationsOf(db, project, ctx.services.now()) : []
  const invitations = open.map(({ id, role, by, note, expiresAt }) => ({
    id,
    role: role!,
    by,
    note,
    expiresAt: expiresAt.toISOString(),
  }))
  return { members, invitations, at }
}
