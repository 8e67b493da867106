import type { Problem } from '@tamga/model'
import type { PoolClient } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { poolOf } from '../db/open.ts'
import { readLimits } from '../limit-settings.ts'
import { openRateLimits } from '../rate-limits.ts'
import { newSecret } from '../services.ts'
import { cookieOf, ORIGIN, openTestApp, PASSWORD, sessionIdOf, type Browser, type TestApp } from '../test-app.ts'
import { limitPasswordChecks, passwordFits } from './password.ts'
import { hashOf, openSessions } from './sessions.ts'
import { makeSignInLink } from './tickets.ts'

let app: TestApp
beforeAll(async () => (app = await openTestApp()))
afterAll(() => app.close())

interface Asked {
  readonly from?: string
  readonly cookie?: string
  readonly forwarded?: string
  readonly body?: unknown
}

/** Asks a server over the same database with limits of its own, from an address and with cookies. */
function serverWith(settings: Record<string, string>) {
  const services = { ...app.services, limits: openRateLimits(readLimits(settings)) }
  const options = { secure: false, port: 4173, demo: false, plainCookies: services.limits.plainCookies }
  const sessions = openSessions(app.services.db, options)
  const api = createApp({ ...app, services, sessions, pagesDir: null })
  const ask = async (
    method: string,
    path: string,
    { from = '203.0.113.1', cookie = '', forwarded = '', body }: Asked = {},
  ) => {
    const headers: Record<string, string> = { host: new URL(ORIGIN).host, origin: ORIGIN, cookie }
    if (forwarded) headers['x-forwarded-for'] = forwarded
    const text = body === undefined ? undefined : JSON.stringify(body)
    if (text !== undefined)
      Object.assign(headers, { 'content-type': 'application/json', 'content-length': text.length })
    const init = { method, headers, ...(text !== undefined && { body: text }) }
    return api.request(`/api${path}`, init, { incoming: { socket: { remoteAddress: from } } })
  }
  return {
    ask,
    signIn: (email: string, password: string, by: { from?: string; cookie?: string; forwarded?: string } = {}) =>
      ask('POST', '/session/password', { ...by, body: { email, password } }),
    openLink: async (token: string, by: { from?: string } = {}) =>
      (await ask('POST', '/tickets/look', { ...by, body: { token } })).status,
  }
}

const emailOf = async (browser: Browser) =>
  (await browser.get<{ account: { email: string } }>('/session')).account.email

const seen = new WeakSet<object>()
let statements: string[] = []

/** How often an act asks the database for a session. What the server does by itself meanwhile is not counted. */
async function queriesOf(act: () => Promise<unknown>): Promise<number> {
  const pool = poolOf(app.services.db)
  const watch = (client: PoolClient) => {
    if (seen.has(client)) return
    seen.add(client)
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const watched = (...args: unknown[]) => {
      statements.push(typeof args[0] === 'string' ? args[0] : (args[0] as { text: string }).text)
      return query(...args)
    }
    client.query = watched as typeof client.query
  }
  pool.on('acquire', watch)
  statements = []
  await act()
  pool.off('acquire', watch)
  return statements.filter((statement) => /"session"|installation/.test(statement)).length
}

const knownCookie = (answer: Response) => answer.headers.getSetCookie().map(cookieOf).join('; ')

