import fc from 'fast-check'
import { expect, inject, test } from 'vitest'

test('properties begin at the seed of the run, and try the same cases from it', () => {
  expect(String(inject('seed'))).toBe(process.env.TEST_SEED)
  const cases = fc.sample(fc.string(), 20)
  expect(cases).toEqual(fc.sample(fc.string(), { numRuns: 20, seed: inject('seed') }))
  expect(cases).not.toEqual(fc.sample(fc.string(), { numRuns: 20, seed: inject('seed') ^ 1 }))
})
