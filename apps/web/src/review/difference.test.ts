import type { Content, Range } from '@tamga/model'
import { describe, expect, test } from 'vitest'
import { differencesOf, kindOf, stretchesOf } from './difference.ts'

const text = 'президент Ассоциации «Гражданский альянс Казахстана» Бану Нургазиева'

/** A span from its words: their first places in the text, one range a quote; a label; attributes. */
function span(quotes: string, label = 'org', attributes: Record<string, string> = {}): Content {
  const ranges = quotes.split(' … ').map((quote): Range => [text.indexOf(quote), text.indexOf(quote) + quote.length])
  return { kind: 'span', ranges, label, attributes: Object.entries(attributes) }
}

describe('what differs', () => {
  test.each([
    ['nothing', span('альянс'), span('альянс'), [], 'several'],
    ['removed', span('альянс'), null, ['gone'], 'gone'],
    ['right edge', span('«Гражданский альянс'), span('«Гражданский альянс Казахстана»'), ['end'], 'end'],
    ['left edge', span('Гражданский альянс'), span('«Гражданский альянс'), ['start'], 'start'],
    [
      'both edges',
      span('Гражданский альянс'),
      span('Ассоциации «Гражданский альянс Казахстана»'),
      ['start', 'end'],
      'edges',
    ],
    ['a piece less', span('Гражданский … Казахстана'), span('Гражданский альянс Казахстана'), ['pieces'], 'pieces'],
    ['label', span('альянс', 'org'), span('альянс', 'fac'), ['label'], 'label'],
    [
      'attribute',
      span('альянс', 'org', { base: 'а' }),
      span('альянс', 'org', { base: 'б' }),
      ['attribute'],
      'attribute',
    ],
    ['new attribute', span('альянс'), span('альянс', 'org', { base: 'б' }), ['attribute'], 'attribute'],
    ['edge and label', span('Гражданский'), span('Гражданский альянс', 'fac'), ['end', 'label'], 'several'],
  ])('%s', (_, before, after, kinds, kind) => {
    const differences = differencesOf(before, after)
    expect(differences.map((one) => one.kind)).toEqual(kinds)
    expect(kindOf(differences)).toBe(kind)
  })

  test('an attribute is told with both values', () =>
    expect(differencesOf(span('альянс', 'org', { base: 'а' }), span('альянс'))).toEqual([
      { kind: 'attribute', attribute: 'base', before: 'а', after: null },
    ]))
})

describe('before and after stand in the same window', () => {
  const drawn = (content: Content, other: Content | null, around: number) =>
    stretchesOf(text, content, other, around)
      .map(({ text, inside }) => (inside ? `[${text}]` : text))
      .join('')

  const short = span('«Гражданский альянс')
  const long = span('«Гражданский альянс Казахстана»')

  test.each([
    ['before', short, long, 12, 'Ассоциации [«Гражданский альянс] Казахстана» Бану'],
    ['after', long, short, 12, 'Ассоциации [«Гражданский альянс Казахстана»] Бану'],
    ['no room around', short, long, 0, '[«Гражданский альянс] Казахстана»'],
    ['a word that is cut is left out', short, long, 4, '[«Гражданский альянс] Казахстана»'],
    ['two pieces', span('Гражданский … Казахстана'), null, 0, '[Гражданский] альянс [Казахстана]'],
    [
      'to the end of the line, from a whole word',
      span('Бану'),
      null,
      40,
      '«Гражданский альянс Казахстана» [Бану] Нургазиева',
    ],
  ])('%s', (_, content, other, around, expected) => expect(drawn(content, other, around)).toBe(expected))
})
