import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importArticles } from '../articles/import.ts'
import { newId } from '../services.ts'
import { cookieOf, openTestApp, PASSWORD, type Browser, type TestApp, sessionIdOf } from '../test-app.ts'
import { hashOf } from './sessions.ts'
import { makeSignInLink } from './tickets.ts'

/** Stands in everything of the other project, and nowhere else. */
const SECRET = 'Qyzylorda'
const NEXT = 'another long one'

let app: TestApp
/** Owns `mine`, and makes links for its members. */
let maker: Browser
/** A member of `mine` who owns another project. */
let member: Browser
let mine: string
/** Somebody who is not signed in, at an address of their own. */
let elsewhere: Browser
let other: { project: string; article: string; layer: string; importing: string; aside: string; annotation: string }

const makeProject = async (by: Browser, name: string) =>
  (await by.send<{ id: string }>('POST', '/projects', { name, languages: ['ru'], template: 'news' })).id
const join = async (person: Browser, by: Browser, project: string, role: string) => {
  const { url } = await by.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role })
  await person.send('POST', '/tickets/use', { token: url.split('#')[1] })
}
const linkFor = async (account: string, by = maker, project = mine) =>
  (await by.send<{ url: string }>('POST', `/projects/${project}/members/${account}/link`)).url.split('#')[1]!

/** A browser that came by a link. */
async function enterBy(token: string, account: string, body: object = {}): Promise<Browser> {
  const response = await app.stranger.request('POST', '/tickets/use', { token, ...body })
  expect(response.status).toBe(200)
  return app.browser(account, cookieOf(response.headers.get('set-cookie')!))
}
const rowOf = (browser: Browser) =>
  app.services.db
    .selectFrom('session')
    .selectAll()
    .where('id_hash', '=', hashOf(sessionIdOf(browser.cookie)))
    .executeTakeFirstOrThrow()
/** An account without an e-mail, a member of a project. */
async function student(name: string, project = mine): Promise<string> {
  const id = newId()
  await app.services.db.insertInto('account').values({ id, name, colour: 1, sign_in_name: id.toLowerCase() }).execute()
  await app.services.db
    .insertInto('member')
    .values({ project, account: id, role: 'annotator', pseudonym: id })
    .execute()
  return id
}
const acts = async (account: string) =>
  (await app.services.db.selectFrom('audit').selectAll().where('subject', '=', account).orderBy('id').execute()).map(
    ({ act, account, project }) => ({ act, account, project }),
  )

beforeAll(async () => {
  app = await openTestApp()
  elsewhere = app.browser('198.51.100.9', '')
  maker = await app.person('Maker')
  member = await app.person('Member')
  mine = await makeProject(maker, 'Mine')
  await join(member, maker, mine, 'owner')
  const project = await makeProject(member, SECRET)
  const ctx = { services: app.services, account: { id: member.account, within: null } }
  const about = { title: SECRET, language: null, date: null, source: SECRET, licence: null, group: null, meta: {} }
  await importArticles(ctx, project, [{ ...about, externalId: null, text: `${SECRET} is a town.` }])
  const { db } = app.services
  const row = await db
    .selectFrom('article')
    .innerJoin('revision', 'revision.article', 'article.id')
    .innerJoin('layer', 'layer.revision', 'revision.id')
    .select(['article.id as article', 'layer.id as layer'])
    .where('article.project', '=', project)
    .executeTakeFirstOrThrow()
  const { id: importing } = await member.send<{ id: string }>('POST', `/projects/${project}/imports`)
  const aside = newId()
  await db
    .insertInto('set_aside')
    .values({
      ...{ id: aside, layer: row.layer, account: member.account, key: `${aside}/label` },
      ...{ value: JSON.stringify([SECRET]), code: 'locked', details: '{}' },
    })
    .execute()
  other = { ...row, project, importing, aside, annotation: newId() }
})
afterAll(() => app.close())

