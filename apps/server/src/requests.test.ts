import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { openLog } from './log.ts'
import { openTestApp, type Browser, type TestApp } from './test-app.ts'

let app: TestApp
let person: Browser
let lines: Record<string, unknown>[]

beforeAll(async () => {
  app = await openTestApp()
  person = await app.person('Aliya')
})
afterAll(() => app.close())

/** Asks the same server with a log that can be read. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  lines = []
  const log = openLog({ json: true, level: 'info' }, (line) => lines.push(JSON.parse(line) as Record<string, unknown>))
  const own = createApp({ ...app, services: { ...app.services, log }, pagesDir: null })
  const host = new URL(app.services.origins.url).host
  return own.request(path, { method, headers: { host, ...headers } })
}

test('a request is one line: the pattern of its route, and who asked, but not what', async () => {
  const answer = await ask('/api/projects/Y2hpcA?token=secret', { cookie: person.cookie })
  expect(lines).toEqual([
    expect.objectContaining({
      msg: 'request',
      request: answer.headers.get('x-request-id'),
      method: 'GET',
      route: '/api/projects/:project',
      status: 404,
      account: person.account,
    }),
  ])
  expect(JSON.stringify(lines)).not.toMatch(/secret|Y2hpcA|session=/)
})

test('requests are counted by pattern, also those that nobody has a route for', async () => {
  for (const path of ['/api/nothing/of/this', '/api/nothing/of/that', '/wp-login.php']) await ask(path)
  const counted = await app.services.metrics.registry.getSingleMetricAsString('tamga_http_requests_total')
  expect(counted).toContain('tamga_http_requests_total{method="GET",route="/api/*",status="404"} 2')
  expect(counted).not.toMatch(/nothing|wp-login/)
})

test.each([
  ['0b5c9b1e-7a7e-4a1c-9a43-0e1f2d3c4b5a', true],
  ['short', false],
  ['x'.repeat(65), false],
  ['two words here', false],
])('the id %s of a proxy is kept: %s', async (id, kept) => {
  const answer = await ask('/api/session', { 'x-request-id': id })
  const given = answer.headers.get('x-request-id')!
  expect(given === id).toBe(kept)
  expect(given).toMatch(/^[\w.:-]{8,64}$/)
  expect(lines[0]).toMatchObject({ request: given })
})

test('a bug names its request to the browser and to the log', async () => {
  const broken = new Proxy(app.sessions, {
    get: () => () => {
      throw new TypeError('no such session store')
    },
  })
  const before = app.sessions
  app.sessions = broken
  const answer = await ask('/api/session', { 'x-request-id': 'proxy-0001' }).finally(() => (app.sessions = before))
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { code: 'internal', details: { request: 'proxy-0001' }, data: null },
  ])
  expect(lines.map(({ msg, request }) => [msg, request])).toEqual([
    ['a request failed', 'proxy-0001'],
    ['request', 'proxy-0001'],
  ])
})
