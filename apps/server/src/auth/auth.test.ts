import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cookieOf, ORIGIN, openTestApp, PASSWORD, sessionIdOf, type Browser, type TestApp } from '../test-app.ts'
import { hashOf } from './sessions.ts'
import { makeFirstOwnerLink, makeSignInLink } from './tickets.ts'

let app: TestApp
let ann: Browser
beforeAll(async () => {
  app = await openTestApp()
  ann = await app.person('Ann')
})
afterAll(() => app.close())

const emailOf = async (browser: Browser) =>
  (await browser.get<{ account: { email: string } }>('/session')).account.email
const tokenOf = (url: string) => url.split('#')[1]!

describe('passwords', () => {
  test('the right one signs in under a new session id', async () => {
    const response = await app.stranger.request('POST', '/session/password', {
      email: await emailOf(ann),
      password: PASSWORD,
    })
    expect(response.status).toBe(200)
    const again = app.browser(ann.account, cookieOf(response.headers.get('set-cookie')!))
    expect(again.cookie).not.toBe(ann.cookie)
    expect(await again.get('/session')).toMatchObject({ account: { name: 'Ann' } })
  })

  test('a wrong one and an unknown address are answered alike', async () => {
    const email = await emailOf(ann)
    expect(await app.stranger.refusal('POST', '/session/password', { email, password: 'not the password' })).toBe(
      'wrong_password',
    )
    expect(
      await app.stranger.refusal('POST', '/session/password', { email: 'no@example.org', password: PASSWORD }),
    ).toBe('wrong_password')
  })

  test('ten failures lock the address for a while, and no other', async () => {
    const eve = await app.person('Eve')
    const email = await emailOf(eve)
    for (let i = 0; i < 10; i++)
      await app.stranger.refusal('POST', '/session/password', { email, password: `guess ${i}` })
    expect(await app.stranger.refusal('POST', '/session/password', { email, password: PASSWORD })).toBe('rate_limited')
    expect(
      await app.stranger.refusal('POST', '/session/password', { email: await emailOf(ann), password: PASSWORD }),
    ).toBe(200)
    const elsewhere = app.browser('198.51.100.7', '')
    expect(await elsewhere.refusal('POST', '/session/password', { email, password: PASSWORD })).toBe(200)
  })

  test('guessing the present one is as slow with a session as without', async () => {
    const dan = await app.person('Dan')
    const guess = (current: string) =>
      dan.refusal('PATCH', '/account', { password: { current, next: 'another long one' } })
    for (let i = 0; i < 10; i++) expect(await guess(`guess ${i}`)).toBe('wrong_password')
    expect(await guess(PASSWORD)).toBe('rate_limited')
  })

  test('who forgot it comes by a link and sets another; any other session may not', async () => {
    const fay = await app.person('Fay')
    const set = (by: Browser) =>
      by.refusal('PATCH', '/account', { password: { current: null, next: 'another long one' } })
    const token = tokenOf(await makeSignInLink(app.services, fay.account))
    const response = await app.stranger.request('POST', '/tickets/use', { token })
    const byLink = app.browser(fay.account, cookieOf(response.headers.get('set-cookie')!))
    expect(await set(fay)).toBe('wrong_password')
    await app.services.db
      .updateTable('ticket')
      .set({ used_at: new Date(Date.now() - 2 * 60 * 60 * 1000) })
      .where('account', '=', fay.account)
      .execute()
    expect(await set(byLink)).toBe('wrong_password')
    await app.services.db
      .updateTable('ticket')
      .set({ used_at: new Date(Date.now() - 60 * 1000) })
      .where('account', '=', fay.account)
      .execute()
    await app.services.db
      .updateTable('session')
      .set({ created_at: new Date(Date.now() - 120 * 1000) })
      .where('id_hash', '=', hashOf(sessionIdOf(fay.cookie)))
      .execute()
    expect(await set(fay)).toBe('wrong_password')
    expect(await set(byLink)).toBe(200)
    expect(await fay.get('/session')).toMatchObject({ account: null })
  })

  test('changing nothing changes nothing', async () => {
    expect(await ann.send('PATCH', '/account', {})).toMatchObject({ account: { name: 'Ann' } })
  })

  test('changing it ends the other sessions and keeps this one', async () => {
    const bo = await app.person('Bo')
    const other = app.browser(bo.account, cookieOf(await app.sessions.create(bo.account)))
    expect(await bo.refusal('PATCH', '/account', { password: { current: 'wrong', next: 'another long one' } })).toBe(
      'wrong_password',
    )
    expect(await bo.refusal('PATCH', '/account', { password: { current: PASSWORD, next: 'short' } })).toBe(
      'weak_password',
    )
    await bo.send('PATCH', '/account', { password: { current: PASSWORD, next: 'another long one' } })
    expect(await other.get('/session')).toMatchObject({ account: null })
    expect(await bo.get('/session')).toMatchObject({ account: { name: 'Bo' } })
  })
})