describe('a session by an owner’s link', () => {
  test('reaches the projects of that owner and nothing of any other, on every route there is', async () => {
    const bound = await enterBy(await linkFor(member.account), member.account)
    expect(await bound.get('/projects')).toMatchObject({ projects: [{ id: mine }] })
    expect(await bound.refusal('GET', `/projects/${mine}/members`)).toBe(200)
    const SPAN = { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [] }
    const bodies: Record<string, unknown> = {
      'PATCH /projects/:project': { name: 'Changed' },
      'PATCH /projects/:project/members/:account': { role: 'owner' },
      'POST /projects/:project/accounts': { names: 'Somebody', role: 'viewer', days: 1 },
      'POST /projects/:project/slips': { accounts: ['a'], days: 1 },
      'POST /projects/:project/invitations': { role: 'viewer' },
      'PUT /projects/:project/labels': { base: 1, set: { labels: [], attributes: [], relations: [] } },
      'POST /projects/:project/delete': { name: SECRET },
      'POST /articles/:article/erase': { reason: 'because' },
      'PATCH /articles/:article': { title: 'Changed' },
      'POST /articles/:article/withdraw': { reason: 'because' },
      'POST /articles/:article/group': { with: null },
      'PATCH /imports/:import': { language: {} },
      'POST /articles/:article/asides': {
        ...{ id: other.annotation, key: `${other.annotation}/label`, value: 'per', code: 'locked' },
      },
      'POST /asides/:id/resolve': { how: 'dropped' },
      'POST /articles/:article/decisions': {
        items: [{ annotation: other.annotation, verdict: 'approve', shown: SPAN }],
      },
      'POST /articles/:article/amend': { annotation: other.annotation, shown: SPAN, content: SPAN },
      'POST /articles/:article/missed': { id: other.annotation, content: SPAN },
    }
    const values: Record<string, string> = {
      ...{ project: other.project, article: other.article, import: other.importing, annotation: other.annotation },
      ...{ account: member.account, file: `${other.importing}.${newId()}`, id: other.aside },
    }
    const all = app.app.routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
    const walked = new Set(all.map(({ method, path }) => `${method} ${path.slice('/api'.length)}`))
    const answers: Record<string, unknown> = {}
    for (const route of walked) {
      const [method, path] = route.split(' ') as [string, string]
      if (!path.includes(':')) continue
      const to = path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => values[name]!)
      const isFile = route === 'POST /imports/:import/files'
      const query = path.includes('/export/') ? '?format=jsonl' : ''
      const type = isFile ? { 'content-type': 'multipart/form-data; boundary=x' } : undefined
      const response = await bound.request(
        method,
        to + query,
        isFile ? '--x--' : (bodies[route] ?? (method === 'POST' ? {} : undefined)),
        type,
      )
      const text = await response.text()
      expect([route, text]).toEqual([route, expect.not.stringContaining(SECRET)])
      answers[route] = (JSON.parse(text || '{}') as { code?: string }).code ?? response.status
    }
    expect(Object.keys(answers).length).toBeGreaterThan(30)
    const absent = Object.entries(answers).filter(
      ([route, answer]) => answer === (route.includes(' /imports/') ? 'import_gone' : 'not_found'),
    )
    expect(answers).toEqual(Object.fromEntries(absent))
    const copies = { articles: [other.article] }
    expect(await bound.send('POST', '/copies', copies)).toEqual({ gone: copies.articles })
    expect(await member.send('POST', '/copies', copies)).toEqual({ gone: [] })
    // the same routes open for the account's own session
    expect(await member.refusal('GET', `/projects/${other.project}/members`)).toBe(200)
    expect(await member.refusal('GET', `/articles/${other.article}`)).toBe(200)
  })

  test('neither sees nor restores a deleted project of another owner', async () => {
    const gone = await makeProject(member, 'Deleted')
    await member.send('POST', `/projects/${gone}/delete`, { name: 'Deleted' })
    const bound = await enterBy(await linkFor(member.account), member.account)
    expect(await bound.get('/projects')).toMatchObject({ deleted: [] })
    expect(await bound.refusal('POST', `/projects/${gone}/restore`)).toBe('not_found')
    expect(await member.get('/projects')).toMatchObject({ deleted: [{ id: gone }] })
  })

  test('loses a project with its maker’s role in it, and has it back with the role', async () => {
    const [second, guest] = [await app.person('Second'), await app.person('Guest')]
    await join(second, maker, mine, 'owner')
    await join(guest, maker, mine, 'annotator')
    const bound = await enterBy(await linkFor(guest.account, second), guest.account)
    expect(await bound.refusal('GET', `/projects/${mine}`)).toBe(200)
    const role = (role: string) => maker.send('PATCH', `/projects/${mine}/members/${second.account}`, { role })
    await role('reviewer')
    expect(await bound.refusal('GET', `/projects/${mine}`)).toBe('not_found')
    expect(await bound.get('/projects')).toMatchObject({ projects: [] })
    await role('owner')
    expect(await bound.refusal('GET', `/projects/${mine}`)).toBe(200)
    expect(await guest.refusal('GET', `/projects/${mine}`)).toBe(200)
  })

  test('ends after twelve hours and is not renewed', async () => {
    const bound = await enterBy(await linkFor(member.account), member.account)
    const { created_at: from, expires_at: until } = await rowOf(bound)
    expect(Math.round((until.getTime() - from.getTime()) / 60_000)).toBe(12 * 60)
    const response = await bound.request('GET', '/projects')
    expect(response.headers.get('set-cookie')).toBeNull()
    expect((await rowOf(bound)).expires_at).toEqual(until)
    await app.services.db
      .updateTable('session')
      .set({ expires_at: new Date(Date.now() - 1000) })
      .where('id_hash', '=', hashOf(sessionIdOf(bound.cookie)))
      .execute()
    expect(await bound.refusal('GET', '/projects')).toBe('sign_in')
  })

  test.each<[string, string, (project: string) => [string, string, unknown?]]>([
    [
      'sets no password, with the present one neither',
      'password_kept',
      () => ['PATCH', '/account', { password: { current: PASSWORD, next: NEXT } }],
    ],
    [
      'sets no password without the present one',
      'password_kept',
      () => ['PATCH', '/account', { password: { current: null, next: NEXT } }],
    ],
    ['does not rename the account', 'session_limited', () => ['PATCH', '/account', { name: 'Changed' }]],
    [
      'makes no project',
      'session_limited',
      () => ['POST', '/projects', { name: 'P', languages: [], template: 'empty' }],
    ],
    ['does not end the member’s other sessions', 'session_limited', () => ['DELETE', '/sessions']],
    [
      'makes no link for another member',
      'session_limited',
      (project) => ['POST', `/projects/${project}/members/${maker.account}/link`],
    ],
    [
      'does not hide that the link was used',
      'session_limited',
      () => ['POST', '/session/links/read', { links: ['x'] }],
    ],
  ])('%s', async (_title, code, request) => {
    const bound = await enterBy(await linkFor(member.account), member.account)
    expect(await bound.refusal(...request(mine))).toBe(code)
    expect(await member.get('/session')).toMatchObject({ account: { name: 'Member' }, bound: null })
  })

  test('adds no project to the account by an invitation', async () => {
    const bound = await enterBy(await linkFor(member.account), member.account)
    const { url } = await maker.send<{ url: string }>('POST', `/projects/${mine}/invitations`, { role: 'viewer' })
    expect(await bound.refusal('POST', '/tickets/use', { token: url.split('#')[1] })).toBe('session_limited')
    expect(await app.stranger.refusal('POST', '/tickets/look', { token: url.split('#')[1] })).toBe(200)
  })
})

