import { idFrom, type Content } from '@tamga/model'
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { importArticles } from '../articles/import.ts'
import type { Services } from '../services.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { dueSince, HIDDEN_DAYS } from './delete.ts'
import { removeRows } from './removal-store.ts'
import { removeDue } from './removal.ts'

let app: TestApp
let owner: Browser
let reviewer: Browser
let project: string
let article: string

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
  reviewer = await app.person('Reviewer')
})
afterAll(() => app.close())

beforeEach(async () => {
  const asked = { name: 'Жаңалық ', languages: ['kk'], template: 'news' }
  project = (await owner.send<{ id: string }>('POST', '/projects', asked)).id
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'reviewer' })
  await reviewer.send('POST', '/tickets/use', { token: url.split('#')[1] })
  article = await newArticle()
})

const ctx = () => ({
  services: app.services,
  account: { id: owner.account, name: 'Owner', email: null, colour: 1, within: null },
})

async function newArticle(): Promise<string> {
  const about = { title: 'T', language: 'kk', date: null, group: null, source: null, licence: null } as const
  return (
    await importArticles(ctx(), project, [{ ...about, externalId: null, meta: {}, text: 'Ақтөбеде жиын өтті.' }])
  )[0]!
}

async function approvedSpan(): Promise<void> {
  const { layer } = await owner.get<{ layer: { id: string } }>(`/articles/${article}`)
  const id = idFrom(randomBytes(12))
  const shown: Content = { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [] }
  await app.live.write(layer.id, owner.account, { edit: (doc) => doc.add(shown, { id }) })
  await owner.send('POST', `/articles/${article}/decisions`, { items: [{ annotation: id, verdict: 'approve', shown }] })
}

const remove = (name = 'Жаңалық', by = owner) => by.refusal('POST', `/projects/${project}/delete`, { name })
const listed = (by: Browser) =>
  by.get<{ projects: { id: string }[]; deleted: { id: string; removedAt: string }[] }>('/projects')

/** Rows of any table that name the project, or an id that hangs on it. */
async function rowsNaming(ids: readonly string[]): Promise<string[]> {
  const { db } = app.services
  const tables = await sql<{ name: string }>`select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r'`.execute(db)
  const found: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db)
    for (const { row } of rows) if (ids.some((id) => row.includes(id))) found.push(name)
  }
  return found
}

