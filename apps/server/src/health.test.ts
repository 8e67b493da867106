import { afterAll, beforeAll, expect, test } from 'vitest'
import { taskFailed } from './background.ts'
import { healthRoutes, Readiness } from './health.ts'
import { silent } from './log.ts'
import { METRICS_TOKEN, openTestApp, type TestApp } from './test-app.ts'

let app: TestApp
beforeAll(async () => void (app = await openTestApp()))
afterAll(() => app.close())

/** Asks as a program does: by address, without a session. */
const ask = (path: string, headers: Record<string, string> = {}, peer = '127.0.0.1') =>
  app.app.request(
    path,
    { headers: { host: '10.0.0.7:4173', ...headers } },
    { incoming: { socket: { remoteAddress: peer } } },
  )

test('the process answers under any host, and so does the database', async () => {
  expect([(await ask('/healthz')).status, (await ask('/readyz')).status]).toEqual([200, 200])
  expect(await (await ask('/readyz')).json()).toEqual({ ready: true, missing: [], degraded: [] })
  // what is behind the doors still is
  expect((await ask('/api/session')).status).toBe(403)
})

test.each([
  ['from this machine', '127.0.0.1', { host: 'localhost:4173' }, 200],
  ['from this machine, as IPv6 writes it', '::ffff:127.0.0.1', { host: '127.0.0.1:4173' }, 200],
  ['through a proxy of this machine', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '203.0.113.5' }, 404],
  ['through a proxy that says nothing but the name', '127.0.0.1', { host: 'tamga.example.org' }, 404],
  ['from another machine', '203.0.113.5', { host: 'localhost:4173' }, 404],
  ['with another token', '203.0.113.5', { authorization: 'Bearer guess' }, 404],
  ['with the token', '203.0.113.5', { authorization: `Bearer ${METRICS_TOKEN}` }, 200],
])('the metrics are asked for %s', async (_how, peer, headers, status) => {
  const answer = await ask('/metrics', headers, peer)
  expect(answer.status).toBe(status)
  expect((await answer.text()).includes('tamga_http_requests_total')).toBe(status === 200)
})

test('no token is asked for where none is set', async () => {
  const routes = healthRoutes(app.services, app.readiness, null)
  const headers = { authorization: 'Bearer null' }
  const env = { incoming: { socket: { remoteAddress: '203.0.113.5' } } }
  expect((await routes.request('/metrics', { headers }, env)).status).toBe(404)
})

test('a server whose database is not there, or is older, sends people elsewhere', async () => {
  const own = await openTestApp()
  expect(await own.readiness.missing()).toEqual([])
  await own.services.db.deleteFrom('kysely_migration' as never).execute()
  expect(await new Readiness(own.services, 60_000).missing()).toEqual(['migrations'])
  await own.close()
  expect(await new Readiness(own.services, 60_000).missing()).toEqual(['database'])
})

test('without its Redis a server still takes people, and says what it lacks', async () => {
  const services = { ...app.services, bus: { ...app.services.bus, state: 'down' as const } }
  const answer = await healthRoutes(services, app.readiness, null).request('/readyz')
  expect([answer.status, await answer.json()]).toEqual([200, { ready: true, missing: [], degraded: ['redis'] }])
})

test('a background task that fails again and again shows, and the server still takes people', async () => {
  for (let i = 0; i < 3; i++) taskFailed({ ...app.services, log: silent }, 'sweep', new TypeError('broken'))
  const answer = await ask('/readyz')
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { ready: true, missing: [], degraded: ['background:sweep'] },
  ])
  app.services.metrics.background.succeeded('sweep')
  expect(await (await ask('/readyz')).json()).toMatchObject({ degraded: [] })
})

test('a server that stops says so at once', async () => {
  const own = await openTestApp()
  own.readiness.stop()
  const answer = await own.app.request('/readyz', {}, { incoming: { socket: {} } })
  expect([answer.status, await answer.json()]).toEqual([503, { ready: false, missing: ['stopping'], degraded: [] }])
  expect((await own.app.request('/healthz')).status).toBe(200)
  await own.close()
})

test('a disk that takes no writes is named, and people are sent here still: reading goes on', async () => {
  const { disk } = app.services
  disk.report('EDQUOT')
  const answer = await ask('/readyz')
  disk.report(null)
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { ready: true, missing: [], degraded: ['disk'], disk: 'the disk quota is used up' },
  ])
})
