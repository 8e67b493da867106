import { digestOf, Settings, type Range } from '@tamga/model'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { setLocale } from '../i18n/index.svelte.ts'
import type { Article } from '../text/article.ts'
import { articleOf, keeping, Line, text } from '../text/line.fixture.ts'
import { Room } from '../text/room.svelte.ts'
import { editorCommands } from './commands.ts'
import { Editing } from './editing.svelte.ts'

let room: Room
let line: Line
let editing: Editing

beforeEach(() => open())
afterEach(() => close())

function open(part: Partial<Article> = {}) {
  setLocale('en')
  line = new Line()
  room = new Room(articleOf(part), { me: 'me', reload: async () => articleOf(part), socket: line.Socket, ...keeping() })
  editing = new Editing(room)
}

function close() {
  editing.dispose()
  room.dispose()
}

/** Selects the first place of a quote, as a click or a drag does. */
function select(quote: string) {
  const start = text.indexOf(quote)
  const range: Range = [start, start + quote.length]
  editing.select({ anchor: range[0], head: range[1], exact: false, range })
}

/** The surface tells this itself when its selection is taken away. */
function put(label: string) {
  editing.putLabel(label)
  editing.select(null)
}

/** The spans in reading order, as «CODE quote». */
const spans = () =>
  room.annotations.spans.map((span) => `${editing.codeOf(span.content.label)} ${editing.quote(span.content)}`)

function mark(quote: string, label: string) {
  select(quote)
  put(label)
}

test('a label goes on the selection, and the span is chosen', () => {
  mark('Ақтөбеде', 'city')
  expect(spans()).toEqual(['CITY Ақтөбеде'])
  expect(editing.span?.content.label).toBe('city')
  expect(editing.said).toBe('CITY “Ақтөбеде” marked.')
})

test('with a span chosen a label takes the place of the one it has', () => {
  mark('Ақтөбеде', 'city')
  put('evt')
  expect(spans()).toEqual(['EVT Ақтөбеде'])
})

test('the same label on the same words chooses what is there', () => {
  mark('Ақтөбеде', 'city')
  mark('Ақтөбеде', 'city')
  expect(spans()).toEqual(['CITY Ақтөбеде'])
  expect(editing.said).toContain('already')
})

test('undo takes back my acts by name and never what somebody did since', () => {
  mark('Ақтөбеде', 'city')
  put('evt')
  editing.undo()
  expect(editing.said).toBe('Undone: label of “Ақтөбеде”.')
  expect(spans()).toEqual(['CITY Ақтөбеде'])
  line.layer.setAttribute(editing.span!.id, 'base', 'Ақтөбе')
  editing.undo()
  expect(spans()).toEqual(['CITY Ақтөбеде'])
  expect(editing.said).toContain('Somebody changed it since')
  editing.undo()
  expect(editing.said).toContain('Nothing more of yours')
})

test('a selection is added to the span chosen before, and parted again', () => {
  mark('Асхат', 'per')
  select('қатысты')
  editing.addPart()
  expect(spans()).toEqual(['PER Асхат … қатысты'])
  editing.setRanges(editing.span!.id, editing.span!.content.ranges.slice(0, 1))
  expect(spans()).toEqual(['PER Асхат'])
})

test('edges move by the word and say what the span is now', () => {
  mark('Асхат', 'per')
  editing.moveEdge('end', true, 'word')
  expect(spans()).toEqual(['PER Асхат Шахаров'])
  expect(editing.said).toBe('Now “Асхат Шахаров”.')
})

test('removed by somebody else, a span is not chosen any more', async () => {
  mark('Асхат', 'per')
  await expect.poll(() => line.layer.has(editing.chosen ?? '')).toBe(true)
  line.layer.setGone(editing.chosen!, true)
  expect(editing.chosen).toBeNull()
  expect(spans()).toEqual([])
})

test('a twin made by somebody else is one span with two makers, and is relabelled as one', async () => {
  await expect.poll(() => room.loaded).toBe(true)
  mark('Асхат', 'per')
  line.layer.add({ kind: 'span', ranges: [[43, 48]], label: 'per', attributes: [] }, { id: 'A'.repeat(16) })
  expect(spans()).toEqual(['PER Асхат'])
  expect(editing.span?.twins).toHaveLength(2)
  put('city')
  expect(editing.span?.twins).toHaveLength(2)
  expect(spans()).toEqual(['CITY Асхат'])
})