describe('cookies', () => {
  test('a hundred made-up ones cost no query, in whatever form they are', async () => {
    const { ask } = serverWith({})
    const person = await app.person('Ann')
    const [name, value] = person.cookie.split('=') as [string, string]
    const [id, signature] = value.split('.') as [string, string]
    const cookies = Array.from({ length: 20 }, () => [
      `${name}=${newSecret()}.${signature}`,
      `${name}=${id}.${signature.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A'))}`,
      `${name}=${newSecret()}.${'A'.repeat(43)}`,
      `${name}=${value}A`,
      `${name}=${'x'.repeat(3000)}`,
    ]).flat()
    // the key of the installation is read once
    await ask('GET', '/session', { cookie: cookies[0]! })
    const queries = await queriesOf(async () => {
      for (const cookie of cookies) {
        const answer = await ask('GET', '/session', { cookie })
        expect(await answer.json()).toMatchObject({ account: null })
      }
    })
    expect(queries).toBe(0)
  })

  test('one of the release before opens its session and is signed; an address has ten a second looked up', async () => {
    const { ask } = serverWith({})
    const person = await app.person('Bo')
    const plain = person.cookie.split('.')[0]!
    const answer = await ask('GET', '/session', { cookie: plain })
    expect(await answer.json()).toMatchObject({ account: { name: 'Bo' } })
    expect(cookieOf(answer.headers.get('set-cookie')!)).toBe(person.cookie)
    const statuses: number[] = []
    const queries = await queriesOf(async () => {
      const showMadeUp = async () => {
        const made = await ask('GET', '/session', { cookie: plain.replace(/=.*/, `=${newSecret()}`) })
        statuses.push(made.status)
        if (made.status === 429) expect(Number(made.headers.get('retry-after'))).toBe(1)
      }
      await Promise.all(Array.from({ length: 60 }, showMadeUp))
    })
    expect(statuses).toContain(429)
    expect(queries).toBe(statuses.filter((status) => status === 200).length)
    // its own address is not the others'
    expect((await ask('GET', '/session', { cookie: plain, from: '203.0.113.2' })).status).toBe(200)
  })

  test('signing out or in with a cookie of the release before leaves no trace of it', async () => {
    const { ask, signIn } = serverWith({})
    const [one, two] = [await app.person('Bea'), await app.person('Bob')]
    const plain = (person: Browser) => person.cookie.split('.')[0]!
    const named = (answer: Response) =>
      answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(one.cookie.split('=')[0]! + '='))
    const out = await ask('DELETE', '/session', { cookie: plain(one) })
    expect(named(out)).toEqual([expect.stringContaining('Max-Age=0')])
    const again = named(await signIn(await emailOf(two), PASSWORD, { cookie: plain(two) }))
    expect(again).toHaveLength(1)
    expect(again[0]).not.toContain(sessionIdOf(two.cookie))
  })

  test('a session that ended costs one query, however often its cookie is shown', async () => {
    const { ask } = serverWith({})
    const person = await app.person('Cat')
    await app.services.db
      .deleteFrom('session')
      .where('id_hash', '=', hashOf(sessionIdOf(person.cookie)))
      .execute()
    const queries = await queriesOf(async () => {
      for (let i = 0; i < 50; i++) await ask('GET', '/session', { cookie: person.cookie })
    })
    expect(queries).toBe(1)
  })

  test('requests without a session are counted by address, those with one are not', async () => {
    const { ask } = serverWith({ REQUESTS_PER_MINUTE: '5' })
    const person = await app.person('Dan')
    for (let i = 0; i < 5; i++) expect((await ask('GET', '/session')).status).toBe(200)
    const refused = await ask('GET', '/session')
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'rate_limited' }])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask('GET', '/nothing/here')).status).toBe(429)
    const page = await ask('GET', '/../projects')
    expect([page.status, await page.text()]).toEqual([429, expect.stringMatching(/^Too many .* in \d+ seconds\.\n$/)])
    expect((await ask('GET', '/session', { from: '203.0.113.2' })).status).toBe(200)
    for (let i = 0; i < 10; i++) expect((await ask('GET', '/session', { cookie: person.cookie })).status).toBe(200)
  })

  test('a body is not read for whoever may not send it', async () => {
    const { ask } = serverWith({})
    const large = { name: 'x'.repeat(20_000) }
    expect((await ask('POST', '/projects', { body: large })).status).toBe(401)
    expect((await ask('POST', '/tickets/use', { body: large })).status).toBe(413)
  })
})