/** All ids of rows that belong to the project. */
async function idsOf(): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select a.id from article a where a.project = ${project}
    union select r.id from revision r join article a on a.id = r.article where a.project = ${project}
    union select l.id from layer l join revision r on r.id = l.revision join article a on a.id = r.article
      where a.project = ${project}
    union select id from import where project = ${project}`.execute(app.services.db)
  return [project, ...rows.map(({ id }) => id)]
}

const later = (days: number): Services => ({
  ...app.services,
  now: () => new Date(Date.now() + days * 24 * 60 * 60 * 1000),
})
const running = () => new AbortController().signal

test('a deletion needs the typed name and an owner, and changes nothing else', async () => {
  expect(await remove('News')).toBe('name_differs')
  expect(await remove('Жаңалық', reviewer)).toBe('forbidden')
  expect(await remove('Жаңалық', await app.person('Foreigner'))).toBe('not_found')
  expect((await listed(owner)).projects.map(({ id }) => id)).toContain(project)
  // composed and decomposed letters look alike to whoever types
  expect(await remove(' Жаңалық'.normalize('NFD'))).toBe(204)
  expect(await remove()).toBe('not_found')
})

test('a deleted project is absent for all its members, by every way', async () => {
  await remove()
  const { layer } = (
    await sql<{ layer: string }>`select l.id as layer from layer l
    join revision r on r.id = l.revision where r.article = ${article}`.execute(app.services.db)
  ).rows[0]!
  for (const member of [owner, reviewer]) {
    expect((await listed(member)).projects.map(({ id }) => id)).not.toContain(project)
    for (const path of ['', '/members', '/labels', '/articles', '/export/report?format=jsonl'])
      expect([path, await member.refusal('GET', `/projects/${project}${path}`)]).toEqual([path, 'not_found'])
    for (const path of ['', '/annotations'])
      expect(await member.refusal('GET', `/articles/${article}${path}`)).toBe('not_found')
    expect(await member.refusal('PATCH', `/projects/${project}`, { name: 'Again' })).toBe('not_found')
    expect(await member.refusal('POST', `/articles/${article}/decisions`, { items: [] })).not.toBe(200)
  }
  const write = app.live.write(layer, owner.account, {
    edit: (doc) => doc.add({ kind: 'article', label: 'city', attributes: [] }, { id: idFrom(randomBytes(12)) }),
  })
  await expect(write).rejects.toThrow()
})

test('open invitations end with it, and acts are recorded', async () => {
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'viewer' })
  await remove()
  const guest = await app.person('Guest')
  expect(await guest.refusal('POST', '/tickets/use', { token: url.split('#')[1] })).toBe('link_used')
  const acts = app.services.db.selectFrom('audit').select(['act', 'account']).where('project', '=', project)
  expect((await acts.orderBy('id').execute()).at(-1)).toEqual({ act: 'project.deleted', account: owner.account })
})

test('its owners bring it back as it was, for thirty days', async () => {
  await approvedSpan()
  await remove()
  expect((await listed(reviewer)).deleted).toEqual([])
  expect((await listed(owner)).deleted.map(({ id }) => id)).toContain(project)
  expect(await reviewer.refusal('POST', `/projects/${project}/restore`)).toBe('forbidden')
  expect(await (await app.person('Foreigner')).refusal('POST', `/projects/${project}/restore`)).toBe('not_found')
  expect(await owner.refusal('POST', `/projects/${project}/restore`)).toBe(204)
  const view = await owner.get<{ counts: { articles: number; approved: number } }>(`/projects/${project}`)
  expect(view.counts).toMatchObject({ articles: 1, approved: 1 })
  expect((await listed(owner)).deleted.map(({ id }) => id)).not.toContain(project)
  await remove()
  const late = new Date(Date.now() - (HIDDEN_DAYS * 24 * 60 * 60 * 1000 + 1000))
  await app.services.db.updateTable('project').set({ deleted_at: late }).where('id', '=', project).execute()
  expect(await owner.refusal('POST', `/projects/${project}/restore`)).toBe('project_removed')
  expect((await listed(owner)).deleted.map(({ id }) => id)).not.toContain(project)
})

test('after thirty days no row of it is left but the record of its end', async () => {
  await approvedSpan()
  const ids = await idsOf()
  expect(ids.length).toBeGreaterThan(4)
  await remove()
  await removeDue(later(HIDDEN_DAYS - 1), running())
  expect((await rowsNaming(ids)).length).toBeGreaterThan(10)
  await removeDue(later(HIDDEN_DAYS + 1), running())
  expect(await rowsNaming(ids)).toEqual(['audit'])
  const last = await app.services.db.selectFrom('audit').selectAll().where('subject', '=', project).execute()
  expect(last).toMatchObject([{ act: 'project.removed', account: owner.account, project: null }])
})

test('a removal that was cut short goes on, and one project never takes rows of another', async () => {
  const [kept, keptArticle] = [project, article]
  const other = (await owner.send<{ id: string }>('POST', '/projects', { name: 'B', languages: [], template: 'news' }))
    .id
  project = other
  article = await newArticle()
  await approvedSpan()
  await owner.send('POST', `/projects/${other}/delete`, { name: 'B' })
  const stopped = new AbortController()
  stopped.abort()
  await removeDue(later(HIDDEN_DAYS + 1), stopped.signal)
  const still = () => app.services.db.selectFrom('project').select('id').where('id', '=', other).executeTakeFirst()
  expect(await still()).toBeDefined()
  await removeDue(later(HIDDEN_DAYS + 1), running())
  expect(await still()).toBeUndefined()
  const view = await owner.get<{ title: string }>(`/articles/${keptArticle}`)
  expect(view.title).toBe('T')
  expect((await listed(owner)).projects.map(({ id }) => id)).toContain(kept)
})

test('no statement of a removal deletes more than a thousand rows', async () => {
  await sql`insert into fact (scope, n, kind, payload)
    select ${`project/${project}`}, 1000 + i, 'counts', '{}' from generate_series(1, 2500) i`.execute(app.services.db)
  const rows: number[] = []
  for await (const some of removeRows(app.services.db, project)) if (some.table === 'fact') rows.push(some.rows)
  expect(rows.slice(0, 2)).toEqual([1000, 1000])
  expect(rows.reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(2500)
  expect(dueSince(new Date(0)).getTime()).toBe(-HIDDEN_DAYS * 24 * 60 * 60 * 1000)
})
