import { expect, test } from 'vitest'
import { initialsOf } from './initials.ts'

test.each([
  ['Айгерім Сәрсенбай', 'АС'],
  ['ольга ким', 'ОК'],
  ['Ахмет Байтұрсынұлы Шошақ', 'АБ'],
  ['Мадина', 'МА'],
  [' 👩🏽 Ә', '👩Ә'],
])('%s → %s', (name, initials) => expect(initialsOf(name)).toBe(initials))
