import { Problem, type Annotation, type Content } from '@tamga/model'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Article } from './article.ts'
import { articleOf, Desk, keeping, Line } from './line.fixture.ts'
import { Outbox } from './outbox.ts'
import { Room, type RoomOptions } from './room.svelte.ts'
import { byAsking } from './tabs.ts'

const city: Content = { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [] }
const person: Content = { kind: 'span', ranges: [[43, 56]], label: 'per', attributes: [] }
const other = articleOf({ id: 'other', title: 'Форум' })

let line: Line
let outbox: Outbox
let desk: Desk
const rooms: Room[] = []
beforeEach(() => {
  line = new Line()
  ;({ outbox, desk } = keeping())
})
afterEach(() => rooms.splice(0).forEach((room) => room.dispose()))

/** Opens the article as a page does, on the outbox of this test's account. */
function open(article: Article = articleOf(), part: Partial<RoomOptions> = {}): Room {
  const room = new Room(article, { me: 'me', reload: async () => article, socket: line.Socket, outbox, desk, ...part })
  rooms.push(room)
  return room
}

/** The page goes, as by a reload or a crash: what it has not sent stays behind. */
function leave(room: Room): void {
  rooms.splice(rooms.indexOf(room), 1)
  room.dispose()
}

function mark(room: Room, content: Content): string {
  const id = room.newId()
  room.layer.add(content, { id })
  return id
}

const down = () => {
  line.isUp = false
  line.hangUp()
}
const left = async () => (await outbox.left()).map(({ article, title, n, lost }) => [article, title, n, lost])
const labelAt = (id: string) => line.layer.read(id)?.content.label

describe('edits that were not sent', () => {
  test('arrive with the next page that opens the article, in their order, and are forgotten when acknowledged', async () => {
    line.isUp = false
    const before = open()
    const id = mark(before, city)
    before.layer.setLabel(id, 'evt')
    before.layer.setLabel(id, 'per')
    const gone = mark(before, person)
    before.layer.setGone(gone, true)
    expect(before.pending).toBe(5)
    leave(before)
    await expect.poll(left).toEqual([['article', 'Ақтөбеде', 5, 0]])

    line.isUp = true
    const after = open()
    await expect.poll(() => labelAt(id)).toBe('per')
    await expect.poll(() => line.layer.read(gone)?.gone).toBe(true)
    expect(after.pending).toBe(5)
    expect(after.annotations.byId.get(id)?.pending).toBe(true)
    line.acknowledge()
    await expect.poll(() => after.pending).toBe(0)
    leave(after)
    await expect.poll(left).toEqual([])
  })

  test('that were stored after all are not written twice', async () => {
    const before = open()
    await expect.poll(() => before.loaded).toBe(true)
    const id = mark(before, city)
    before.layer.setLabel(id, 'evt')
    expect(before.pending).toBe(2)
    leave(before)
    const stored = Y.encodeStateVector(line.doc)
    const after = open()
    await expect.poll(() => after.loaded).toBe(true)
    await expect.poll(left).toEqual([])
    expect(after.pending).toBe(0)
    expect(Y.encodeStateVector(line.doc)).toEqual(stored)
    expect(after.annotations.spans.map((span) => [span.id, span.content.label])).toEqual([[id, 'evt']])
  })

  test('are counted for any page while nobody is at work on them', async () => {
    line.isUp = false
    const here = open()
    const there = open(other)
    mark(here, city)
    mark(there, city)
    mark(there, person)
    await expect.poll(() => there.pending).toBe(2)
    expect(await left()).toEqual([])
    leave(there)
    await expect.poll(left).toEqual([['other', 'Форум', 2, 0]])
  })

  test('of a page that lives are left to it', async () => {
    line.isUp = false
    const first = open()
    const id = mark(first, city)
    const second = new Line()
    const beside = open(articleOf(), { socket: second.Socket })
    await expect.poll(() => beside.loaded).toBe(true)
    const own = mark(beside, person)
    await expect.poll(() => second.layer.has(own)).toBe(true)
    expect(await outbox.adopt('article', 'a third', () => 0)).toEqual([])
    expect(second.layer.has(id)).toBe(false)
    leave(first)
    await expect.poll(() => second.layer.has(id)).toBe(true)
  })

  test('of another account are never sent, nor counted', async () => {
    line.isUp = false
    const mine = open()
    const id = mark(mine, city)
    leave(mine)
    await expect.poll(left).toHaveLength(1)
    line.isUp = true
    const { outbox: theirs } = keeping()
    const hers = open(articleOf(), { me: 'owner', outbox: theirs })
    await expect.poll(() => hers.loaded).toBe(true)
    await expect.poll(() => theirs.left()).toEqual([])
    expect([hers.pending, line.layer.has(id)]).toEqual([0, false])
    expect(await left()).toHaveLength(1)
  })

  test('go on into a new document, once', async () => {
    const room = open(articleOf(), { reload: async () => articleOf({ layer: { id: 'layer', epoch: 2 } }) })
    await expect.poll(() => room.loaded).toBe(true)
    down()
    const id = mark(room, city)
    room.layer.setUnsure(id, true)
    expect(room.pending).toBe(2)
    line.doc = new Y.Doc()
    line.epoch = 2
    line.isUp = true
    await expect.poll(() => line.layer.read(id)?.unsure).toBe(true)
    expect([room.pending, room.annotations.spans.length]).toEqual([2, 1])
    expect(room.undo.undo()?.act).toBe('unsure')
    expect(room.undo.undo()).toMatchObject({ act: 'add', left: [] })
    expect(room.undo.canUndo).toBe(false)
  })

  test('live in the tab alone, and are sent from there, where the browser keeps nothing', async () => {
    outbox = new Outbox('none', { opening: () => Promise.reject(new Error('forbidden')) })
    const room = open()
    await expect.poll(() => room.keeps).toBe(false)
    line.isUp = false
    line.hangUp()
    const id = mark(room, city)
    expect(room.pending).toBe(1)
    line.isUp = true
    await expect.poll(() => line.layer.has(id)).toBe(true)
    line.acknowledge()
    await expect.poll(() => room.pending).toBe(0)
  })
})

