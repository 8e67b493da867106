import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readLimits } from './limit-settings.ts'
import { openLog } from './log.ts'
import { countFailures, openRateLimits } from './rate-limits.ts'
import { newId } from './services.ts'
import { openSharedCounts } from './shared-counts.ts'
import { Gate } from './test-gate.ts'
import { testRedis } from './test-redis.ts'

const lines: string[] = []
const log = openLog({ json: true, level: 'info' }, (line) => lines.push(line))
const settings = readLimits({ SIGN_IN_FAILURES: '3', SIGN_IN_FAILURES_PER_ACCOUNT: '2', REQUESTS_PER_MINUTE: '2' })
const ends: (() => unknown)[] = []
let gate: Gate
beforeAll(async () => (gate = await Gate.open(testRedis())))
afterAll(async () => {
  for (const end of ends) await end()
  await gate.cut()
})

/** The limits of one process of an installation. */
async function processOf(namespace: string, url = testRedis()) {
  const shared = await openSharedCounts(url, namespace, log)
  ends.push(() => shared.close())
  return openRateLimits(settings, shared)
}

const refusal = (act: Promise<unknown>) =>
  act.then(
    () => null,
    (error: { code: string; details: { seconds: number } }) => [error.code, error.details.seconds > 0],
  )
const REFUSED = ['rate_limited', true]

test('processes of one installation count together, those of another apart', async () => {
  const name = newId()
  const [one, two, other] = [await processOf(name), await processOf(name), await processOf(newId())]
  await one.requests.take('203.0.113.1')
  await two.requests.take('203.0.113.1')
  expect(await refusal(one.requests.take('203.0.113.1'))).toEqual(REFUSED)
  expect(await refusal(two.requests.take('203.0.113.1'))).toEqual(REFUSED)
  expect(await refusal(two.requests.take('203.0.113.2'))).toBeNull()
  expect(await refusal(other.requests.take('203.0.113.1'))).toBeNull()
})

test('a success is taken back everywhere, a failure is not, and beyond the limit tries are paced', async () => {
  const name = newId()
  const [one, two] = [await processOf(name), await processOf(name)]
  const guess = ({ accountGuesses }: typeof one, isRight: boolean) =>
    countFailures(
      [[accountGuesses, 'account']],
      () => true,
      () => (isRight ? Promise.resolve() : Promise.reject(new Error('wrong'))),
    )
  for (let i = 0; i < 5; i++) await guess(i % 2 ? one : two, true)
  for (const limits of [one, two, one]) await expect(guess(limits, false)).rejects.toThrow('wrong')
  expect(await refusal(guess(two, true))).toEqual(REFUSED)
})

test('while Redis is away each process counts for itself, at once', async () => {
  const limits = await processOf(newId(), gate.url)
  await limits.requests.take('203.0.113.1')
  await gate.cut()
  for (let i = 0; i < 2; i++) await limits.requests.take('203.0.113.1')
  expect(await refusal(limits.requests.take('203.0.113.1'))).toEqual(REFUSED)
  await vi.waitFor(() => expect(lines.join('')).toContain('Redis does not answer'))
  // one that is started meanwhile does not wait for it
  const late = await processOf(newId(), 'redis://127.0.0.1:1')
  for (let i = 0; i < 2; i++) await late.requests.take('203.0.113.1')
  expect(await refusal(late.requests.take('203.0.113.1'))).toEqual(REFUSED)
})

test('a Redis that hangs keeps nobody waiting for good', async () => {
  const hung = await Gate.open(testRedis())
  ends.push(() => hung.cut())
  const limits = await processOf(newId(), hung.url)
  await limits.requests.take('203.0.113.1')
  hung.block()
  for (let i = 0; i < 2; i++) await limits.requests.take('203.0.113.1')
  expect(await refusal(limits.requests.take('203.0.113.1'))).toEqual(REFUSED)
})
