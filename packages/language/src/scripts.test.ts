import { expect, test } from 'vitest'
import { seeds } from '../fixtures/seeds.ts'
import { detectLanguage } from './scripts.ts'

test.each(Object.entries(seeds))('article %s', (number, text) => {
  const expected = number === '004' ? 'kk' : 'ru'
  expect(detectLanguage(text)).toBe(expected)
  const lines = text.split('\n').filter((line) => line.length > 30)
  expect(lines.filter((line) => detectLanguage(line) !== expected)).toEqual([])
})

test.each([
  ['Ақтөбеде «Белсенді қоғам – берік болашақ» тақырыбында XII Азаматтық форум өтті', 'kk'],
  ['Таза Қазақстан', 'kk'],
  ['Жас ұлан', 'kk'],
  ['Форум туралы', 'kk'],
  ['Астанада жаңа мектеп ашылды', 'kk'],
  ['Yandex Kazakhstan Ақтөбеде жұмыс істейді', 'kk'],
  ['Фонд «Қазақстан халқына» помог школам', 'ru'],
  ['Открытие форума в Алматы', 'ru'],
  ['ХІІ городской гражданский форум', 'ru'],
  ['ХІІ форум', 'ru'],
  ['Директор по GR компании Yandex Kazakhstan', 'ru'],
  ['The President met the people of Қазақстан', 'en'],
  ['Breaking news', 'en'],
  ['France: le président de la République française est élu', null],
  ['Le gouvernement annonce des mesures pour les familles et les entreprises', null],
  ['Київ і Харків її чекають', null],
  ['Ελληνικά', null],
  ['漢字', null],
  ['123 — !', null],
  ['', null],
])('%s: %s', (text, language) => expect(detectLanguage(text)).toBe(language))