describe('what cannot be sent', () => {
  /** An edit made without a line, over which somebody else writes meanwhile. */
  async function overtaken(): Promise<{ id: string; room: Room }> {
    const before = open()
    await expect.poll(() => before.loaded).toBe(true)
    const id = mark(before, city)
    line.acknowledge()
    down()
    before.layer.setLabel(id, 'evt')
    leave(before)
    line.layer.setLabel(id, 'per')
    line.isUp = true
    const room = open()
    await expect.poll(() => room.asides.list).toMatchObject([{ code: 'edit_overtaken', value: ['evt'] }])
    return { id, room }
  }

  test('a value that was changed meanwhile stays, and mine stays in a list over reloads', async () => {
    const { id, room } = await overtaken()
    expect([labelAt(id), room.pending]).toEqual(['per', 0])
    leave(room)
    await expect.poll(left).toEqual([['article', 'Ақтөбеде', 1, 1]])
    const again = open()
    await expect.poll(() => again.asides.list).toMatchObject([{ code: 'edit_overtaken', kept: 'browser' }])
  })

  test('what is lost while the list is read is in it', async () => {
    const { room } = await overtaken()
    const [lost] = await outbox.lostOf('article')
    const read = room.asides.loadHere()
    room.asides.add([{ ...lost!, id: 'meanwhile' }])
    await read
    expect(room.asides.list.map(({ id }) => id)).toEqual([lost!.id, 'meanwhile'])
  })

  test('it is written once more at a word, over what stands', async () => {
    const { id, room } = await overtaken()
    await room.again(room.asides.list[0]!)
    expect(labelAt(id)).toBe('evt')
    expect(room.asides.list).toEqual([])
    await expect.poll(async () => (await outbox.lostOf('article')).length).toBe(0)
  })

  test('it goes to the reviewers by way of the server, or is dropped', async () => {
    const { id, room } = await overtaken()
    await room.asides.hand(room.asides.list[0]!)
    expect(desk.asked).toEqual([`keep ${id}/label`, 'hand'])
    expect(room.asides.list).toMatchObject([{ kept: 'server', handedAt: expect.any(String) as string }])
    expect(await outbox.lostOf('article')).toEqual([])
    await room.asides.drop(room.asides.list[0]!)
    expect([desk.asked.at(-1), room.asides.list]).toEqual(['dropped', []])
  })

  test('without the right to mark nothing is sent, and all of it stays to be copied or dropped', async () => {
    line.isUp = false
    const before = open()
    const id = mark(before, city)
    leave(before)
    line.isUp = true
    const room = open(articleOf({ role: 'viewer' }))
    await expect.poll(() => room.stuck).toMatchObject([{ key: id }])
    await expect.poll(() => room.loaded).toBe(true)
    expect([room.pending, line.layer.has(id)]).toEqual([0, false])
    room.dropStuck(room.stuck[0]!)
    expect(room.stuck).toEqual([])
    leave(room)
    await expect.poll(left).toEqual([])
  })

  test('when the right goes while it is pending it is stuck, and sent if the right comes back', async () => {
    const room = open()
    await expect.poll(() => room.loaded).toBe(true)
    down()
    const id = mark(room, city)
    line.isUp = true
    line.hangsUpWith = 4403
    await expect.poll(() => room.ending).toBe('forbidden')
    expect([room.stuck.length, room.pending]).toEqual([1, 0])
    leave(room)
    line.hangsUpWith = null
    const again = open()
    await expect.poll(() => line.layer.has(id)).toBe(true)
    expect(again.stuck).toEqual([])
  })

  test('what the server could not read is not sent again', async () => {
    const room = open()
    await expect.poll(() => room.loaded).toBe(true)
    const id = mark(room, city)
    line.doc = new Y.Doc()
    line.hangUp(4400)
    expect(room.ending).toBe('malformed')
    expect(room.asides.list).toMatchObject([{ key: id, code: 'annotation_malformed' }])
    leave(room)
    const again = open()
    await expect.poll(() => again.asides.list).toHaveLength(1)
    expect([again.pending, line.layer.has(id)]).toEqual([0, false])
  })

  test('an edit on a text that was replaced has no place in the new one', async () => {
    line.isUp = false
    const before = open(articleOf({ layer: { id: 'old', epoch: 1 } }))
    mark(before, city)
    leave(before)
    line.isUp = true
    const room = open()
    await expect.poll(() => room.asides.list).toMatchObject([{ code: 'text_corrected', layer: 'old' }])
    expect([room.pending, line.layer.ids()]).toEqual([0, []])
  })

  test('a refusal stays in the list, in this browser where the server keeps nothing', async () => {
    const room = open()
    await expect.poll(() => room.loaded).toBe(true)
    const id = mark(room, city)
    line.refuse({ key: id, code: 'label_unknown', details: {}, aside: null })
    line.acknowledge()
    expect(room.asides.list).toMatchObject([{ kept: 'browser', code: 'label_unknown', key: id }])
    leave(room)
    const again = open()
    await expect.poll(() => again.asides.list).toMatchObject([{ kept: 'browser', key: id }])
  })

  test('a refusal that the server keeps is its row, from the first moment', async () => {
    const room = open()
    await expect.poll(() => room.loaded).toBe(true)
    const id = mark(room, city)
    const row = { id: 'row', account: 'me', layer: 'layer', key: id, value: null, code: 'frozen', details: {} } as const
    desk.rows = [{ ...row, at: '2025-01-01T00:00:00.000Z', handedAt: null }]
    line.refuse({ key: id, code: 'frozen', details: {}, aside: 'row' })
    expect(room.asides.list).toMatchObject([{ id: 'row', kept: 'server', value: [expect.any(Array)] }])
    await expect.poll(() => room.asides.list[0]?.value).toBeNull()
    expect(await outbox.lostOf('article')).toEqual([])
  })
})

