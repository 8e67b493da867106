import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { Caller, ask, callerByLink, callerOf } from './http.ts'
import { clickWord, drag, enter, KAZAKH, listed, openArticle, stored, team } from './people.ts'
import { startServer, type TestServer } from './server.ts'
import { Socket, spanUpdate } from './socket.ts'
import { stopwatch } from './stopwatch.ts'

/** How long a right that was taken away may still be used. */
// by the look of each second, not by the beat of twenty
const REVOKED_SECONDS = 5
const SPAN = { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [] }

interface Article {
  id: string
  title: string
  annotated: number
}

let server: TestServer
let owner: Caller
let rita: Caller
let ann: Caller
let viewer: Caller
/** An owner of another project: as much as somebody can be here without being a member. */
let foreigner: Caller
let project: string
let article: string
let layer: string
let importing: string

test.beforeAll(async () => {
  server = await startServer({ base: 'postgres' })
  const { url } = server
  owner = await callerOf(url, team.owner)
  rita = await callerOf(url, team.reviewer)
  ann = await callerOf(url, team.ann)
  project = (await owner.get<{ projects: { id: string }[] }>('/projects')).projects[0]!.id
  article = (await articles()).find(({ title }) => title === KAZAKH)!.id
  layer = (await owner.get<{ layer: { id: string } }>(`/articles/${article}`)).layer.id
  importing = (await owner.do<{ id: string }>('POST', `/projects/${project}/imports`)).id
  const other = await owner.do<{ id: string }>('POST', '/projects', {
    name: 'Another',
    languages: ['ru'],
    template: 'empty',
  })
  foreigner = await callerByLink(url, await invitation(other.id, 'owner'), 'Foreigner')
  viewer = await callerByLink(url, await invitation(project, 'viewer'), 'Viewer')
})
test.afterAll(() => server.stop())

const articles = async () => (await owner.get<{ articles: Article[] }>(`/projects/${project}/articles`)).articles
const invitation = async (into: string, role: string) =>
  (await owner.do<{ url: string }>('POST', `/projects/${into}/invitations`, { role })).url
const accountOf = async (caller: Caller) =>
  (await caller.get<{ account: { id: string; name: string } }>('/session')).account

/** All that the project's pages show, to see that nothing moved. */
const everything = async () =>
  Promise.all(
    ['', '/members', '/labels', '/articles?withdrawn=1'].map(async (path) => {
      const { today: _, ...rest } = await owner.get<Record<string, unknown>>(`/projects/${project}${path}`)
      return rest
    }),
  )

