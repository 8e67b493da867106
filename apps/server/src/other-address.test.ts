import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { originsOf } from './origins.ts'
import { openTestApp, type TestApp } from './test-app.ts'

let app: TestApp
beforeAll(async () => {
  app = await openTestApp()
  Object.assign(app.services, { origins: originsOf('https://tamga.example.org', 443) })
})
afterAll(() => app.close())

const html = 'text/html,application/xhtml+xml'
const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  app.app.request(path, { method, headers: { host: '203.0.113.5', ...headers } }, { incoming: { socket: {} } })

test.each([
  ['en-GB,en;q=0.9', 'en', 'Tamga is at another address'],
  ['ru-RU,ru;q=0.9,en;q=0.5', 'ru', 'Tamga находится по другому адресу'],
  ['kk, ru;q=0.8', 'kk', 'Tamga басқа мекенжайда'],
  ['de', 'en', 'Tamga is at another address'],
  ['', 'en', 'Tamga is at another address'],
])('whoever opens another address reads where the server is, in %j first as %s', async (accepted, lang, title) => {
  const answer = await ask('/projects/x', { accept: html, 'accept-language': accepted })
  const page = await answer.text()
  expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=UTF-8'])
  expect(page).toContain(`<html lang="${lang}">`)
  expect(page).toContain(`<h1>${title}</h1>`)
  expect(page.match(/<h1>/g)).toHaveLength(1)
  expect(page).toContain('<a href="https://tamga.example.org">https://tamga.example.org</a>')
})

test('the page may load nothing, and its policy allows its own style', async () => {
  const answer = await ask('/', { accept: html })
  const style = /<style>([^]*)<\/style>/.exec(await answer.text())![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = answer.headers.get('content-security-policy')!
  expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
})

test.each([
  ['a request of the API', '/api/session', 'GET', html],
  ['a program', '/', 'GET', '*/*'],
  ['an act', '/projects', 'POST', html],
])('%s is refused as JSON', async (_what, path, method, accept) => {
  const answer = await ask(path, { accept }, method)
  expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'foreign_origin' }])
})

test('nothing of the asked address is repeated in the page', async () => {
  const answer = await ask('/%3Cscript%3Ealert(1)', { accept: html, host: 'evil"><script>', 'accept-language': '<b>' })
  expect(await answer.text()).not.toMatch(/<script|evil|<b>/)
})
