import { expect, test } from 'vitest'
import { LINK_CODE_BYTES, linkCodeFrom, LinkSecret, printedCode, readCode } from './link-code.ts'

const bytes = (...values: number[]) =>
  Uint8Array.from([...values, ...Array<number>(LINK_CODE_BYTES).fill(0)].slice(0, 10))

test.each([
  ['all zero', bytes(), '0000-0000-0000-0000'],
  ['all ones', bytes(...Array<number>(10).fill(255)), 'ZZZZ-ZZZZ-ZZZZ-ZZZZ'],
  ['the first bit', bytes(128), 'G000-0000-0000-0000'],
])('ten bytes, %s, become a code', (_title, random, code) => {
  expect(printedCode(linkCodeFrom(random))).toBe(code)
  expect(LinkSecret.parse(code)).toBe(linkCodeFrom(random))
})

test('different bytes make different codes', () => {
  const codes = Array.from({ length: 80 }, (_, bit) => {
    const random = bytes()
    random[bit >> 3] = 128 >> (bit & 7)
    return linkCodeFrom(random)
  })
  expect(new Set(codes).size).toBe(80)
})

test('a code is read as people type it', () => {
  expect(readCode(' 7kq2 9XW4-nd6t Oil1 ')).toBe('7kq29xw4nd6t0111')
})

test('an invitation of forty hex digits is read as it is', () => {
  const secret = '0123456789abcdef0123456789abcdef01234567'
  expect(LinkSecret.parse(secret)).toBe(secret)
})
