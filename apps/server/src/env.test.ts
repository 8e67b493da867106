import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hasReader, readEnv, usage } from './env.ts'
import { limitVariables } from './limit-settings.ts'

const postgres = { DATABASE_URL: 'postgres://tamga:secret@db/tamga' }
const read = (env: Record<string, string>) => readEnv([], env, true).redisUrl

test('a server is alone unless it is told where to meet others', () => {
  expect(read({})).toBeNull()
  expect(read({ ...postgres, REDIS_URL: '' })).toBeNull()
  for (const url of ['redis://127.0.0.1', 'rediss://user:secret@redis.example.org:6380/2'])
    expect(read({ ...postgres, REDIS_URL: url })).toBe(url)
  expect(usage).toContain('REDIS_URL')
})

test.each(['redis', 'redis://', '127.0.0.1:6379', 'http://redis:secret@host', 'postgres://x:secret@db'])(
  'REDIS_URL=%s is refused without being told again',
  (url) => {
    expect(() => read({ ...postgres, REDIS_URL: url })).toThrow(/^REDIS_URL takes an address such as redis:/)
    expect(() => read({ ...postgres, REDIS_URL: url })).not.toThrow(/secret/)
  },
)

test('several servers need a Postgres', () => {
  expect(() => read({ REDIS_URL: 'redis://127.0.0.1' })).toThrow(/DATABASE_URL/)
})

test.each([
  ['both on a terminal', true, true, false],
  ['the output piped, as through tee', undefined, true, false],
  ['the errors piped', true, undefined, false],
  ['both piped, as under a service manager', undefined, undefined, true],
])('the log is JSON only where nobody reads along: %s', (_how, stdout, stderr, json) => {
  const streams = { stdout: { ...(stdout && { isTTY: true }) }, stderr: { ...(stderr && { isTTY: true }) } }
  expect(readEnv([], {}, hasReader(streams)).log.json).toBe(json)
})

describe('limits', () => {
  const limits = (env: Record<string, string>) => readEnv([], env, true).limits

  test('every one has a default, and --help and the page for operators name both', () => {
    const page = readFileSync(new URL('../../../docs/operators.md', import.meta.url), 'utf8')
    for (const [name, { default: value }] of Object.entries(limitVariables)) {
      expect(usage).toMatch(new RegExp(`^  ${name}=${value} `, 'm'))
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\| ${value} +\\|`, 'm'))
    }
    expect(usage).toMatch(/^ {2}TRUSTED_PROXY=/m)
    expect(page).toContain('`TRUSTED_PROXY`')
    expect(limits({})).toMatchObject({ headerMs: 10_000, bodyMs: 30_000, idleMs: 60_000, signInFailures: 10 })
  })

  test('are read from their variables; an empty one is not set', () => {
    const read = limits({ HEADER_TIMEOUT: '2.5', REQUESTS_PER_MINUTE: ' 7 ', BODY_TIMEOUT: '', TRUSTED_PROXY: 'none' })
    expect(read).toMatchObject({ headerMs: 2500, requestsPerMinute: 7, bodyMs: 30_000 })
    expect(read.trustedProxies.check('127.0.0.1')).toBe(false)
  })

  test.each([
    ['HEADER_TIMEOUT', 'soon', 'HEADER_TIMEOUT takes seconds from 0.05 to 3600, not "soon"'],
    ['BODY_TIMEOUT', '0', 'BODY_TIMEOUT takes seconds from 0.05 to 3600, not "0"'],
    ['IDLE_TIMEOUT', '-1', 'IDLE_TIMEOUT takes seconds from 0.05 to 3600, not "-1"'],
    ['IDLE_TIMEOUT', '1e3', 'IDLE_TIMEOUT takes seconds from 0.05 to 3600, not "1e3"'],
    ['IDLE_TIMEOUT', 'Infinity', 'IDLE_TIMEOUT takes seconds from 0.05 to 3600, not "Infinity"'],
    ['REQUESTS_PER_MINUTE', '2.5', 'REQUESTS_PER_MINUTE takes a whole number from 1 to 10000000, not "2.5"'],
    ['REQUESTS_PER_MINUTE', '0', 'REQUESTS_PER_MINUTE takes a whole number from 1 to 10000000, not "0"'],
    ['PASSWORD_CHECKS', '65', 'PASSWORD_CHECKS takes a whole number from 1 to 64, not "65"'],
    ['PASSWORD_CHECKS', '9'.repeat(500), `PASSWORD_CHECKS takes a whole number from 1 to 64, not "${'9'.repeat(100)}"`],
    ...['localhost', '10.0.0.0/33', '10.0.0', 'fd00::/129', '10.0.0.1,', '10.0.0.1/', '*'].map((value) => [
      'TRUSTED_PROXY',
      value,
      'TRUSTED_PROXY takes addresses or ranges, separated by commas, such as 10.0.0.5, 192.168.0.0/16, fd00::/8; ' +
        `or "none", not "${value}"`,
    ]),
  ])('%s=%s is refused with what it takes', (name, value, sentence) => {
    expect(() => limits({ [name]: value })).toThrow(new Error(sentence))
  })
})
