import fc from 'fast-check'
import { expect, test } from 'vitest'
import { languages } from './language.ts'
import { collate, compareKazakh } from './sorting.ts'

const alphabet = 'А Ә Б В Г Ғ Д Е Ё Ж З И Й К Қ Л М Н Ң О Ө П Р С Т У Ұ Ү Ф Х Һ Ц Ч Ш Щ Ъ Ы І Ь Э Ю Я'.split(' ')

test('a Kazakh reader finds the Kazakh alphabet, then the Latin one', () => {
  expect([...alphabet, 'A', 'B', 'Z'].reverse().sort(compareKazakh)).toEqual([...alphabet, 'A', 'B', 'Z'])
})

test.each([
  ['kk', ['Алматы', 'Әлем', 'Бала', 'Ғылым', 'Дала', 'Қала', 'Лаш', 'Ірі', 'Яки', 'Apple']],
  ['kk', ['алма', 'Алма', 'алмалы', 'Алматы']],
  ['kk', ['2-бап', '010-бап', '10-бап', 'бап 9', 'бап 10']],
  ['kk', ['«Алматы»', 'Алматы', 'Алматы қаласы', 'Алматыда']],
  ['kk', ['е', 'ел', 'ё', 'ёлка', 'ж']],
  ['ru', ['елка', 'ёлка', 'елочка', 'ель']],
  ['ru', ['Касым Жомарт', 'Касым-Жомарт', 'Касымов']],
  ['en', ['apple', 'Apple', 'école', 'ecole2', 'zoo', 'Алматы']],
] as const)('%s: %j', (language, expected) => {
  expect([...expected].reverse().sort(collate(language))).toEqual([...expected])
})

const title = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'аАәӘеёЁһHh1203 -«».bé\u0301'), maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
)

test.each(languages)('%s is a total order', (language) => {
  const compare = collate(language)
  fc.assert(
    fc.property(title, title, title, (a, b, c) => {
      expect(compare(a, b) + compare(b, a)).toBe(0)
      expect(compare(a, b) === 0).toBe(a === b)
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
    }),
    { numRuns: 2000 },
  )
})