test('an annotator takes back their own of two equal spans, a reviewer both', async () => {
  await expect.poll(() => room.loaded).toBe(true)
  const other = { kind: 'span', ranges: [[43, 48]], label: 'per', attributes: [] } as const
  line.layer.add(other, { id: 'A'.repeat(16) })
  mark('Шахаров', 'per')
  const mine = editing.chosen!
  editing.setRanges(mine, [[43, 48]])
  expect(editing.span?.twins).toEqual(['A'.repeat(16), mine].sort())
  editing.remove()
  expect(room.layer.read(mine)?.gone).toBe(true)
  expect(spans()).toEqual(['PER Асхат'])
})

test('a viewer marks nothing and is told who can change that', () => {
  close()
  open({ role: 'viewer' })
  select('Асхат')
  put('per')
  expect(spans()).toEqual([])
  expect(editing.said).toBe('You are a viewer here, so you cannot mark. Мәдина Ермек can change that.')
})

test('arrows walk from span to span and from the outer to the inner', () => {
  mark('Ақтөбеде', 'city')
  mark('XII Азаматтық форум', 'evt')
  mark('XII', 'ord')
  const go = (code: string) => {
    editing.takeKey({ code } as KeyboardEvent)
    return editing.span && editing.quote(editing.span.content)
  }
  expect(go('ArrowUp')).toBe('XII Азаматтық форум')
  expect(go('ArrowLeft')).toBe('Ақтөбеде')
  expect(go('ArrowRight')).toBe('XII Азаматтық форум')
  expect(go('ArrowDown')).toBe('XII')
})

describe('where the project locks what is approved', () => {
  const reason = 'This span is approved, and in this project only a reviewer changes what is approved.'

  /** A span that was approved, chosen. */
  async function openApproved(role: 'annotator' | 'reviewer', lockApproved = true) {
    close()
    open({ role, settings: Settings.parse({ lockApproved }) })
    await expect.poll(() => room.loaded).toBe(true)
    const id = 'A'.repeat(16)
    const content = { kind: 'span', ranges: [[43, 48]], label: 'per', attributes: [] } as const
    line.layer.add(content, { id })
    const ruling = {
      account: 'owner',
      verdict: 'approve',
      digest: digestOf(content, text),
      order: 1,
      own: false,
    } as const
    const rulings = [{ ...ruling, annotation: id, reason: null, at: '2025-01-01T00:00:00.000Z' }]
    room.standing.restart({ ...room.article, rulings })
    room.annotations.refresh()
    editing.choose(id)
    expect(editing.span?.state).toBe('approved')
  }

  /** Why each command on the chosen span cannot be used, or true if it can. */
  const states = (...ids: string[]) =>
    Object.fromEntries(
      editorCommands(editing)
        .filter(({ id }) => ids.includes(id))
        .map((command) => [command.id, command.when?.()]),
    )

  test('an annotator’s commands are greyed out with the reason, and nothing is written', async () => {
    await openApproved('annotator')
    const greyed = states('span.picker', 'span.remove', 'span.start.out.word', 'span.unsure')
    expect(greyed).toEqual({
      'span.picker': reason,
      'span.remove': reason,
      'span.start.out.word': reason,
      'span.unsure': true,
    })
    put('city')
    editing.setRanges(editing.chosen!, [[43, 56]])
    editing.setAttribute('base', 'x')
    editing.remove()
    expect([editing.said.trim(), spans(), room.pending]).toEqual([reason, ['PER Асхат'], 0])
    editing.setUnsure(true)
    expect(editing.span?.unsure).toBe(true)
    select('Ақтөбеде')
    put('city')
    expect(spans()).toEqual(['CITY Ақтөбеде', 'PER Асхат'])
    select('Шахаров')
    expect(states('span.part')).toEqual({ 'span.part': true })
  })

  test('no part is added to it either', async () => {
    await openApproved('annotator')
    select('Шахаров')
    expect(states('span.part')).toEqual({ 'span.part': reason })
    editing.addPart()
    expect([editing.said, room.pending]).toEqual([reason, 0])
  })

  test.each([
    ['a reviewer', 'reviewer', true],
    ['anybody where the project does not lock', 'annotator', false],
  ] as const)('%s changes it', async (_name, role, lock) => {
    await openApproved(role, lock)
    expect(editing.locked).toBeNull()
    put('city')
    expect(spans()).toEqual(['CITY Асхат'])
  })
})
