import { expect, test } from 'vitest'
import { isAway, outdated, wayOf } from './answering.ts'

const origin = 'https://tamga.example'
const files = new Set(['/mark.svg', '/assets/index-1.js'])
const asked = (path: string, mode = 'cors', method = 'GET') => ({ method, mode, url: new URL(path, origin) })

test.each([
  ['/', 'navigate', 'page'],
  ['/articles/abc', 'navigate', 'page'],
  ['/articles/abc?q=1#x', 'navigate', 'page'],
  ['/liveness', 'navigate', 'page'],
  ['/assets/index-1.js', 'cors', 'file'],
  ['/assets/of-an-older-build-2.js', 'cors', 'file'],
  ['/mark.svg', 'no-cors', 'file'],
  ['/mark.svg', 'navigate', 'file'],
  ['/api/session', 'cors', null],
  ['/api/projects/1/export', 'navigate', null],
  ['/live/layer', 'websocket', null],
  ['/lobby/project', 'websocket', null],
  ['/healthz', 'navigate', null],
  ['/readyz', 'navigate', null],
  ['/metrics', 'navigate', null],
  ['/unknown.txt', 'cors', null],
  ['https://elsewhere.example/assets/index-1.js', 'cors', null],
])('%s asked as %s is answered as %s', (path, mode, way) => {
  expect(wayOf(asked(path, mode), origin, files)).toBe(way)
})

test('what is sent is never answered from what is kept', () => {
  expect(wayOf(asked('/', 'navigate', 'POST'), origin, files)).toBeNull()
})

test.each([
  [200, false],
  [404, false],
  [500, false],
  [502, true],
  [503, true],
  [504, true],
])('status %i of a page: the server is away, %s', (status, away) => expect(isAway(status)).toBe(away))

const [a, b, c] = ['tamga-build-a', 'tamga-build-b', 'tamga-build-c'] as const

test.each([
  ['nothing needs the older ones', ['tab'], [{ name: c, clientId: 'tab' }], [a, b]],
  [
    'an open tab is of an older one',
    ['tab', 'old'],
    [
      { name: c, clientId: 'tab' },
      { name: a, clientId: 'old' },
    ],
    [b],
  ],
  ['a tab has not said yet what it is', ['tab', 'new'], [{ name: c, clientId: 'tab' }], []],
  ['another lock of a tab says nothing', ['tab'], [{ name: 'outbox', clientId: 'tab' }], []],
  ['no tab is open', [], [], [a, b]],
])('which builds go: %s', (_, tabs, held, gone) => {
  expect(outdated([a, 'not-ours', b, c], c, tabs, held)).toEqual(gone)
})