describe('sessions', () => {
  test('are stored hashed: what the table holds opens nothing', async () => {
    const rows = await app.services.db.selectFrom('session').selectAll().where('account', '=', ann.account).execute()
    const token = sessionIdOf(ann.cookie)
    expect(rows.map((row) => row.id_hash)).toContain(hashOf(token))
    expect(rows.map((row) => row.id_hash)).not.toContain(token)
    const thief = app.browser('', `${ann.cookie.split('=')[0]}=${rows[0]!.id_hash}`)
    expect(await thief.get('/session')).toMatchObject({ account: null })
  })

  test('sign out ends one, sign out everywhere ends all', async () => {
    const cat = await app.person('Cat')
    const [phone, laptop] = [await app.sessions.create(cat.account), await app.sessions.create(cat.account)]
    const [onPhone, onLaptop] = [app.browser(cat.account, cookieOf(phone)), app.browser(cat.account, cookieOf(laptop))]
    await onPhone.send('DELETE', '/session')
    expect(await onPhone.get('/session')).toMatchObject({ account: null })
    expect(await onLaptop.get('/session')).toMatchObject({ account: { name: 'Cat' } })
    await cat.send('DELETE', '/sessions')
    expect(await onLaptop.get('/session')).toMatchObject({ account: null })
    expect(await cat.refusal('GET', '/projects')).toBe('sign_in')
  })

  test.each(['discount=100%; ', '%=%; ;;=; ', 'x=1;'])(
    'are found beside what others keep on this host: %s',
    async (more) => {
      const beside = app.browser(ann.account, more + ann.cookie)
      expect(await beside.get('/session')).toMatchObject({ account: { name: 'Ann' } })
      expect(await app.browser('', more).get('/session')).toMatchObject({ account: null })
      const longer = app.browser('', `${more}my_${ann.cookie}; ${ann.cookie}0`)
      expect(await longer.get('/session')).toMatchObject({ account: null })
    },
  )
})

describe('links', () => {
  test('sign in once', async () => {
    const token = tokenOf(await makeSignInLink(app.services, ann.account))
    expect(await app.stranger.send('POST', '/tickets/look', { token })).toMatchObject({ kind: 'sign-in', name: 'Ann' })
    expect(await app.stranger.send('POST', '/tickets/use', { token })).toMatchObject({ account: { name: 'Ann' } })
    expect(await app.stranger.refusal('POST', '/tickets/use', { token })).toBe('link_used')
    expect(await app.stranger.refusal('POST', '/tickets/look', { token })).toBe('link_used')
  })

  test('two at once: one comes in', async () => {
    const token = tokenOf(await makeSignInLink(app.services, ann.account))
    const answers = await Promise.all([1, 2, 3].map(() => app.stranger.refusal('POST', '/tickets/use', { token })))
    expect(answers.filter((answer) => answer === 200)).toHaveLength(1)
  })

  test('the first owner makes an account with name, address and password, and there is one', async () => {
    const empty = await openTestApp()
    try {
      // one of each start of the server
      const [token, older] = [await makeFirstOwnerLink(empty.services), await makeFirstOwnerLink(empty.services)].map(
        tokenOf,
      )
      expect(await empty.stranger.refusal('POST', '/tickets/use', { token })).toBe('malformed')
      const person = { name: 'First', email: 'First@Example.org', password: PASSWORD }
      const others = { ...person, email: 'second@example.org' }
      const answers = await Promise.all([
        empty.stranger.refusal('POST', '/tickets/use', { token, person }),
        empty.stranger.refusal('POST', '/tickets/use', { token: older, person: others }),
      ])
      expect(answers.sort()).toEqual([200, 'link_used'])
      expect(await empty.stranger.refusal('POST', '/tickets/look', { token: older })).toBe('link_used')
      const late = tokenOf(await makeFirstOwnerLink(empty.services))
      expect(await empty.stranger.refusal('POST', '/tickets/use', { token: late, person: others })).toBe('link_used')
      const emails = await empty.services.db.selectFrom('account').select('email').execute()
      expect(emails).toHaveLength(1)
    } finally {
      await empty.close()
    }
  })

  test('an address that is taken is refused and the link stays good', async () => {
    const made = { name: 'P', languages: [], template: 'empty' }
    const { id } = await ann.send<{ id: string }>('POST', '/projects', made)
    const link = await ann.send<{ url: string }>('POST', `/projects/${id}/invitations`, { role: 'viewer' })
    const token = tokenOf(link.url)
    const person = { name: 'Again', email: await emailOf(ann), password: PASSWORD }
    expect(await app.stranger.refusal('POST', '/tickets/use', { token, person })).toBe('email_taken')
    expect(await app.stranger.refusal('POST', '/tickets/look', { token })).toBe(200)
  })

  test('two who take one address at once: one comes in, the other hears why and keeps the link', async () => {
    const { id } = await ann.send<{ id: string }>('POST', '/projects', { name: 'P', languages: [], template: 'empty' })
    const invite = () => ann.send<{ url: string }>('POST', `/projects/${id}/invitations`, { role: 'viewer' })
    const tokens = [tokenOf((await invite()).url), tokenOf((await invite()).url)]
    const person = { name: 'Twin', email: 'twin@example.org', password: PASSWORD }
    const answers = await Promise.all(
      tokens.map((token) => app.stranger.refusal('POST', '/tickets/use', { token, person })),
    )
    expect([...answers].sort()).toEqual([200, 'email_taken'])
    const left = tokens[answers.indexOf('email_taken')]!
    expect(await app.stranger.refusal('POST', '/tickets/look', { token: left })).toBe(200)
  })
})

