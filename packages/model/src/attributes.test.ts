import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { attributeType, attributeTypeIds, type AttributeTypeId, type AttributeValue } from './attributes/index.ts'

test('every file of an attribute type has its line in the list', () => {
  const files = readdirSync(join(import.meta.dirname, 'attributes')).filter(
    (file) => !/^(index|attribute-type)\.ts$/.test(file),
  )
  expect(files.sort()).toEqual(attributeTypeIds.map((id) => `${id}.ts`).sort())
})

const one = { choices: [{ id: 'x' }, { id: 'y' }] }
const many = { ...one, multiple: true }

test.each<[AttributeTypeId, unknown, object, boolean]>([
  ['text', 'Ақтөбе', {}, true],
  ['text', 'a'.repeat(1000), {}, true],
  ['text', 'a'.repeat(1001), {}, false],
  ['text', ' ', {}, false],
  ['text', '', {}, false],
  ['text', 'a\nb', {}, false],
  ['text', 'a\rb', {}, false],
  ['text', 5, {}, false],
  ['text', ['a'], {}, false],
  ['number', 0, {}, true],
  ['number', -1.5, {}, true],
  ['number', NaN, {}, false],
  ['number', Infinity, {}, false],
  ['number', '5', {}, false],
  ['flag', true, {}, true],
  ['flag', false, {}, true],
  ['flag', 1, {}, false],
  ['choice', 'x', one, true],
  ['choice', 'z', one, false],
  ['choice', 'x', {}, false],
  ['choice', ['x'], one, false],
  ['choice', undefined, one, false],
  ['choice', ['x', 'y'], many, true],
  ['choice', [], many, true],
  ['choice', ['x', 'x'], many, false],
  ['choice', ['x', 'z'], many, false],
  ['choice', 'x', many, false],
])('%s %j on %j: %s', (type, value, shape, expected) =>
  expect(attributeType(type).accepts(value, shape)).toBe(expected),
)

test.each<[AttributeTypeId, AttributeValue, string]>([
  ['text', 'Ақтөбе', 'Ақтөбе'],
  ['number', 1.5, '1.5'],
  ['flag', true, 'yes'],
  ['flag', false, 'no'],
  ['choice', 'x', 'x'],
  ['choice', ['x', 'y'], 'x, y'],
])('%s %j is written %s', (type, value, written) => expect(attributeType(type).toText(value)).toBe(written))