describe('guesses at a password', () => {
  test('from rotating addresses are paced, and the owner comes in by a browser that was signed in before', async () => {
    const server = serverWith({ SIGN_IN_FAILURES_PER_ACCOUNT: '12' })
    const owner = await app.person('Eve')
    const email = await emailOf(owner)
    const cookie = knownCookie(await server.signIn(email, PASSWORD))
    const guess = async (i: number) => (await server.signIn(email, `guess ${i}`, { from: `198.51.100.${i}` })).status
    const statuses: number[] = []
    for (let i = 0; i < 20; i++) statuses.push(await guess(i))
    // one more is let through, and then none for a while
    expect(statuses).toEqual([...Array<number>(13).fill(401), ...Array<number>(7).fill(429)])
    const unknown = await server.signIn(email, PASSWORD, { from: '198.51.100.99' })
    expect([unknown.status, Number(unknown.headers.get('retry-after')) > 0]).toEqual([429, true])
    const known = cookie.split('; ').find((one) => one.includes('known'))!
    expect((await server.signIn(email, PASSWORD, { from: '198.51.100.99', cookie: known })).status).toBe(200)
    // its own count has an end as well
    for (let i = 0; i < 10; i++) expect((await server.signIn(email, 'wrong', { cookie: known })).status).toBe(401)
    expect((await server.signIn(email, PASSWORD, { cookie: known })).status).toBe(429)
  })

  test('a browser is known for the accounts that were signed in there, and for no other', async () => {
    const server = serverWith({ SIGN_IN_FAILURES: '2' })
    const [mine, other] = [await emailOf(await app.person('Fay')), await emailOf(await app.person('Gus'))]
    const answer = await server.signIn(mine, PASSWORD)
    const known = knownCookie(answer)
      .split('; ')
      .find((one) => one.includes('known'))!
    expect(answer.headers.getSetCookie()[1]).toMatch(/HttpOnly; SameSite=Lax$/)
    expect(known).not.toContain(mine)
    const forged = known.replace(/.$/, (sign) => (sign === 'A' ? 'B' : 'A'))
    for (let i = 0; i < 2; i++) {
      expect((await server.signIn(other, 'wrong')).status).toBe(401)
      expect((await server.signIn(mine, 'wrong')).status).toBe(401)
    }
    expect((await server.signIn(other, PASSWORD, { cookie: known })).status).toBe(429)
    expect((await server.signIn(mine, PASSWORD, { cookie: forged })).status).toBe(429)
    expect((await server.signIn(mine, PASSWORD, { cookie: known })).status).toBe(200)
    // signed in to the other as well, it is known for both
    const both = await server.signIn(other, PASSWORD, { cookie: known, from: '203.0.113.9' })
    const cookie = knownCookie(both)
    for (const email of [mine, other]) expect((await server.signIn(email, PASSWORD, { cookie })).status).toBe(200)
  })

  test('from one address at many accounts have an end, and successes never count', async () => {
    const server = serverWith({ SIGN_IN_FAILURES_PER_ADDRESS: '4', SIGN_IN_FAILURES: '4' })
    const email = await emailOf(await app.person('Hal'))
    const signIns = await Promise.all(Array.from({ length: 4 }, () => server.signIn(email, PASSWORD)))
    for (let i = 0; i < 12; i++) signIns.push(await server.signIn(email, PASSWORD))
    expect(new Set(signIns.map(({ status }) => status))).toEqual(new Set([200]))
    for (let i = 0; i < 4; i++) expect((await server.signIn(`no${i}@example.org`, 'wrong')).status).toBe(401)
    expect((await server.signIn(email, PASSWORD)).status).toBe(429)
    expect((await server.signIn(email, PASSWORD, { from: '203.0.113.2' })).status).toBe(200)
  })

  test('many at once are no way around the count', async () => {
    const server = serverWith({ SIGN_IN_FAILURES: '3' })
    const email = await emailOf(await app.person('Ira'))
    const guesses = Array.from({ length: 12 }, (_, i) => server.signIn(email, `guess ${i}`))
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401).length).toBe(3)
  })

  test('an unknown e-mail is answered, counted and limited as a known one', async () => {
    const server = serverWith({ SIGN_IN_FAILURES: '2' })
    const known = await emailOf(await app.person('Jan'))
    const answers = []
    for (const email of [known, 'nobody@example.org']) {
      const said: unknown[] = []
      for (let i = 0; i < 4; i++) {
        const answer = await server.signIn(email.toUpperCase(), `guess ${i}`)
        said.push([answer.status, ((await answer.json()) as { code: string }).code])
      }
      answers.push(said)
    }
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]).toEqual([
      ...Array<unknown>(2).fill([401, 'wrong_password']),
      ...Array<unknown>(2).fill([429, 'rate_limited']),
    ])
  })
})