describe('doors', () => {
  const post = (headers: Record<string, string>) =>
    app.stranger
      .request('POST', '/session/password', { email: 'a@b.org', password: 'x' }, headers)
      .then((r) => r.status)

  test.each([
    ['its own origin', {}, 401],
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['origin "null"', { origin: 'null' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:9999' }, 403],
    ['a foreign host (DNS rebinding)', { host: 'evil.example', origin: 'http://evil.example' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { 'content-type': 'text/plain' }, 415],
  ])('%s', async (_name, headers, status) => {
    expect(await post(headers as unknown as Record<string, string>)).toBe(status)
  })

  test('a missing origin is refused on unsafe methods', async () => {
    const response = await app.app.request('/api/session', {
      method: 'DELETE',
      headers: { host: new URL(ORIGIN).host },
    })
    expect(response.status).toBe(403)
  })

  test('a body over a megabyte is refused before it is read', async () => {
    const body = { email: 'a@b.org', password: 'x'.repeat(1024 * 1024) }
    const response = await app.stranger.request('POST', '/session/password', body, {
      'content-length': String(1024 * 1024 + 50),
    })
    expect(response.status).toBe(413)
  })

  test('a refusal names the field and repeats no value', async () => {
    const response = await app.stranger.request('POST', '/session/password', {
      email: 'a@b.org',
      password: { secret: 'hunter2' },
    })
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'malformed', details: { field: 'password' } })
    expect(text).not.toContain('hunter2')
  })

  test('demo people are refused where there is no demo', async () => {
    expect(await app.stranger.refusal('POST', '/session/demo', { person: 'madina' })).toBe('demo_only_here')
    expect(await app.stranger.get('/session')).toMatchObject({ demo: [] })
  })

  test('demo people are refused to whoever comes by a proxy', async () => {
    const shown = await openTestApp({ demo: true })
    try {
      const person = { person: 'madina' }
      expect(await shown.stranger.refusal('POST', '/session/demo', person)).toBe('not_found')
      for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via', 'cf-ray']) {
        const answer = await shown.stranger.request('POST', '/session/demo', person, { [header]: '1' })
        expect([header, await answer.json()]).toMatchObject([header, { code: 'demo_only_here' }])
      }
    } finally {
      await shown.close()
    }
  })
})

test('a server without accounts says so until the first owner is there', async () => {
  const own = await openTestApp()
  const nobody = async () => (await own.stranger.get<{ nobody: boolean }>('/session')).nobody
  expect(await nobody()).toBe(true)
  const owner = await own.person('Owner')
  expect(await nobody()).toBe(false)
  expect((await owner.get<{ nobody: boolean }>('/session')).nobody).toBe(false)
  await own.close()
})