interface Route {
  readonly at: string
  readonly body?: unknown
  /** Nobody needs to be signed in. */
  readonly open?: true
}
const words = { name: 'Changed', languages: ['ru'], template: 'empty' }
const set = { labels: [], attributes: [], relations: [] }
const token = 'a'.repeat(40)
/** Every route there is, with a body that would be taken. */
const routes: readonly Route[] = [
  { at: 'GET /session', open: true },
  { at: 'POST /session/password', body: { email: 'nobody@example.org', password: 'wrong' }, open: true },
  { at: 'POST /session/demo', body: { person: 'nobody' }, open: true },
  { at: 'POST /tickets/look', body: { token }, open: true },
  { at: 'POST /tickets/use', body: { token }, open: true },
  { at: 'DELETE /session', open: true },
  { at: 'DELETE /sessions' },
  { at: 'POST /session/links/read', body: { links: ['a'] } },
  { at: 'PATCH /account', body: { name: 'Changed' } },
  { at: 'GET /projects' },
  { at: 'POST /projects', body: words },
  { at: 'GET /projects/{project}' },
  { at: 'PATCH /projects/{project}', body: { name: 'Changed' } },
  { at: 'POST /projects/{project}/delete', body: { name: 'Changed' } },
  { at: 'POST /projects/{project}/restore' },
  { at: 'GET /projects/{project}/members' },
  { at: 'PATCH /projects/{project}/members/{account}', body: { role: 'owner' } },
  { at: 'DELETE /projects/{project}/members/{account}' },
  { at: 'POST /projects/{project}/members/{account}/link' },
  { at: 'POST /projects/{project}/accounts', body: { names: 'Somebody', role: 'viewer', days: 1 } },
  { at: 'POST /projects/{project}/slips', body: { accounts: ['a'], days: 1 } },
  { at: 'POST /projects/{project}/invitations', body: { role: 'viewer' } },
  { at: 'DELETE /projects/{project}/invitations/{id}' },
  { at: 'GET /projects/{project}/labels' },
  { at: 'PUT /projects/{project}/labels', body: { base: 1, set } },
  { at: 'GET /templates' },
  { at: 'GET /projects/{project}/articles' },
  { at: 'GET /articles/{article}' },
  { at: 'PATCH /articles/{article}', body: { title: 'Changed' } },
  { at: 'POST /articles/{article}/withdraw', body: { reason: 'because' } },
  { at: 'POST /articles/{article}/restore' },
  { at: 'POST /articles/{article}/group', body: { with: null } },
  { at: 'POST /articles/{article}/erase', body: { reason: 'because' } },
  { at: 'POST /copies', body: { articles: ['a'] } },
  { at: 'POST /projects/{project}/imports' },
  { at: 'POST /imports/{import}/files', body: '--x--\r\n' },
  { at: 'GET /imports/{import}' },
  { at: 'GET /imports/{import}/files/{file}' },
  { at: 'DELETE /imports/{import}/files/{file}' },
  { at: 'PATCH /imports/{import}', body: { language: {} } },
  { at: 'POST /imports/{import}/publish' },
  { at: 'DELETE /imports/{import}' },
  { at: 'GET /articles/{article}/annotations' },
  { at: 'GET /articles/{article}/asides' },
  {
    at: 'POST /articles/{article}/asides',
    body: { id: token.slice(0, 16), key: `${token.slice(0, 16)}/label`, value: 'per', code: 'locked' },
  },
  { at: 'POST /asides/{id}/hand' },
  { at: 'POST /asides/{id}/resolve', body: { how: 'dropped' } },
  {
    at: 'POST /articles/{article}/decisions',
    body: { items: [{ annotation: token.slice(0, 16), verdict: 'approve', shown: SPAN }] },
  },
  {
    at: 'POST /articles/{article}/amend',
    body: { annotation: token.slice(0, 16), shown: SPAN, content: SPAN },
  },
  { at: 'POST /articles/{article}/missed', body: { id: token.slice(0, 16), content: SPAN } },
  { at: 'POST /articles/{article}/closing' },
  { at: 'DELETE /articles/{article}/closing' },
  { at: 'GET /articles/{article}/history/{annotation}' },
  { at: 'GET /formats' },
  { at: 'GET /formats/about?format=jsonl' },
  { at: 'GET /projects/{project}/export/report?format=jsonl' },
  { at: 'GET /projects/{project}/export/reports?format=jsonl' },
  { at: 'GET /projects/{project}/export/file?format=jsonl' },
]

/** The routes as the server's sources declare them: none may be missing above. */
function declared(): string[] {
  const sources = join(import.meta.dirname, '../apps/server/src')
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('routes.ts'))
  return files.flatMap((file) =>
    [...readFileSync(join(sources, file), 'utf8').matchAll(/method: '(\w+)',\s*path: '([^']+)'/g)].map(
      ([, method, path]) => `${method!.toUpperCase()} ${path!}`,
    ),
  )
}

/** The route with ids in place: those of the demo project, or ids of nothing. */
function filled({ at }: Route, real: Record<string, string>): [method: string, path: string] {
  const [method, path] = at.split(' ') as [string, string]
  return [method, path.replace(/\{(\w+)\}/g, (_, name: string) => real[name] ?? 'b'.repeat(16))]
}

