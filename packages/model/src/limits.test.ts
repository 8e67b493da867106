import { expect, test } from 'vitest'
import { boundedJson, boundedRecord, nestingOf } from './limits.ts'
import { faultsOfLabelSet, LabelSet } from './label-set.ts'
import { z } from './zod.ts'

test.each([
  ['1', 0],
  ['"[[["', 0],
  ['"\\"[[["', 0],
  ['[1,[2],{"a":[3]}]', 3],
  ['[][][]', 1],
  [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 10_000],
])('%.40s is nested %i deep', (json, depth) => expect(nestingOf(json)).toBe(depth))

test('what is nested deeper than asked is left unread', () => {
  expect(nestingOf('['.repeat(1_000_000), 32)).toBe(33)
})

test('a map passes at its bound and not beyond', () => {
  const schema = boundedRecord(z.number(), 3)
  const map = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))
  expect(schema.safeParse(map(3)).success).toBe(true)
  expect(schema.safeParse(map(4)).error?.issues[0]).toMatchObject({ code: 'too_big', maximum: 3 })
})

test('JSON of any form passes at its bound and not beyond', () => {
  const schema = boundedJson(10)
  expect(schema.safeParse(['x'.repeat(6)]).success).toBe(true)
  expect(schema.safeParse(['x'.repeat(7)]).error?.issues[0]).toMatchObject({ code: 'too_big', maximum: 10 })
})

test('the largest label set that may be sent is judged by looking each id up once', () => {
  const colour = { hue: 1, light: 0.5, dark: 0.75 }
  const ids = Array.from({ length: 500 }, (_, i) => `l${i}`)
  let reads = 0
  const labels = ids.map((id, i) => ({ id, code: `L${i}`, name: {}, colour, holds: ids, parent: null }))
  const set = LabelSet.parse({ labels })
  const counted = set.labels.map((label) =>
    Object.defineProperty({ ...label }, 'id', { get: () => (reads++, label.id), enumerable: true }),
  )
  expect(faultsOfLabelSet({ ...set, labels: counted })).toEqual([])
  // 250,000 ids in all: looked up in a list, each would read some of the 500
  expect(reads).toBeLessThan(10_000)
})
