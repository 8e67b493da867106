import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket as Stream } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { ask, callerOf } from './http.ts'
import { team } from './people.ts'
import { Process } from './process.ts'
import { Socket } from './socket.ts'

/** A terminal's Ctrl-C comes twice within this; what comes later is a second one. */
const TWICE_MS = 1000

const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-'))
let server: Process
test.describe.configure({ mode: 'serial' })
test.beforeEach(async () => {
  server = new Process('server', ['--data', dir, '--port', '0'])
  await server.ready()
})
test.afterEach(() => server.end('SIGKILL'))
test.afterAll(() => rmSync(dir, { recursive: true, force: true }))

const byAddress = { headers: { host: '192.0.2.7:80', origin: '' } }

/** A request of which half has arrived: the server waits for the rest. */
async function halfSent(url: string, cookie: string): Promise<{ rest(): void; answer: Promise<string> }> {
  const { hostname, port, origin, host } = new URL(url)
  const body = JSON.stringify({ name: 'Project of a slow line', languages: ['ru'], template: 'empty' })
  const head = ['POST /api/projects HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, `Cookie: ${cookie}`]
  const more = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close']
  const stream: Stream = connect(Number(port), hostname)
  let said = ''
  stream.on('data', (chunk: Buffer) => (said += chunk.toString())).on('error', () => undefined)
  const answer = new Promise<string>((resolve) => stream.on('close', () => resolve(said)))
  const begun = `${[...head, ...more].join('\r\n')}\r\n\r\n${body.slice(0, 9)}`
  await new Promise<void>((resolve) => stream.write(begun, () => resolve()))
  return { rest: () => void stream.write(body.slice(9)), answer }
}

test('machines see how it is, and its log is theirs: who asked for what route, and nothing of the text', async () => {
  const { url } = server
  expect([
    (await ask(url, 'GET', '/healthz', byAddress)).status,
    JSON.parse((await ask(url, 'GET', '/readyz', byAddress)).text),
    (await ask(url, 'GET', '/metrics', byAddress)).status,
  ]).toEqual([200, { ready: true, missing: [], degraded: [] }, 404])

  const owner = await callerOf(url, team.owner)
  const project = (await owner.get<{ projects: { id: string }[] }>('/projects')).projects[0]!.id
  const socket = new Socket(url, `/lobby/${project}`, { cookie: owner.cookie })
  expect(await socket.answered).toBe(true)
  const metrics = async () => (await ask(url, 'GET', '/metrics')).text
  await expect.poll(metrics).toContain('tamga_connections{kind="lobby"} 1')
  expect(await metrics()).toContain('tamga_http_requests_total{method="GET",route="/api/projects",status="200"} 1')
  expect(await metrics()).toMatch(/tamga_database_connections\{state="total"\} 1/)
  socket.end()
  await expect.poll(metrics).toContain('tamga_connections{kind="lobby"} 0')

  expect((await server.end('SIGTERM')).code).toBe(0)
  const messages = server.log.map(({ msg }) => msg)
  expect(messages.filter((msg) => msg !== 'room loaded slowly')[0]).toBe(`Tamga is ready: ${url}`)
  expect(messages.slice(-2)).toEqual(['stopping', 'stopped'])
  expect(messages).toEqual(expect.arrayContaining(['socket opened', 'socket closed']))
  expect(server.log).toContainEqual(
    expect.objectContaining({ msg: 'request', method: 'GET', route: '/api/projects', status: 200 }),
  )
  const all = server.log.map((line) => JSON.stringify(line)).join('\n')
  for (const secret of [owner.cookie.split(/[=.]/)[1]!, '/link#', `projects/${project}`])
    expect(all).not.toContain(secret)
})

test('what runs may end when the server stops, and nobody new comes in', async () => {
  const { url } = server
  const owner = await callerOf(url, team.owner)
  const project = (await owner.get<{ projects: { id: string }[] }>('/projects')).projects[0]!.id
  const lobby = new Socket(url, `/lobby/${project}`, { cookie: owner.cookie })
  expect(await lobby.answered).toBe(true)
  const slow = await halfSent(url, owner.cookie)
  // what came after it is answered, so it has arrived
  await ask(url, 'GET', '/healthz')

  server.send('SIGTERM')
  expect(await lobby.closed).toBe(4503)
  const ready = await ask(url, 'GET', '/readyz', byAddress)
  expect([ready.status, JSON.parse(ready.text)]).toEqual([503, { ready: false, missing: ['stopping'], degraded: [] }])
  expect((await ask(url, 'GET', '/healthz', byAddress)).status).toBe(200)
  const late = await owner.ask('GET', '/projects')
  expect([late.status, late.headers['retry-after']]).toEqual([503, '1'])
  expect(await new Socket(url, `/lobby/${project}`, { cookie: owner.cookie }).answered).toBe(503)

  slow.rest()
  expect(await slow.answer).toMatch(/^HTTP\/1\.1 200 /)
  expect((await server.ended()).code).toBe(0)
})

test('a second signal ends it at once', async () => {
  const owner = await callerOf(server.url, team.owner)
  const slow = await halfSent(server.url, owner.cookie)
  await ask(server.url, 'GET', '/healthz')
  server.send('SIGINT')
  server.send('SIGINT')
  await expect.poll(async () => (await ask(server.url, 'GET', '/readyz')).status).toBe(503)
  await new Promise((resolve) => setTimeout(resolve, TWICE_MS + 200))
  expect(await server.end('SIGINT')).toMatchObject({ code: 130 })
  expect(await slow.answer).toBe('')
})
