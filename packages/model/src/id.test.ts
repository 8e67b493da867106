import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ID_BYTES, idFrom, isId } from './id.ts'

test.each([
  [new Array<number>(12).fill(0), 'AAAAAAAAAAAAAAAA'],
  [new Array<number>(12).fill(255), '________________'],
  [[251, 239, 190, 0, 16, 131, 16, 81, 135, 32, 146, 139], '----ABCDEFGHIJKL'],
])('the bytes %j are %s', (bytes, id) => expect(idFrom(Uint8Array.from(bytes))).toBe(id))

const bytes = fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES })

test('every id is one, and is the base64url of its bytes', () => {
  fc.assert(
    fc.property(bytes, (bytes) => {
      expect(isId(idFrom(bytes))).toBe(true)
      expect(idFrom(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})

test('ids are made of twelve bytes and no other number', () => {
  expect(() => idFrom(new Uint8Array(11))).toThrow('12 bytes, not 11')
  expect(() => idFrom(new Uint8Array(13))).toThrow('12 bytes, not 13')
})

test.each<[unknown, boolean]>([
  ['AAAAAAAAAAAAAAAA', true],
  ['AAAAAAAAAAAAAAA', false],
  ['AAAAAAAAAAAAAAAAA', false],
  ['AAAAAAAAAAAAAAA=', false],
  ['AAAAAAAAAAAAAAA/', false],
  ['AAAAAAAAAAAAAAAA\n', false],
  ['ААAAAAAAAAAAAAAA', false],
  [['AAAAAAAAAAAAAAAA'], false],
  [null, false],
])('is %j an id: %s', (value, expected) => expect(isId(value)).toBe(expected))
