import { expect, test } from 'vitest'
import { hitsIn } from './hits.ts'

/** Hits as they are shown: the words around, the hit in brackets. */
const shown = (text: string, q: string, exact = false) =>
  hitsIn(text, { q, exact }).map(({ before, hit, after }) => `${before}[${hit}]${after}`)

test.each([
  ['казакстан', 'Біз Қазақстан халқымыз', ['Біз [Қазақстан] халқымыз']],
  ['ғылым', 'ГЫЛЫМ және ғылым', ['[ГЫЛЫМ] және ғылым', 'ГЫЛЫМ және [ғылым]']],
  ['🐎', '🐎🐎', ['[🐎]🐎', '🐎[🐎]']],
  ['нет', 'Қазақстан', []],
])('%s is found in %s', (q, text, expected) => expect(shown(text, q)).toEqual(expected))

test('exact is as typed, but for capitals', () => {
  expect(shown('Қала қала кала', 'қала', true)).toEqual(['[Қала] қала кала', 'Қала [қала] кала'])
  expect(shown('İzmir Қала', 'қала', true)).toEqual(['İzmir [Қала]'])
})

test('three hits are shown, and words around them without half a character', () => {
  expect(shown('а '.repeat(9), 'а')).toHaveLength(3)
  expect(hitsIn(`${'🐎'.repeat(30)}а${'🐎'.repeat(30)}`, { q: 'а', exact: false })[0]).toEqual({
    before: '🐎'.repeat(20),
    hit: 'а',
    after: '🐎'.repeat(20),
  })
  expect(hitsIn(`${'🐎'.repeat(30)}ба`, { q: 'а', exact: false })[0]!.before).toBe('🐎'.repeat(19) + 'б')
})
