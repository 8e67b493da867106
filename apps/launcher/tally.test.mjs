import { afterEach, expect, test, vi } from 'vitest'
import { Tally } from './tally.mjs'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

test.each([
  ['', { passed: 1, failed: 0, skipped: 1 }, ['1 passed, 0 failed, 1 skipped']],
  [
    'true',
    { passed: 1, failed: 1, skipped: 0 },
    ['FAILED TEST_REDIS_URL\n       there is no Redis', '1 passed, 1 failed'],
  ],
])('with CI=%s what this machine lacks is counted so', (ci, counts, lines) => {
  vi.stubEnv('CI', ci)
  const [said, warned] = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
  for (const spy of [said, warned]) spy.mockImplementation(() => undefined)
  const tally = new Tally()
  tally.check('eslint', true)
  tally.missing('TEST_REDIS_URL', 'there is no Redis')
  tally.print()
  expect(tally).toMatchObject(counts)
  expect(said.mock.calls.flat()).toEqual(lines)
  expect(warned.mock.calls.flat()).toEqual(['TEST_REDIS_URL: there is no Redis'])
})