const send = (url: string, route: Route, real: Record<string, string>, asked: Parameters<typeof ask>[3]) => {
  const [method, path] = filled(route, real)
  const multipart = path.endsWith('/files') && { 'content-type': 'multipart/form-data; boundary=x' }
  return ask(url, method, `/api${path}`, {
    ...(route.body !== undefined && { body: route.body }),
    ...asked,
    headers: { ...multipart, ...asked?.headers },
  })
}

const codeOf = (text: string) => (JSON.parse(text) as { code: string }).code

test('each route is closed to nobody, to foreigners and to foreign pages, and nothing moves', async () => {
  const { url } = server
  expect(routes.map(({ at }) => at.replace(/\?.*/, '')).sort()).toEqual(declared().sort())
  const account = (await accountOf(ann)).id
  const real = { project, article, account, import: importing, annotation: 'c'.repeat(16) }
  const before = await everything()
  for (const route of routes) {
    await test.step(route.at, async () => {
      if (!route.open) {
        const nobody = await send(url, route, real, {})
        expect([nobody.status, codeOf(nobody.text)]).toEqual([401, 'sign_in'])
      }
      const { host } = new URL(url)
      for (const headers of [{ host: 'evil.example' }, { host: `evil.example:${new URL(url).port}` }]) {
        const elsewhere = await send(url, route, real, { cookie: owner.cookie, headers: { ...headers, origin: url } })
        expect([elsewhere.status, codeOf(elsewhere.text)]).toEqual([403, 'foreign_origin'])
      }
      if (!route.at.startsWith('GET'))
        for (const origin of ['http://evil.example', 'null', '', `https://${host}`, 'http://127.0.0.1:1']) {
          const foreign = await send(url, route, real, { cookie: owner.cookie, headers: { origin } })
          expect([origin, foreign.status, codeOf(foreign.text)]).toEqual([origin, 403, 'foreign_origin'])
        }
      if (route.at.includes('{')) {
        const theirs = await send(url, route, real, { cookie: foreigner.cookie })
        const none = await send(url, route, {}, { cookie: foreigner.cookie })
        expect(theirs.status).toBe(404)
        expect(theirs.text).toBe(none.text)
      }
    })
  }
  expect(await everything()).toEqual(before)
})

test('nobody gets a role by writing it into a body', async () => {
  const { url } = server
  const person = { name: 'Forger', email: 'forger@example.org', password: 'a long password', role: 'owner' }
  const link = await invitation(project, 'annotator')
  const body = { token: link.split('#')[1], person, role: 'owner', kind: 'first-owner', project }
  const used = await ask(url, 'POST', '/api/tickets/use', { body })
  expect(used.status).toBe(200)
  const forger = new Caller(url, used.headers['set-cookie']![0]!.split(';')[0]!)
  expect((await forger.get<{ role: string }>(`/projects/${project}`)).role).toBe('annotator')

  const me = (await accountOf(forger)).id
  const members = `/projects/${project}/members`
  const refused: [Caller, string, string, unknown][] = [
    [forger, 'PATCH', `${members}/${me}`, { role: 'owner' }],
    [forger, 'POST', `/projects/${project}/invitations`, { role: 'viewer' }],
    [rita, 'POST', `/projects/${project}/invitations`, { role: 'owner' }],
    [rita, 'PATCH', `${members}/${me}`, { role: 'viewer' }],
    [rita, 'PUT', `/projects/${project}/labels`, { base: 1, set, role: 'owner' }],
    [rita, 'POST', `/projects/${project}/imports`, { role: 'owner' }],
    [rita, 'POST', `/articles/${article}/withdraw`, { reason: 'because', role: 'owner' }],
    [rita, 'GET', `/projects/${project}/export/report?format=jsonl&people=names&role=owner`, undefined],
    [forger, 'GET', `/projects/${project}/export/file?format=jsonl&role=owner`, undefined],
    [forger, 'POST', `/articles/${article}/closing`, { role: 'reviewer' }],
    [
      forger,
      'POST',
      `/articles/${article}/decisions`,
      {
        role: 'reviewer',
        items: [{ annotation: 'd'.repeat(16), verdict: 'approve', shown: SPAN, account: (await accountOf(rita)).id }],
      },
    ],
    [viewer, 'POST', `/articles/${article}/missed`, { id: 'd'.repeat(16), content: SPAN, role: 'reviewer' }],
  ]
  for (const [who, method, path, sent] of refused)
    expect([method, path, (await who.ask(method, path, sent)).status]).toEqual([method, path, 403])

  // whoever decides is the one who asked, whatever else the body says
  await rita.do('POST', `/articles/${article}/missed`, {
    ...{ id: 'e'.repeat(16), content: SPAN },
    ...{ account: me, by: me, creator: me, role: 'owner' },
  })
  const [made] = await server.rows<{ creator: string; by: string }>(
    `select a.creator, d.account as by from annotation a join decision d on d.annotation = a.id and d.layer = a.layer
     where a.id = $1`,
    ['e'.repeat(16)],
  )
  const reviewer = (await accountOf(rita)).id
  expect(made).toEqual({ creator: reviewer, by: reviewer })
})