describe('a page without network', () => {
  const stored: Annotation = { id: 'AAAAAAAAAAAAAAAA', content: city, via: null, unsure: true, gone: false }

  test('shows what was taken along with what was not sent, and joins with a fresh document when the network is back', async () => {
    line.isUp = false
    const before = open()
    const unsent = mark(before, person)
    leave(before)
    await expect.poll(left).toHaveLength(1)

    let online = false
    const reload = async () => {
      if (!online) throw new Problem('unreachable')
      return articleOf()
    }
    const room = open(articleOf(), { taken: [stored], reload })
    expect(room.annotations.byId.get(stored.id)).toMatchObject({ unsure: true, pending: false })
    await expect.poll(() => room.annotations.byId.get(unsent)?.pending).toBe(true)
    room.layer.setLabel(stored.id, 'evt')
    expect([room.pending, room.saved, line.dialled.length]).toEqual([2, 'offline', 1])

    line.layer.add(city, { id: stored.id })
    line.isUp = true
    online = true
    dispatchEvent(new Event('online'))
    await expect.poll(() => labelAt(stored.id)).toBe('evt')
    expect(line.layer.has(unsent)).toBe(true)
    expect(line.layer.ids()).toHaveLength(2)
    expect(room.undo.undo()).toMatchObject({ act: 'label', left: [] })
    expect(room.undo.canUndo).toBe(false)
    line.acknowledge()
    await expect.poll(() => [room.pending, room.saved]).toEqual([0, 'saved'])
  })

  test.each([
    ['holds the edit already', { ...city, label: 'evt' }],
    ['is older than what was edited', { ...city, label: 'per' }],
  ])('takes a copy that %s for no proof: the edit is sent all the same', async (_name, copied) => {
    line.layer.add(city, { id: stored.id })
    const before = open()
    await expect.poll(() => before.loaded).toBe(true)
    down()
    before.layer.setLabel(stored.id, 'evt')
    leave(before)
    await expect.poll(left).toHaveLength(1)
    let online = false
    const reload = async () => {
      if (!online) throw new Problem('unreachable')
      return articleOf()
    }
    const room = open(articleOf(), { taken: [{ ...stored, content: copied }], reload })
    await expect.poll(() => room.pending).toBe(1)
    await expect.poll(() => room.annotations.byId.get(stored.id)?.content.label).toBe('evt')
    expect([room.asides.list, room.undo.canUndo]).toEqual([[], false])
    line.isUp = true
    online = true
    dispatchEvent(new Event('online'))
    await expect.poll(() => labelAt(stored.id)).toBe('evt')
    expect(room.asides.list).toEqual([])
    line.acknowledge()
    await expect.poll(() => room.pending).toBe(0)
  })

  test('keeps its edits for the next page if the network does not come back', async () => {
    const reload = () => Promise.reject(new Problem('unreachable'))
    const room = open(articleOf(), { taken: [stored], reload })
    room.layer.setGone(stored.id, true)
    leave(room)
    await expect.poll(left).toEqual([['article', 'Ақтөбеде', 1, 0]])
    const again = open(articleOf(), { taken: [stored], reload })
    await expect.poll(() => again.annotations.byId.get(stored.id)?.state).toBe('gone')
    expect(again.pending).toBe(1)
  })
})

test('without locks a page is asked whether it lives', async () => {
  const [here, there] = [byAsking(1500), byAsking(1500)]
  const end = here.hold('one')
  here.hold('two')
  expect([...(await there.ended(['one', 'two', 'three']))]).toEqual(['three'])
  end()
  expect([...(await there.ended(['one', 'two']))]).toEqual(['one'])
  expect([...(await here.ended(['two']))]).toEqual([])
})
