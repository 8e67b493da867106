import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { closeCodes } from '@tamga/collab'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createApp } from './app.ts'
import { openSessions } from './auth/sessions.ts'
import { readLimits } from './limit-settings.ts'
import { openLive } from './live/open.ts'
import { openRateLimits } from './rate-limits.ts'
import { newId } from './services.ts'
import { openTestApp, type Browser, type TestApp } from './test-app.ts'
import { Traffic } from './traffic.ts'

let app: TestApp
let person: Browser
let project: string
const ends: (() => unknown)[] = []
beforeAll(async () => {
  app = await openTestApp()
  person = await app.person('Ann')
  project = (await person.send<{ id: string }>('POST', '/projects', { name: 'P', languages: [], template: 'empty' })).id
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
afterAll(() => app.close())

/** A server on a port of its own, with these limits, over the test's database. */
async function serve(settings: Record<string, string>) {
  const limits = openRateLimits(readLimits(settings))
  const services = { ...app.services, limits }
  const sessions = openSessions(services.db, { secure: false, port: 4173, demo: false })
  const live = openLive(services, sessions)
  const api = createApp({ ...app, services, sessions, live, pagesDir: null })
  const traffic = await Traffic.listen({ port: 0, portAsked: true, host: '127.0.0.1' }, limits)
  const listener = getRequestListener((request, nodeEnv) => api.fetch(request, nodeEnv))
  traffic.begin({
    request: (request, response) => void listener(request, response),
    upgrade: (...asked) => live.upgrade(...asked),
    isSigned: (cookie) => sessions.isSigned(cookie),
    stopping: false,
  })
  const { port } = traffic
  ends.push(async () => {
    await live.close()
    await traffic.close()
  })
  const head = (method: string, path: string, headers: Record<string, string> = {}) => {
    const all = { host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}`, ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  }
  return {
    head,
    ask: (headers: Record<string, string> = {}) => head('GET', '/api/session', headers),
    async connect() {
      const peer = new Peer(connect(port, '127.0.0.1'))
      ends.push(() => peer.socket.destroy())
      await once(peer.socket, 'connect')
      return peer
    },
    live(cookie: string, from = '') {
      const headers = { cookie, ...(from && { 'x-forwarded-for': from }) }
      const origin = `http://127.0.0.1:${port}`
      const socket = new WebSocket(`ws://127.0.0.1:${port}/lobby/${project}`, { headers, origin })
      socket.on('error', () => undefined)
      ends.push(() => socket.terminate())
      return socket
    },
  }
}

/** The other side of a connection, byte by byte. */
class Peer {
  readonly socket: Socket
  heard = ''
  closed = false
  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data) => (this.heard += data.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.closed = true))
  }
  say(text: string): void {
    this.socket.write(text)
  }
  /** Everything that was heard, once the server has closed. */
  async end(): Promise<string> {
    if (!this.closed) await once(this.socket, 'close')
    return this.heard
  }
  answers = (n = 1) => vi.waitFor(() => expect(this.statuses()).toHaveLength(n), { timeout: 20_000 })
  statuses = () => [...this.heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
}

const codeOf = async (socket: WebSocket) => ((await once(socket, 'close')) as [number])[0]

