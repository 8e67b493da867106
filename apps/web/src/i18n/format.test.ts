import { expect, test } from 'vitest'
import { dayOf, longDayOf, numberOf, pluralOf } from './format.ts'

test.each([
  ['en', '10 Sep 2025', '10 September 2025', '1,234,567.5'],
  ['ru', '10.09.2025', '10 сентября 2025 г.', '1\u00a0234\u00a0567,5'],
  ['kk', '10.09.2025', '2025 ж. 10 қыркүйек', '1\u00a0234\u00a0567,5'],
] as const)('%s writes a day and a number', (locale, day, longDay, number) => {
  expect(dayOf(locale, '2025-09-10')).toBe(day)
  expect(longDayOf(locale, '2025-09-10')).toBe(longDay)
  expect(numberOf(locale, 1234567.5)).toBe(number)
})

test('a bare date does not move with the time zone of the reader', () => {
  expect(dayOf('ru', '2025-01-01')).toBe('01.01.2025')
})

test('every Kazakh month has its own name', () => {
  const names = Array.from({ length: 12 }, (_, i) => longDayOf('kk', `2025-${String(i + 1).padStart(2, '0')}-05`))
  expect(new Set(names).size).toBe(12)
  expect(names.every((name) => /^2025 ж\. 5 [а-яәғқңөұүһі]+$/.test(name))).toBe(true)
})

test.each([
  ['ru', 1, 'one'],
  ['ru', 22, 'few'],
  ['ru', 5, 'many'],
  ['ru', 112, 'many'],
  ['kk', 1, 'one'],
  ['kk', 2, 'other'],
  ['en', 0, 'other'],
] as const)('%s says %i in the form "%s"', (locale, n, form) => expect(pluralOf(locale, n)).toBe(form))
