import { expect, test } from 'vitest'
import { dateIn } from './date-text.ts'

test.each([
  ['2025-09-10', '2025-09-10'],
  [' 2025-09-10 ', '2025-09-10'],
  ['10.09.2025', '2025-09-10'],
  ['1.9.2025', '2025-09-01'],
  ['2024-02-29', '2024-02-29'],
  ['', null],
  ['  ', null],
  ['2025-02-29', undefined],
  ['2025-13-01', undefined],
  ['31.04.2025', undefined],
  ['09/10/2025', undefined],
  ['2025-9-10', undefined],
  ['вчера', undefined],
])('%o is %o', (text, date) => expect(dateIn(text)).toBe(date))
