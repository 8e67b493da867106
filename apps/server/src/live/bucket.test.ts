import { expect, test } from 'vitest'
import { Bucket } from './bucket.ts'

test('a bucket gives its rate, saves up for a burst, and does not mind a clock that is set back', () => {
  const bucket = new Bucket(2, 3, 10_000)
  const taken = (now: number) => Array.from({ length: 10 }, () => bucket.take(now)).filter(Boolean).length
  expect(taken(10_000)).toBe(6)
  expect(taken(11_000)).toBe(2)
  expect(taken(1_000)).toBe(0)
  expect(taken(2_000)).toBe(2)
  expect(taken(60_000)).toBe(6)
})