describe('links', () => {
  test('a whole office opens its invitations; failures count for the link and for the address', async () => {
    const server = serverWith({ SIGN_IN_FAILURES: '3', SIGN_IN_FAILURES_PER_ADDRESS: '5' })
    const person = await app.person('Kim')
    const token = (await makeSignInLink(app.services, person.account)).split('#')[1]!
    for (let i = 0; i < 40; i++) expect(await server.openLink(token)).toBe(200)
    const used = newSecret()
    for (let i = 0; i < 3; i++) expect(await server.openLink(used, { from: `198.51.100.${i}` })).toBe(410)
    expect(await server.openLink(used, { from: '198.51.100.9' })).toBe(429)
    for (let i = 0; i < 5; i++) expect(await server.openLink(newSecret())).toBe(410)
    expect(await server.openLink(newSecret())).toBe(429)
    expect(await server.openLink(token, { from: '203.0.113.2' })).toBe(200)
  })

  test('those who come by a named proxy are told apart by it; nobody else is believed', async () => {
    const settings = { SIGN_IN_FAILURES_PER_ADDRESS: '2', TRUSTED_PROXY: '10.0.0.0/8' }
    const server = serverWith(settings)
    const look = async (from: string, forwarded: string) =>
      (await server.ask('POST', '/tickets/look', { from, forwarded, body: { token: newSecret() } })).status
    for (let i = 0; i < 2; i++) expect(await look('10.0.0.1', `${i}.0.0.1, 203.0.113.5`)).toBe(410)
    expect(await look('10.0.0.1', '99.0.0.1, 203.0.113.5')).toBe(429)
    expect(await look('10.0.0.1', '203.0.113.6')).toBe(410)
    // another machine's word
    for (let i = 0; i < 2; i++) expect(await look('192.0.2.1', `203.0.113.${i + 10}`)).toBe(410)
    expect(await look('192.0.2.1', '203.0.113.20')).toBe(429)
  })
})

describe('the check of passwords', () => {
  afterAll(() => limitPasswordChecks(2))

  test('runs for a bounded number at once; those beyond the queue are told when to come again', async () => {
    limitPasswordChecks(1, 3)
    const refusals: unknown[] = []
    const check = () =>
      passwordFits(null, 'wrong').catch(({ code, details }: Problem) => void refusals.push([code, details.seconds]))
    const checks = await Promise.all(Array.from({ length: 12 }, check))
    expect(checks.filter((fits) => fits === false)).toHaveLength(4)
    expect(refusals).toEqual(Array<unknown>(8).fill(['rate_limited', 5]))
  })

  test('lets a browser that is known come before those who wait', async () => {
    limitPasswordChecks(1)
    const order: string[] = []
    const check = (name: string, first = false) => passwordFits(null, name, first).then(() => order.push(name))
    await Promise.all([check('runs'), check('a'), check('b'), check('known', true)])
    expect(order).toEqual(['runs', 'known', 'a', 'b'])
  })
})