describe('a password by a link', () => {
  const use = (token: string, password = NEXT) => app.stranger.refusal('POST', '/tickets/use', { token, password })
  const look = (token: string) => app.stranger.send<{ password: string }>('POST', '/tickets/look', { token })

  test('is asked for where the account has no e-mail and no other project, and makes the account its own', async () => {
    const id = await student('Aigul')
    const token = await linkFor(id)
    expect(await look(token)).toMatchObject({ name: 'Aigul', signInName: id.toLowerCase(), password: 'asked' })
    const own = await enterBy(token, id, { password: NEXT })
    expect(await rowOf(own)).toMatchObject({ made_by: null })
    expect(await own.get('/session')).toMatchObject({ bound: null, mayRead: false })
    expect(
      await app.stranger.refusal('POST', '/session/password', { email: ` ${id.toUpperCase()} `, password: NEXT }),
    ).toBe(200)
    expect((await look(await linkFor(id))).password).toBe('may')
  })

  test('is set later too in the session of that link, which then reaches all projects', async () => {
    const id = await student('Later')
    const bound = await enterBy(await linkFor(id), id)
    expect(await bound.get('/session')).toMatchObject({ bound: { by: 'Maker', maySetPassword: true } })
    expect(await bound.refusal('PATCH', '/account', { password: { current: null, next: NEXT } })).toBe(200)
    expect(await bound.get('/session')).toMatchObject({ account: { name: 'Later' }, bound: null })
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    [
      'has an e-mail',
      (id) =>
        app.services.db
          .updateTable('account')
          .set({ email: `${id}@example.org`.toLowerCase() })
          .where('id', '=', id)
          .execute(),
    ],
    [
      'is in a project of another owner',
      (id) =>
        app.services.db
          .insertInto('member')
          .values({ project: other.project, account: id, role: 'viewer', pseudonym: id })
          .execute(),
    ],
  ])('is refused where the account %s, and the link stays good', async (_title, change) => {
    const id = await student('Kept')
    const token = await linkFor(id)
    const before = await enterBy(await linkFor(id), id)
    await change(id)
    expect((await look(token)).password).toBe('no')
    expect(await use(token)).toBe('password_kept')
    expect(await before.refusal('PATCH', '/account', { password: { current: null, next: NEXT } })).toBe('password_kept')
    const { password_hash } = await app.services.db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(password_hash).toBeNull()
    expect(await (await enterBy(token, id)).get('/session')).toMatchObject({ bound: { by: 'Maker' } })
  })

  test('is not taken with an operator’s link, which opens the whole account', async () => {
    const token = (await makeSignInLink(app.services, member.account)).split('#')[1]!
    expect(await look(token)).toMatchObject({ password: 'no' })
    const whole = await enterBy(token, member.account)
    expect(await whole.get<{ projects: unknown[] }>('/projects')).toMatchObject({ projects: [{}, {}] })
    expect(await whole.get('/session')).toMatchObject({ bound: null })
  })
})

