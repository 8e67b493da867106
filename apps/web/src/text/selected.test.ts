import { expect, test } from 'vitest'
import { blocksOf } from './paragraphs.ts'
import { extended, seen, selectedOf, stepped, type Selected } from './selected.ts'
import { WordWalk } from './word-walk.ts'

/** A text with a selection drawn into it: `[` the anchor and `]` the head, or `]` before `[` when it goes backwards. */
function pictured(picture: string): { text: string; walk: WordWalk; selected: Selected } {
  const text = picture.replaceAll(/[[\]]/g, '')
  const [anchor, head] = [picture.indexOf('['), picture.indexOf(']')]
  const forwards = anchor < head
  const selected = selectedOf(text, forwards ? anchor : anchor - 1, forwards ? head - 1 : head, true)
  if (!selected) throw new Error(`nothing is selected in ${picture}`)
  return { text, walk: new WordWalk(text, blocksOf(text)), selected }
}

function drawn(text: string, selected: Selected | null): string {
  if (!selected) return text
  const [anchor, head] = seen(selected)
  const [start, end] = selected.range
  const [open, close] = anchor <= head ? '[]' : ']['
  return text.slice(0, start) + open + text.slice(start, end) + close + text.slice(end)
}

test.each([
  ['[один] два', 1, 'один [два]'],
  ['один [два]\n\nтри', 1, 'один два\n\n[три]'],
  ['один два [три]', -1, 'один [два] три'],
  ['один два [три]', 1, 'один два [три]'],
  ['[один], «два»', 1, 'один, «[два]»'],
] as const)('%j steps by %i to %j', (before, by, after) => {
  const { text, walk, selected } = pictured(before)
  expect(drawn(text, stepped(text, walk, selected, by, 0))).toBe(after)
})

test('the first step goes to the first word on the screen', () => {
  const { text, walk } = pictured('[один] два три')
  expect(drawn(text, stepped(text, walk, null, 1, 5))).toBe('один [два] три')
})

test.each([
  ['[один] два три', 1, '[один два] три'],
  ['один два [три]', -1, 'один ]два три['],
  ['[один два] три', -1, '[один] два три'],
  ['один ]два три[', 1, 'один два ]три['],
  ['[фонда] «Қазақстан халқына»', 1, '[фонда «Қазақстан халқына»]'],
  ['[фонда «Қазақстан халқына»]', -1, '[фонда] «Қазақстан халқына»'],
] as const)('%j extends by %i to %j', (before, by, after) => {
  const { text, walk, selected } = pictured(before)
  expect(drawn(text, extended(text, walk, { ...selected, exact: false }, 'word', by))).toBe(after)
})

test.each([
  ['[Ақтөбе]де', 1, '[Ақтөбед]е'],
  ['[Ақтөбе]де', -1, '[Ақтөб]еде'],
  ['[a👩🏽‍🚀]b', -1, '[a]👩🏽‍🚀b'],
  ['[a]🇰🇿', 1, '[a🇰🇿]'],
] as const)('%j extends by %i letter to %j', (before, by, after) => {
  const { text, walk, selected } = pictured(before)
  expect(drawn(text, extended(text, walk, selected, 'letter', by))).toBe(after)
})

test('exact letters never cut a character', () => {
  expect(selectedOf('🇰🇿 a', 1, 2, true)?.range).toEqual([0, 4])
  expect(selectedOf('ab', 1, 1, true)).toBe(null)
})
