import { expect, test } from 'vitest'
import { hasReader, readEnv, usage } from './env.ts'

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
