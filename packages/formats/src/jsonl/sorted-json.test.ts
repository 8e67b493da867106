import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortedJson } from './sorted-json.ts'

test.each([
  [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
  [{ 9: 1, 10: 2, '-': 3 }, '{"-":3,"10":2,"9":1}'],
  [{ a: undefined, b: {} }, '{"b":{}}'],
  [-0, '0'],
  ['a\u2028b\u2029c\u0085d\n', '"a\\u2028b\\u2029c\\u0085d\\n"'],
  ['👩🏽‍🚀\u00a0\u00ad', '"👩🏽‍🚀\u00a0\u00ad"'],
  [{ 'a\u2028': 1 }, '{"a\\u2028":1}'],
])('%j is written as %s', (value, json) => expect(sortedJson(value)).toBe(json))

test('the order in which keys were set changes no byte, and JSON reads the same value back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const json = sortedJson(value)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(sortedJson(reversed(value))).toBe(json)
      expect(json).not.toMatch(/[\n\r\u0085\u2028\u2029]/)
    }),
  )
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  )
}
