import { expect, test } from 'vitest'
import { numberOf, pluralOf } from './format.ts'
import { fill, type Fill, type Message } from './message.ts'

const ru = { plural: (n: number) => pluralOf('ru', n), number: (n: number) => numberOf('ru', n) }
const spans: Message = { one: '{n} метка', few: '{n} метки', many: '{n} меток', other: '{n} метки' }

test.each<[string, Message, Fill, string]>([
  ['a place', 'Код {code} занят', { code: 'PER' }, 'Код PER занят'],
  ['a number by the rules of the language', 'из {all}', { all: 12345 }, 'из 12\u00a0345'],
  ['one', spans, { n: 21 }, '21 метка'],
  ['few', spans, { n: 3 }, '3 метки'],
  ['many', spans, { n: 11 }, '11 меток'],
  ['a fraction', spans, { n: 1.5 }, '1,5 метки'],
  ['a form that is not there falls back to other', { one: 'one', other: 'other' }, { n: 5 }, 'other'],
  ['a stretch whose place is known', 'Подождите‹ {seconds} с›.', { seconds: 5 }, 'Подождите 5 с.'],
  ['a stretch whose place is not known', 'Подождите‹ {seconds} с›.', {}, 'Подождите.'],
  ['a stretch needs all of its places', 'занят‹ ({code}, {other})›', { code: 'A' }, 'занят'],
])('%s', (_, message, values, expected) => expect(fill(message, values, ru)).toBe(expected))
