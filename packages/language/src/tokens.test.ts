import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hardText } from '../fixtures/texts.ts'
import { isBlank } from './characters.ts'
import { isGraphemeBoundary } from './graphemes.ts'
import { tokens } from './tokens.ts'

const drawn = (text: string) =>
  tokens(text)
    .map((range) => text.slice(...range))
    .join('|')

test.each([
  ['', ''],
  [' \n\u00a0', ''],
  ['Касым-Жомарт Токаев', 'Касым-Жомарт|Токаев'],
  ['1-інші Boeing-тың «Boeing»-тың', '1-інші|Boeing-тың|«|Boeing|»|-|тың'],
  ["O'Brien д’Артаньян 'слово'", "O'Brien|д’Артаньян|'|слово|'"],
  ['онлайн- и офлайн-форматах', 'онлайн|-|и|офлайн-форматах'],
  ['имени К.Жубанова собрались', 'имени|К.|Жубанова|собрались'],
  ['им. А. Байтурсынова', 'им.|А.|Байтурсынова'],
  ['Пушкин А.С. Поэт А.С.Пушкин', 'Пушкин|А.|С.|Поэт|А.|С.|Пушкин'],
  ['А.ІЛИЯС.', 'А.|ІЛИЯС|.'],
  ['Ә.Ғ. Бөкейхан Қ.Ә.Жұбанов', 'Ә.|Ғ.|Бөкейхан|Қ.|Ә.|Жұбанов'],
  ['до 10 G. Затем Z. Zhang A. Байтұрсынов', 'до|10|G|.|Затем|Z.|Zhang|A.|Байтұрсынов'],
  ['Т.к. И.о. Б.з.д. E.g. а.ә.б.', 'Т.к.|И.о.|Б.з.д.|E.g.|а.ә.б.'],
  ['Группа А.\nДалее', 'Группа|А|.|Далее'],
  ['Пётр I. Он ушёл. И. Иванов', 'Пётр|I|.|Он|ушёл|.|И.|Иванов'],
  ['So do I. Then came I. Newton', 'So|do|I|.|Then|came|I|.|Newton'],
  ['2,1 млрд. теңге, 56,3 процента', '2,1|млрд.|теңге|,|56,3|процента'],
  ['60% и №13, $5', '60|%|и|№|13|,|$|5'],
  ['5 тыс. 5тыс. ТЫС.', '5|тыс.|5тыс.|ТЫС.'],
  ['8–9-х классов', '8|–|9-х|классов'],
  ['2024 г. и 2025 ж.', '2024|г.|и|2025|ж.'],
  ['т.е. т.б. т. е. e.g. т.д', 'т.е.|т.б.|т.|е.|e.g.|т.д'],
  ['г.Алматы, ул.Абая, г.алматы', 'г.|Алматы|,|ул.|Абая|,|г.|алматы'],
  ['mail.kz. 2.0. 10.10.2025.', 'mail.kz|.|2.0|.|10.10.2025|.'],
  ['слово.Потом', 'слово|.|Потом'],
  ['Он помог им. рис. 3 вкусный рис.', 'Он|помог|им|.|рис.|3|вкусный|рис|.'],
  ['длина 5 м. см. рис. 3 м. Абай', 'длина|5|м|.|см.|рис.|3|м|.|Абай'],
  ['и др., слово...', 'и|др.|,|слово|.|.|.'],
  ['«Таза Қазақстан» – "Ел" (ООН)!', '«|Таза|Қазақстан|»|–|"|Ел|"|(|ООН|)|!'],
  ['👩🏽‍🚀🇰🇿🇷🇺❤️a', '👩🏽‍🚀|🇰🇿|🇷🇺|❤️|a'],
  ['e\u0301te \u0301', 'e\u0301te|\u0301'],
  ['г.а\u0301 т.б.а\u200d b.e\u0301', 'г.|а\u0301|т.б|.|а\u200d|b.e\u0301'],
  ['мя\u00adсо мясо\u00ad ', 'мя\u00adсо|мясо|\u00ad'],
  ['5\u00a0тыс.\r\nдва\u2028три\u0085четыре\u200bпять', '5|тыс.|два|три|четыре|пять'],
  ['漢字 ไทย', '漢|字|ไ|ท|ย'],
])('%j is %s', (text, expected) => expect(drawn(text)).toBe(expected))

test('each code unit that is no white space lies in exactly one token, and none holds white space', () => {
  fc.assert(
    fc.property(hardText, (text) => {
      let at = 0
      for (const [start, end] of tokens(text)) {
        expect(start).toBeGreaterThanOrEqual(at)
        expect(end).toBeGreaterThan(start)
        expect([...text.slice(at, start)].every(isBlank)).toBe(true)
        expect([...text.slice(start, end)].some(isBlank)).toBe(false)
        at = end
      }
      expect([...text.slice(at)].every(isBlank)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('tokens begin and end between characters, but for marks that hang on a blank', () => {
  fc.assert(
    fc.property(hardText, (text) => {
      const ends = tokens(text).flatMap(([start, end]) => (isBlank(text.charAt(start - 1)) ? [end] : [start, end]))
      expect(ends.filter((at) => !isGraphemeBoundary(text, at))).toEqual([])
    }),
    { numRuns: 1000 },
  )
})

test('the tokens of two lines are those of each', () => {
  fc.assert(
    fc.property(hardText, hardText, (one, two) => {
      const shifted = tokens(two).map(([start, end]) => [start + one.length + 1, end + one.length + 1])
      expect(tokens(`${one}\n${two}`)).toEqual([...tokens(one), ...shifted])
    }),
    { numRuns: 500 },
  )
})

test('a million characters, the longest article, are read like a few', () => {
  const text = 'Қ.Жұбанов атындағы 2,1 млрд. «теңге» '.repeat(27_000)
  expect(tokens(text).length).toBe(27_000 * 8)
})