test('demo people are not let in through a proxy', async () => {
  const { url } = server
  const people = await ask(url, 'GET', '/api/session', { headers: { 'x-forwarded-for': '203.0.113.7' } })
  expect((JSON.parse(people.text) as { demo: unknown[] }).demo).toEqual([])
  const body = { person: 'owner' }
  for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']) {
    const { status, text } = await ask(url, 'POST', '/api/session/demo', { body, headers: { [name]: '203.0.113.7' } })
    expect([name, status, codeOf(text)]).toEqual([name, 403, 'demo_only_here'])
  }
})

test.describe('sockets', () => {
  const opened: Socket[] = []
  const socket = (path: string, headers: Record<string, string> = {}) => {
    const one = new Socket(server.url, path, headers)
    opened.push(one)
    return one
  }
  const live = () => `/live/${layer}?ack=1`
  const lobby = () => `/lobby/${project}`
  const annotation = async (id: string) => server.rows('select * from annotation where id = $1', [id])
  const logged = async () =>
    (await server.rows<{ n: string }>('select count(*) as n from layer_log where layer = $1', [layer]))[0]!.n
  test.afterEach(() => {
    for (const one of opened.splice(0)) one.end()
  })

  test('are refused at the upgrade only to foreign pages and names', async () => {
    const { cookie } = owner
    for (const path of [live(), lobby()]) {
      for (const origin of ['http://evil.example', 'null', `https://${new URL(server.url).host}`])
        expect([origin, await socket(path, { cookie, origin }).answered]).toEqual([origin, 403])
      const host = 'evil.example'
      expect(await socket(path, { cookie, host, origin: `http://${host}` }).answered).toBe(403)
      expect(await socket(path, { cookie }).answered).toBe(true)
    }
  })

  test('are closed with the reason to everybody else who may not be there', async () => {
    expect(await socket(live()).closed).toBe(4401)
    expect(await socket(lobby()).closed).toBe(4401)
    expect(await socket(live(), { cookie: `${owner.cookie}0` }).closed).toBe(4401)
    for (const path of [live(), lobby(), '/live/nothing', '/lobby/nothing'])
      expect([path, await socket(path, { cookie: foreigner.cookie }).closed]).toEqual([path, 4403])
  })

  test("take an annotator's span and not a viewer's", async () => {
    const send = async ({ cookie }: Caller, client: number, id: string, clock = 0) => {
      const one = socket(`${live()}&client=${client}`, { cookie })
      await one.answered
      one.sendUpdate(spanUpdate([client, clock], id, [9, 22], 'org'))
      return one
    }
    await send(ann, 100001, 'f'.repeat(16))
    await expect.poll(() => annotation('f'.repeat(16))).toHaveLength(1)
    const [before, log] = [await articles(), await logged()]
    const refused = await send(viewer, 100002, 'g'.repeat(16))
    expect(await refused.closed).toBe(4403)
    expect(await annotation('g'.repeat(16))).toEqual([])
    expect([await articles(), await logged()]).toEqual([before, log])
    // another's client id is no disguise
    const disguised = await send(viewer, 100001, 'h'.repeat(16), 1)
    expect(await disguised.closed).toBe(4423)
    expect(await annotation('h'.repeat(16))).toEqual([])
  })

  test('of a removed member close at once', async () => {
    const guest = await callerByLink(server.url, await invitation(project, 'annotator'), 'Guest')
    const sockets = [socket(live(), { cookie: guest.cookie }), socket(lobby(), { cookie: guest.cookie })]
    await Promise.all(sockets.map(({ inside }) => inside))
    await owner.do('DELETE', `/projects/${project}/members/${(await accountOf(guest)).id}`)
    const seconds = stopwatch()
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4403, 4403])
    expect(seconds()).toBeLessThan(REVOKED_SECONDS)
    expect(await socket(live(), { cookie: guest.cookie }).closed).toBe(4403)
  })

  test('of somebody who signed out everywhere close at once', async () => {
    const [here, there] = [await callerOf(server.url, team.dan), await callerOf(server.url, team.dan)]
    const sockets = [socket(live(), { cookie: here.cookie }), socket(lobby(), { cookie: there.cookie })]
    await Promise.all(sockets.map(({ inside }) => inside))
    await here.do('DELETE', '/sessions')
    const seconds = stopwatch()
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4401, 4401])
    expect(seconds()).toBeLessThan(REVOKED_SECONDS)
    expect((await there.ask('GET', '/projects')).status).toBe(401)
  })
})

