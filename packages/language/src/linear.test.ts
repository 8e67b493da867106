import { expect, test } from 'vitest'
import { sentences as cut } from './sentences.ts'
import {
  detectLanguage,
  fold,
  graphemeBoundaries,
  isGraphemeBoundary,
  languages,
  letterRuns,
  nextGrapheme,
  previousGrapheme,
  slug,
  snap,
  sortKey,
  tokens,
  wordAt,
  words,
} from './index.ts'
import { linesAround } from './lines.ts'
import { composed } from './normal.ts'
import { partners } from './pairs.ts'
import { pieces } from './pieces.ts'
import type { Steps } from './steps.ts'

/** Each function of the package over a whole text, or from its middle and its ends. */
const functions: Readonly<Record<string, (text: string, steps: Steps) => unknown>> = {
  tokens,
  sentences: (text, steps) => languages.map((language) => cut(text, language, steps)),
  words,
  letterRuns,
  pieces,
  partners,
  detectLanguage,
  composed,
  fold,
  slug,
  sortKey: (text, steps) => languages.map((language) => sortKey(text, language, steps)),
  linesAround: (text, steps) => linesAround(text, text.length >> 1, text.length >> 1, steps),
  wordAt: (text, steps) => wordAt(text, text.length >> 1, steps),
  graphemeBoundaries: (text, steps) => [...graphemeBoundaries(text, steps)],
  isGraphemeBoundary: (text, steps) => isGraphemeBoundary(text, text.length - 1, steps),
  nextGrapheme: (text, steps) => [nextGrapheme(text, 0, steps), nextGrapheme(text, text.length >> 1, steps)],
  previousGrapheme: (text, steps) => previousGrapheme(text, text.length, steps),
  'snap in the middle': (text, steps) => snap(text, text.length >> 1, (text.length >> 1) + 3, steps),
  'snap the first half': (text, steps) => snap(text, 0, text.length >> 1, steps),
  'snap all': (text, steps) => snap(text, 0, text.length, steps),
}

const letters = [
  'а',
  'Ж',
  'қ',
  'І',
  'b',
  'Z',
  'é',
  'ß',
  'Σ',
  'İ',
  'α',
  'ب',
  'א',
  'क',
  'ก',
  '漢',
  'か',
  '한',
  'ǅ',
  '𝔸',
  '𞤀',
]
const others = [
  ...[
    '1',
    '٣',
    '²',
    'Ⅷ',
    '.',
    ',',
    '-',
    '‐',
    '–',
    '—',
    '_',
    "'",
    '’',
    '‘',
    '!',
    '?',
    '…',
    '。',
    ':',
    ';',
    '%',
    '№',
    '$',
    '#',
  ],
  ...['«', '»', '"', '“', '”', '„', '‹', '›', '(', ')', '[', ']', '{', '}'],
  ...[' ', '\u00a0', '\n', '\r', '\r\n', '\t', '\u2028', '\u0085', '\u200b', '\u0001'],
  ...['\u0301', '\u0316', '\u200d', '\u200c', '\u00ad', '\u2060', '\u200e', '\u200f', '\ufe0f', '\u0483', '\u0482'],
  ...['😀', '❤', '👩‍🚀', '👩\u200d', '🏽', '🇰', '🇰🇿', '\u{e0061}', '\ud83d', '\ude00'],
]
/** Units whose repetition meets the rules for dots, pairs, joiners and sentences. */
const units = [
  ...[
    'т.',
    'т.е.',
    'тыс. ',
    'А. ',
    'А.',
    'И.о.',
    'e.g.',
    'г. Он ',
    'а.а',
    '.а',
    'аа.',
    'aa.',
    'а.҂',
    '1. ',
    '1.\n',
    '1. «',
  ],
  ...['а-', 'а­', "а'", 'а_', '1,', '1.', '5%', '№5', '$5$', '%-а', '1–', 'а\u0301', 'а\u0301-', 'Σ.', "Σ'", '.Σ'],
  ...['😀 ', '. 😀 ', '😀\u0301', '😀\u200d😀\u200d', '❤\ufe0f\u200d', '🏽\u200d', '🇰\u0301'],
  ...[
    '« ',
    '. « ',
    '.« ',
    '» ',
    '.» ',
    '" ',
    ' "а',
    'а" ',
    '«а» ',
    '(а',
    'а)',
    '([',
    ')]',
    '“„',
    '„“”',
    '«)',
    '- ',
    '– ',
    '. – ',
  ],
  ...[
    'а\u200fب ',
    '漢。',
    'Я. ',
    'Он. ',
    'Ол ',
    'the. ',
    '\r\n\n',
    '\u0301\u0316',
    'x\u0316\u0301',
    'а\n«',
    '2.0',
    'I. ',
  ],
]

// every eleventh pair: each sign is in several, as the first and as the second
const pairs = [...letters, ...others].flatMap((one, i) =>
  others.flatMap((other, j) => ((i * 7 + j) % 11 === 0 ? [one + other] : [])),
)

const steps = (act: (text: string, steps: Steps) => unknown, text: string): number => {
  const counter = { taken: 0 }
  act(text, counter)
  return counter.taken
}

/** Texts of one repeated unit, a beginning and an end: what begins at the first sign and fails at the last one. */
const texts = (unit: string, times: number): string[] => [
  unit.repeat(times),
  `а${unit.repeat(times)}`,
  `1. ${unit.repeat(times)}Я`,
  `${unit.repeat(times)}${[...unit].reverse().join('').repeat(times)}`,
]

test.each(Object.entries(functions))('%s takes steps in proportion to a text of any repeated unit', (_name, act) => {
  const slow: string[] = []
  let looked = 0
  for (const unit of [...letters, ...others, ...units, ...pairs]) {
    const [less, more] = [texts(unit, 25), texts(unit, 100)]
    for (const [i, text] of less.entries()) {
      const [few, many] = [steps(act, text), steps(act, more[i]!)]
      looked += few
      if (many > 8 * few) slow.push(`${JSON.stringify(unit)} (${i}): ${few}, ${many}`)
    }
  }
  expect(slow).toEqual([])
  expect(looked).toBeGreaterThan(0)
})

test('the counter sees what a function does: characters that are looked at twice count twice', () => {
  expect(steps(tokens, 'а'.repeat(50))).toBeGreaterThanOrEqual(50)
  const again: Steps = { taken: 0 }
  for (let at = 0; at < 200; at++) isGraphemeBoundary('😀'.repeat(100), at, again)
  expect(again.taken).toBeGreaterThan(200 * 25)
})

test('puts 400,000 marks on one letter in order, and such as a text has exactly as Unicode says', () => {
  expect(composed(`а${'\u0301\u0316'.repeat(200_000)}`).length).toBeGreaterThan(400_000 - 10)
  for (const text of ['е\u0308лка', 'q\u0307\u0323', `a${'\u0301\u0316'.repeat(15)}`])
    expect(composed(text)).toBe(text.normalize('NFC'))
})
