import { describe, expect, test } from 'vitest'
import { originAt, originsOf } from './origins.ts'

test.each([
  ['127.0.0.1', 4173, 'http://127.0.0.1:4173'],
  ['192.168.1.20', 80, 'http://192.168.1.20'],
  ['fd00::1', 4173, 'http://[fd00::1]:4173'],
  ['Tamga.local', 4173, 'http://tamga.local:4173'],
])('%s and %i are %s to a browser, which may then act', (host, port, origin) => {
  expect(originAt(host, port)).toBe(origin)
  const origins = originsOf(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, port)
  expect(origins.url).toBe(origin)
  expect(origins.originAllowed(origin, new URL(origin).host)).toBe(true)
})

describe('on loopback', () => {
  test.each([
    ['127.0.0.1', 'http://127.0.0.1:4173'],
    ['localhost', 'http://localhost:4173'],
    ['::1', 'http://[::1]:4173'],
  ])('links of %s lead to where it listens', (host, url) => {
    expect(originsOf(null, 4173, host).url).toBe(url)
  })

  test('every name of this machine is good, from a page of its own', () => {
    const origins = originsOf(null, 4173)
    for (const host of ['127.0.0.1:4173', 'localhost:4173', '[::1]:4173', 'localhost'])
      expect([host, origins.hostAllowed(host), origins.originAllowed(`http://${host}`, host)]).toEqual([
        host,
        true,
        true,
      ])
    for (const host of [undefined, '', 'evil.example', '127.0.0.1.evil.example:4173', 'localhost.evil.example'])
      expect([host, origins.hostAllowed(host)]).toEqual([host, false])
    expect(origins.originAllowed('http://localhost:9999', 'localhost:4173')).toBe(false)
    expect(origins.originAllowed('null', 'localhost:4173')).toBe(false)
  })
})
