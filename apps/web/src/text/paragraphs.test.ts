import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockAt, blocksOf, sectionsOf } from './paragraphs.ts'

const drawn = (text: string) =>
  blocksOf(text).map(({ start, end, paragraph, kind }) => `${kind}${paragraph}:${text.slice(start, end)}`)

test.each([
  ['', []],
  ['one', ['first1:one']],
  ['one\ntwo', ['first1:one\n', 'first2:two']],
  ['one\n\ntwo\n', ['first1:one\n', 'empty1:\n', 'first2:two\n']],
  ['\n \t\none', ['empty0:\n', 'empty0: \t\n', 'first1:one']],
  ['one\r\ntwo', ['first1:one\r\n', 'first2:two']],
])('%j', (text, blocks) => expect(drawn(text)).toEqual(blocks))

test('a long paragraph is cut after a sentence, else after a word, else anywhere but inside a character', () => {
  const sentences = 'Сөйлем біреу ғана. '.repeat(150)
  const words = 'сөз '.repeat(800)
  const family = '👨‍👩‍👧‍👦'.repeat(300)
  const parts = (text: string) => blocksOf(text).map(({ start, end }) => text.slice(start, end))
  expect(
    parts(sentences)
      .slice(0, -1)
      .every((part) => part.endsWith('ғана. ')),
  ).toBe(true)
  expect(
    parts(words)
      .slice(0, -1)
      .every((part) => part.endsWith('сөз ')),
  ).toBe(true)
  expect(parts(family).every((part) => part.length % '👨‍👩‍👧‍👦'.length === 0)).toBe(true)
  for (const text of [sentences, words, family])
    expect(Math.max(...parts(text).map((part) => part.length))).toBeLessThanOrEqual(2000)
})

const texts = fc
  .array(fc.constantFrom('а', 'ә', '. ', ' ', '\n', '\n\n', 'слово '.repeat(200), '🇰🇿', '\r\n'))
  .map((parts) => parts.join(''))

test('blocks joined are the text, and every offset lies in its block', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const blocks = blocksOf(text)
      expect(blocks.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text)
      for (let offset = 0; offset < text.length; offset += 97) {
        const block = blocks[blockAt(blocks, offset)]
        expect(block && block.start <= offset && offset < block.end).toBe(true)
      }
    }),
  )
})

test('sections hold all blocks in order, at most eight paragraphs or about 4,000 characters each', () => {
  const blocks = blocksOf(`${'word '.repeat(30)}\n\n`.repeat(20) + 'long '.repeat(3000))
  const sections = sectionsOf(blocks)
  expect(sections.flatMap(([from, to]) => blocks.slice(from, to))).toEqual(blocks)
  for (const [from, to] of sections) {
    const held = blocks.slice(from, to)
    expect(new Set(held.map(({ paragraph }) => paragraph)).size).toBeLessThanOrEqual(9)
    expect((held.at(-1)?.end ?? 0) - (held[0]?.start ?? 0)).toBeLessThanOrEqual(4000)
  }
})