describe('the use of a link', () => {
  test('is told to the member until it is read in a session of the member’s own password', async () => {
    const kim = await app.person('Kim')
    await join(kim, maker, mine, 'annotator')
    const bound = await enterBy(await linkFor(kim.account), kim.account)
    const links = async (browser: Browser) =>
      (await browser.get<{ links: { id: string; by: string; usedAt: string }[] }>('/session')).links
    const told = await links(kim)
    expect(told).toMatchObject([{ by: 'Maker' }])
    expect(await bound.refusal('POST', '/session/links/read', { links: [told[0]!.id] })).toBe('session_limited')
    // nobody else's
    await member.send('POST', '/session/links/read', { links: [told[0]!.id] })
    expect(await links(kim)).toHaveLength(1)
    await kim.send('POST', '/session/links/read', { links: [told[0]!.id] })
    expect(await links(kim)).toEqual([])
  })

  test('stands in the audit of the project: who made it, and that it was used', async () => {
    const lee = await app.person('Lee')
    await join(lee, maker, mine, 'annotator')
    await enterBy(await linkFor(lee.account), lee.account)
    expect((await acts(lee.account)).slice(-2)).toEqual([
      { act: 'member.link', account: maker.account, project: mine },
      { act: 'member.link_used', account: lee.account, project: mine },
    ])
    for (const browser of [maker, lee]) {
      const { today } = await browser.get<{ today: { act: string; subject: string }[] }>(`/projects/${mine}`)
      expect(today.filter(({ subject }) => subject === lee.account).map(({ act }) => act)).toEqual(
        expect.arrayContaining(['member.link', 'member.link_used']),
      )
    }
  })
})

test.each([
  ['as it is printed', (code: string) => code],
  ['in lower case and without hyphens', (code: string) => code.toLowerCase().replaceAll('-', '')],
  [
    'with blanks and with O and I for the digits',
    (code: string) => ` ${code.replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'I')} `,
  ],
])('the code of a link is taken %s', async (_title, write) => {
  const token = await linkFor(await student('Typed'))
  expect(token).toMatch(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/)
  expect(await elsewhere.refusal('POST', '/tickets/look', { token: write(token) })).toBe(200)
})

test.each(['', 'abc', '0'.repeat(39), `${'0'.repeat(16)}u`])('a code that is none is malformed: %j', async (token) => {
  expect(await elsewhere.refusal('POST', '/tickets/look', { token })).toBe('malformed')
})
