import { expect, test } from 'vitest'
import { cleanName, nameFault, nameFaultOf, nameKey, namesApart, PersonName, shownName, titleFault } from './names.ts'

const faultOf = (name: string) => nameFault(cleanName(name), 100)

test.each([
  ['a Kazakh name', 'Әйгерім Сәрсенбай'],
  ['a name with an apostrophe and a hyphen', 'O’Neill-Kim'],
  ['an Arabic name', 'محمد علي'],
  ['a Persian word with a non-joiner', 'نیم\u200cفاصله'],
  ['a Sinhala word with a joiner', 'ශ්\u200dරී'],
  ['a Malayalam word that ends with a joiner', 'അവന്\u200d'],
  ['a Vietnamese name with its accents apart', 'Nguyễn Thị'.normalize('NFD')],
  ['a Thai name', 'ธนวัฒน์ ผู้ใหญ่'],
  ['a Hebrew word with points', 'שָׁלוֹם'],
  ['a Tibetan word', 'བཀྲ་ཤིས་'],
  ['a Han sign with a selector', '葛\u{e0100}城'],
  ['joined pictures', '👩🏽\u200d🚀 and ❤\ufe0f'],
  ['a keycap', '1\ufe0f\u20e3'],
])('takes %s', (_title, name) => {
  expect(faultOf(name)).toBeNull()
  expect(shownName(name)).toBe(name)
})

test.each([
  ['an embedding', 'Anna\u202e annA', 'U+202E', 5],
  ['an isolate', '\u2066Anna', 'U+2066', 1],
  ['a direction mark', 'Anna\u200f', 'U+200F', 5],
  ['a blank of no width', 'An\u200bna', 'U+200B', 3],
  ['a byte order mark inside', 'An\ufeffna', 'U+FEFF', 3],
  ['a soft hyphen', 'An\u00adna', 'U+00AD', 3],
  ['a joiner between Latin letters', 'An\u200dna', 'U+200D', 3],
  ['a non-joiner between Cyrillic letters', 'Ан\u200cна', 'U+200C', 3],
  ['two joiners in a row', 'ශ්\u200d\u200dරී', 'U+200D', 3],
  ['a filler that is a letter', 'A\u3164', 'U+3164', 2],
  ['a blank Braille cell', '\u2800', 'U+2800', 1],
  ['NUL', 'A\u0000', 'U+0000', 2],
  ['a line break', 'Anna\nKim', 'U+000A', 5],
  ['a line separator', 'Anna\u2028Kim', 'U+2028', 5],
  ['a delete', 'A\u007fB', 'U+007F', 2],
  ['half a character', 'A\ud800', 'U+D800', 2],
  ['a tag behind an astral character', '🏴\u{e0067}', 'U+E0067', 2],
  ['a private character', 'A\ue000', 'U+E000', 2],
  ['a selector behind a letter', 'A\ufe0f', 'U+FE0F', 2],
])('refuses %s and names the place', (_title, name, character, at) => {
  expect(nameFault(name, 100)).toEqual({ code: 'name_character', details: { at, character } })
  expect(nameFault(shownName(name), 100)).toBeNull()
})

test.each([
  ['a heap of marks', `A${'\u0301'.repeat(4)}`, 1],
  ['a heap in the middle', `Anna Z${'\u0300\u0489'.repeat(8)}`, 6],
  ['a mark before any letter', '\u0301Anna', 1],
  ['a mark on a blank', 'Anna \u0301', 5],
])('refuses %s', (_title, name, at) => {
  expect(nameFault(name, 100)).toEqual({ code: 'name_marks', details: { at } })
  expect(nameFault(shownName(name), 100)).toBeNull()
})

test.each(['', '  ', '\u00a0\u3000', '\t\n'])('refuses a name of blanks only: %j', (name) => {
  expect(faultOf(name)).toEqual({ code: 'name_empty', details: {} })
  expect(shownName(name)).toBe('?')
})

test('trims blanks and takes several for one', () => {
  expect(PersonName.parse('\u00a0 Anna \u3000 Kim ')).toBe('Anna Kim')
})

test('refuses a longer name than 100 code units, and what is far beyond without looking', () => {
  const issueOf = (name: string) => PersonName.safeParse(name).error?.issues[0]
  expect(nameFaultOf(issueOf('a'.repeat(100)))).toBeNull()
  expect(nameFaultOf(issueOf('a'.repeat(101)))).toEqual({ code: 'name_long', details: { most: 100 } })
  expect(issueOf('a'.repeat(401))?.code).toBe('too_big')
})

test('a name that is shown stripped keeps its good letters', () => {
  expect(shownName('\u202eAnna\u0000 Kim\u200b')).toBe('Anna Kim')
  expect(shownName(`Z${'\u0300'.repeat(50)}oe`)).toBe('Z\u0300\u0300\u0300oe')
})

test.each([
  ['case', 'anna kim', 'Anna Kim', true],
  ['width', 'Ａnna', 'Anna', true],
  ['accents apart', 'é', 'e\u0301', true],
  ['an invisible character', 'An\u200bna', 'An na', true],
  ['another letter', 'Anna', 'Anne', false],
])('names that differ in %s', (_title, a, b, equal) => expect(nameKey(a) === nameKey(b)).toBe(equal))

test('people of the same name are shown with what tells them apart, and nobody else', () => {
  const people = [
    { account: 'a1b2c3', name: 'Анна Ким', signInName: 'anna.kim', pseudonym: 'A1' },
    { account: 'b2c3d4', name: 'анна  ким', signInName: null, pseudonym: 'A2' },
    { account: 'c3d4e5', name: 'Анна Ким\u200b', signInName: null, pseudonym: null },
    { account: 'd4e5f6', name: 'Болат', signInName: 'bolat', pseudonym: 'A4' },
  ]
  expect(namesApart(people)).toEqual(['Анна Ким (anna.kim)', 'анна ким (A2)', 'Анна Ким (c3d4)', 'Болат'])
})

test.each([
  ['a mark of direction in an Arabic title', 'مدينة (Aktobe)\u200f', null],
  ['a break', 'One\nTwo', null],
  ['an override', 'abc\u202efdp.exe', 4],
  ['an isolate that is not closed', '\u2067abc', 1],
  ['NUL', 'a\u0000', 2],
  ['an escape', 'a\u001b[31m', 2],
])('a title with %s', (_title, title, at) => {
  expect(titleFault(title)?.details.at ?? null).toBe(at)
})
