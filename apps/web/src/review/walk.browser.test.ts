import type { Content } from '@tamga/model'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { commands } from '../commands/index.ts'
import { clashesOf } from '../commands/keys.ts'
import { setLocale } from '../i18n/index.svelte.ts'
import type { Article } from '../text/article.ts'
import { articleOf, keeping, Line, text } from '../text/line.fixture.ts'
import { Room } from '../text/room.svelte.ts'
import { draftCommands, endCommands, reviewCommands } from './commands.ts'
import { Walk } from './walk.svelte.ts'

let room: Room
let line: Line
let walk: Walk

/** What the server answers to decisions, and the decisions that came to it. It tells no histories. */
let answer: unknown
let decided: readonly { annotation: string; verdict: string; shown: Content }[]

beforeEach(() => {
  setLocale('en')
  line = new Line()
  decided = []
  answer = { results: [{ ok: true }] }
  vi.stubGlobal('fetch', async (url: string, { body }: { body: string }) => {
    if (!url.endsWith('/decisions')) return new Response('', { status: 404 })
    decided = (JSON.parse(body) as { items: typeof decided }).items
    return Response.json(answer)
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  walk.dispose()
  room.dispose()
})

/** A span of the article on the server's side, made by somebody else. */
function marked(id: string, quote: string, label: string) {
  const start = text.indexOf(quote)
  line.layer.add({ kind: 'span', ranges: [[start, start + quote.length]], label, attributes: [] }, { id: idOf(id) })
}

const idOf = (letter: string) => letter.repeat(16)

/** Three spans, and a walk that has begun. */
async function open(part: Partial<Article> = {}) {
  marked('A', 'Ақтөбеде', 'city')
  marked('B', 'XII', 'ord')
  marked('C', 'Асхат', 'per')
  const article = articleOf({ role: 'reviewer', ...part })
  room = new Room(article, { me: 'me', reload: async () => article, socket: line.Socket, ...keeping() })
  walk = new Walk(room, 'me')
  await expect.poll(() => room.loaded).toBe(true)
  walk.begin()
}

const quote = () => walk.span && walk.quote(walk.span.content)

const ruling = (annotation: string, verdict: 'approve' | 'reject', digest: string) => ({
  annotation,
  account: 'owner',
  verdict,
  digest,
  reason: verdict === 'reject' ? ('label' as const) : null,
  order: 1,
  own: false,
  at: '2026-01-01T00:00:00Z',
})

describe('the way', () => {
  test('begins at the first span and goes on in reading order', async () => {
    await open()
    expect(quote()).toBe('Ақтөбеде')
    walk.later()
    expect(quote()).toBe('XII')
  })

  test('what is put off comes after all others, and back leads where one was', async () => {
    await open()
    walk.later()
    expect(walk.queue).toEqual([idOf('B'), idOf('C'), idOf('A')])
    walk.back()
    expect(quote()).toBe('Ақтөбеде')
  })

  test('begins where reviewers disagree', async () => {
    await open()
    const { digest } = room.annotations.byId.get(idOf('C'))!
    const two = [ruling(idOf('C'), 'approve', digest), { ...ruling(idOf('C'), 'reject', digest), account: 'third' }]
    room.standing.restart({ ...room.article, rulings: two })
    room.annotations.refresh()
    walk.go(null)
    walk.begin()
    expect(quote()).toBe('Асхат')
  })
})

describe('a decision', () => {
  test('is about exactly what is shown, and leads on', async () => {
    await open()
    const { shown } = walk
    await walk.approve()
    expect(decided).toMatchObject([{ annotation: idOf('A'), verdict: 'approve', shown }])
    expect(quote()).toBe('XII')
  })

  test('that is refused stays there and shows what stands now', async () => {
    await open()
    const shown = walk.shown!
    const now = { ...shown, label: 'far' }
    answer = { results: [{ ok: false, difference: { annotation: idOf('A'), shown, now, by: { name: 'Мәдина' } } }] }
    await walk.approve()
    expect(quote()).toBe('Ақтөбеде')
    expect(walk.refused?.by).toBe('Мәдина')
    expect(walk.shown?.label).toBe('far')
  })

  test('waits no more for me, and its seal drops when it comes back as a fact', async () => {
    await open()
    const { digest } = walk
    await walk.approve()
    expect(walk.queue).toEqual([idOf('B'), idOf('C')])
    expect(walk.decisions.sealed).toBeNull()
    const mine = { ...ruling(idOf('A'), 'approve', digest), account: 'me', article: 'article' }
    line.state({ scope: 'project/project', n: 11, kind: 'decided', payload: mine })
    expect(walk.decisions.sealed).toBe(idOf('A'))
    expect(walk.decisions.last).toBe(idOf('A'))
  })
})

describe('a correction', () => {
  test('is made beside the span, which stays as it is', async () => {
    await open()
    walk.go(idOf('C'))
    walk.startAmending()
    walk.amendment?.moveEdge('end', true, 'word')
    void walk.putLabel('far')
    walk.amendment?.setAttribute('base', 'Асхат')
    expect(walk.said).toBe('Now FAR.')
    expect(walk.amendment?.content).toMatchObject({ label: 'far', ranges: [[43, 56]], attributes: [['base', 'Асхат']] })
    expect(walk.span?.content).toMatchObject({ label: 'per', ranges: [[43, 48]], attributes: [] })
  })

  test('begins with an edge that is dragged, and is dropped when one leaves it', async () => {
    await open()
    walk.setRanges([[0, 4]])
    expect(walk.mode).toBe('amend')
    walk.leave()
    expect([walk.mode, walk.amendment]).toEqual(['look', null])
  })
})

test('words that are selected are words that may have been missed', async () => {
  await open()
  walk.select({ anchor: 14, head: 24, exact: false, range: [14, 24] }, true)
  expect(walk.mode).toBe('miss')
  walk.leave()
  expect(walk.mode).toBe('look')
})

test('a label on missed words that somebody marked so goes to that span', async () => {
  await open()
  walk.select({ anchor: 43, head: 48, exact: false, range: [43, 48] }, true)
  await walk.putLabel('per')
  expect(quote()).toBe('Асхат')
})

describe('somebody changes the span in question', () => {
  test('and what stood there before is kept beside what stands now', async () => {
    await open()
    line.layer.setLabel(idOf('A'), 'far')
    expect(walk.moved?.before.label).toBe('city')
    expect(walk.moved?.after?.label).toBe('far')
    expect(walk.shown?.label).toBe('far')
  })

  test('and a press right after it decides nothing', async () => {
    await open()
    line.layer.setLabel(idOf('A'), 'far')
    await walk.approve()
    expect(walk.act.busy).toBe(false)
    expect(decided).toEqual([])
    expect(walk.said).toBe('It has just changed. Look at it once more, then decide.')
  })

  test('after its approval it is removed: that is asked about, and can be left', async () => {
    await open()
    const { digest } = room.annotations.byId.get(idOf('A'))!
    room.standing.restart({ ...room.article, rulings: [ruling(idOf('A'), 'approve', digest)] })
    line.layer.setGone(idOf('A'), true)
    walk.go(idOf('A'))
    expect([walk.isRemoved, walk.spans.length]).toEqual([true, 3])
    walk.leaveRemoved()
    expect([quote(), walk.spans.length]).toEqual(['XII', 2])
  })
})

test('no key is wanted by two commands that can run at once', async () => {
  await open()
  expect(clashesOf([...commands, ...reviewCommands(walk)])).toEqual([])
  expect(clashesOf([...commands, ...draftCommands(walk)])).toEqual([])
  expect(clashesOf([...commands, ...endCommands(walk)])).toEqual([])
})