test('headers that do not come in time are refused, though a byte comes now and then', async () => {
  const server = await serve({ HEADER_TIMEOUT: '0.3' })
  const peer = await server.connect()
  peer.say('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ')
  const drip = setInterval(() => peer.say('x'), 50)
  const heard = await peer.end()
  clearInterval(drip)
  expect(heard).toMatch(/^HTTP\/1\.1 408 .*"code":"timed_out".*"message":"[A-Z]/s)
})

test('a connection on which nothing is said is closed', async () => {
  const server = await serve({ HEADER_TIMEOUT: '0.3', IDLE_TIMEOUT: '0.3' })
  await (await server.connect()).end()
})

test('a body that stops is given up; one of which a byte comes now and then goes on', async () => {
  const server = await serve({ BODY_TIMEOUT: '1' })
  const headers = { cookie: person.cookie, 'content-type': 'application/json', 'content-length': '4000' }
  const [stopped, slow] = [await server.connect(), await server.connect()]
  for (const peer of [stopped, slow]) peer.say(server.head('PATCH', '/api/account', headers) + '{"name":"Anna"')
  const drip = setInterval(() => slow.say(' '), 100)
  expect(await stopped.end()).toMatch(/^HTTP\/1\.1 408 .*"code":"timed_out"/s)
  expect([slow.closed, slow.heard]).toEqual([false, ''])
  clearInterval(drip)
  const said = slow.socket.bytesWritten - server.head('PATCH', '/api/account', headers).length
  slow.say(' '.repeat(4000 - said - 1) + '}')
  await slow.answers()
  expect(slow.statuses()).toEqual([200])
})

test('without a session a whole body has the time that a byte has with one', async () => {
  const server = await serve({ BODY_TIMEOUT: '0.5' })
  const headers = { 'content-type': 'application/json', 'content-length': '15000' }
  const peer = await server.connect()
  peer.say(server.head('POST', '/api/session/password', headers) + '{')
  const drip = setInterval(() => peer.say(' '), 30)
  expect(await peer.end()).toMatch(/^HTTP\/1\.1 408 /)
  clearInterval(drip)
})

test('a quiet connection is closed if it has shown no session, and only then', async () => {
  const server = await serve({ IDLE_TIMEOUT: '0.4' })
  const live = server.live(person.cookie)
  const reader = await server.connect()
  reader.say(server.ask({ cookie: person.cookie }))
  await Promise.all([reader.answers(), once(live, 'open')])
  const unknown = await server.connect()
  unknown.say(server.ask())
  expect(await unknown.end()).toMatch(/^HTTP\/1\.1 200 /)
  // one that began later is closed as well, and those with a session still are not
  await (await server.connect()).end()
  expect([reader.closed, live.readyState]).toEqual([false, live.OPEN])
  reader.say(server.ask({ cookie: person.cookie }))
  await reader.answers(2)
})

test('an address has so many connections without a session; a session or another address is let in', async () => {
  const server = await serve({ CONNECTIONS_PER_ADDRESS: '3' })
  const peers = []
  for (let i = 0; i < 3; i++) {
    const peer = await server.connect()
    peer.say(server.ask())
    await peer.answers()
    peers.push(peer)
  }
  const refused = await server.connect()
  refused.say(server.ask())
  expect(await refused.end()).toMatch(/^HTTP\/1\.1 429 .*retry-after: \d+.*"code":"rate_limited".*"message":"[A-Z]/is)
  const silent = await server.connect()
  expect(await silent.end()).toMatch(/^HTTP\/1\.1 429 /)
  const upgrade = server.live('')
  await new Promise((resolve) => upgrade.on('close', resolve))
  const own = await server.connect()
  own.say(server.ask({ cookie: person.cookie }))
  await own.answers()
  expect(own.statuses()).toEqual([200])
  await once(server.live(person.cookie), 'open')
  const forwarded = await server.connect()
  forwarded.say(server.ask({ 'x-forwarded-for': '203.0.113.7' }))
  await forwarded.answers()
  expect(forwarded.statuses()).toEqual([200])
  // a place that is free again is given away
  peers[0]!.socket.destroy()
  await vi.waitFor(async () => {
    const next = await server.connect()
    next.say(server.ask())
    await next.answers()
    expect(next.statuses()).toEqual([200])
  })
})

test('what one client has shown by a proxy’s connection is not the next one’s', async () => {
  const server = await serve({ CONNECTIONS_PER_ADDRESS: '1' })
  const [shared, other] = [await server.connect(), await server.connect()]
  shared.say(server.ask({ cookie: person.cookie, 'x-forwarded-for': '203.0.113.1' }))
  await shared.answers()
  other.say(server.ask({ 'x-forwarded-for': '203.0.113.2' }))
  await other.answers()
  shared.say(server.ask({ 'x-forwarded-for': '203.0.113.2' }))
  await shared.answers(2)
  expect([shared.statuses(), other.statuses()]).toEqual([[200, 429], [200]])
})

test('upgrades without a session count as requests: beyond the limit the socket is told to come later', async () => {
  const server = await serve({ REQUESTS_PER_MINUTE: '3' })
  const madeUp = () => person.cookie.replace(/=.*/, `=${newId()}`)
  for (const cookie of ['', madeUp(), madeUp()]) expect(await codeOf(server.live(cookie))).toBe(closeCodes.signIn)
  expect(await codeOf(server.live(madeUp()))).toBe(closeCodes.again)
  // by its client's address where a proxy names it, and never with a session
  expect(await codeOf(server.live('', '203.0.113.7'))).toBe(closeCodes.signIn)
  await once(server.live(person.cookie), 'open')
})

test('a connection may not ask for many things at once', async () => {
  const server = await serve({})
  const peer = await server.connect()
  peer.say(server.ask().repeat(200))
  expect((await peer.end()).includes('429')).toBe(true)
  expect(peer.statuses().length).toBeLessThan(20)
})

test.each([
  ['too many headers', (head: string) => head.replace('\r\n\r\n', `\r\n${'x: 1\r\n'.repeat(150)}\r\n`), 431],
  ['far too many', (head: string) => head.replace('\r\n\r\n', `\r\n${'x: 1\r\n'.repeat(2000)}\r\n`), 431],
  ['too long ones', (head: string) => head.replace('\r\n\r\n', `\r\nx: ${'1'.repeat(20_000)}\r\n\r\n`), 431],
  ['no request at all', () => 'what is this?\r\n\r\n', 400],
])('%s are refused with a code and a sentence', async (_name, change, status) => {
  const server = await serve({})
  const peer = await server.connect()
  peer.say(change(server.ask()))
  expect(await peer.end()).toMatch(new RegExp(`^HTTP/1.1 ${status} .*"code":"[a-z_]+".*"message":"[A-Z]`, 's'))
})