test('signing out everywhere asks for the sign-in over the open page, and what is not saved goes on', async ({
  browser,
}) => {
  const dan = await enter(browser, server.url, team.dan)
  await openArticle(dan, server.url, KAZAKH)
  const { page } = dan
  const asked = page.getByRole('dialog', { name: 'Sign in again' })
  const signInAgain = async () => {
    await asked.getByRole('button', { name: team.dan }).click()
    await expect(asked).toHaveCount(0)
  }
  const before = await listed(page)

  // an open page hears of it by itself
  await (await callerOf(server.url, team.dan)).do('DELETE', '/sessions')
  await asked.waitFor()
  // what waits in the page is Dan's: nobody else signs in over it
  await expect(asked.getByLabel('E-mail')).not.toBeEditable()
  await expect(asked.getByLabel('Password')).toBeFocused()
  expect(await asked.getByRole('listitem').count()).toBe(1)
  await signInAgain()
  await stored(page)

  // one that was offline meanwhile keeps what it could not send
  await dan.context.setOffline(true)
  await clickWord(page, 'биыл')
  await page.keyboard.press('KeyD')
  await drag(page, '2,1 млрд теңге')
  await page.keyboard.press('KeyV')
  await expect(page.getByText(/offline, 2 edits/)).toBeVisible()
  await (await callerOf(server.url, team.dan)).do('DELETE', '/sessions')
  await dan.context.setOffline(false)
  await asked.waitFor()
  await expect(page.getByText('sign-in ended, 2 edits waiting')).toBeVisible()
  const warned = page.waitForEvent('dialog')
  const leaving = asked.getByRole('button', { name: 'Leave this page' }).click()
  await (await warned).dismiss()
  await leaving
  expect((await listed(page)).length).toBe(before.length + 2)
  await signInAgain()
  await stored(page)
  expect((await listed(page)).length).toBe(before.length + 2)
  await page.reload()
  await expect.poll(() => listed(page)).toHaveLength(before.length + 2)
  await dan.context.close()
})
