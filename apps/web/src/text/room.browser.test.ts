import { encodeAwareness, ROOT } from '@tamga/collab'
import { digestOf, type Content } from '@tamga/model'
import { afterEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { Article } from './article.ts'
import { articleOf, keeping, Line, text } from './line.fixture.ts'
import { Room } from './room.svelte.ts'

const city: Content = { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [] }
const person: Content = { kind: 'span', ranges: [[43, 56]], label: 'per', attributes: [] }

let room: Room
afterEach(() => room.dispose())

async function enter(reload: () => Promise<Article> = async () => articleOf()) {
  const line = new Line()
  room = new Room(articleOf(), { me: 'me', reload, socket: line.Socket, ...keeping() })
  await expect.poll(() => room.loaded).toBe(true)
  return line
}

function mark(content: Content): string {
  const id = room.newId()
  room.layer.add(content, { id })
  return id
}

test('an edit is pending until the server acknowledges that very message', async () => {
  const line = await enter()
  const id = mark(city)
  expect(room.pending).toBe(1)
  expect(room.annotations.byId.get(id)?.pending).toBe(true)
  line.acknowledge(line.received - 1)
  expect(room.pending).toBe(1)
  line.acknowledge()
  expect(room.pending).toBe(0)
  expect(room.annotations.byId.get(id)?.pending).toBe(false)
  expect(room.saved).toBe('saved')
})

test('a slow save is said only after a while', async () => {
  const line = await enter()
  mark(city)
  expect(room.saved).toBe('saved')
  await expect.poll(() => room.saved).toBe('saving')
  line.acknowledge()
  expect(room.saved).toBe('saved')
})

test('edits made without a line are counted, kept, sent when it is back, and saved when acknowledged', async () => {
  const line = await enter()
  line.acknowledge()
  line.isUp = false
  line.hangUp()
  expect(room.saved).toBe('offline')
  const id = mark(city)
  room.layer.setLabel(id, 'evt')
  expect(room.pending).toBe(2)
  expect(line.layer.has(id)).toBe(false)
  line.isUp = true
  await expect.poll(() => line.layer.read(id)?.content.label).toBe('evt')
  expect(room.pending).toBe(2)
  line.acknowledge()
  expect(room.pending).toBe(0)
})

test('what the server had stored before the line broke counts as saved without an acknowledgement', async () => {
  const line = await enter()
  mark(city)
  line.hangUp()
  expect(room.pending).toBe(1)
  await expect.poll(() => room.pending).toBe(0)
})

test('a server whose disk is full is named, what waits stays, and all is saved when there is space', async () => {
  const line = await enter()
  mark(city)
  line.say({ type: 'disk', full: true })
  expect([room.saved, room.pending, room.ending]).toEqual(['full', 1, null])
  line.say({ type: 'disk', full: false })
  line.acknowledge()
  expect([room.saved, room.pending]).toEqual(['saved', 0])
})

test('leaving the page asks only while something is pending', async () => {
  const line = await enter()
  const leave = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }))
  expect(leave()).toBe(false)
  mark(city)
  expect(leave()).toBe(true)
  line.acknowledge()
  expect(leave()).toBe(false)
})

/** Breaks the line and waits until somebody is on it again. */
async function breakOff(line: Line) {
  const before = line.dialled.length
  line.presence = null
  line.hangUp()
  await expect.poll(() => line.presence && line.dialled.length > before).toBe(true)
}

test('the others are seen again as soon as the line is back, though they did not move meanwhile', async () => {
  const line = await enter()
  const state = { account: 'owner', name: 'Мәдина Ермек', colour: 2, at: [0, 8], chosen: null }
  const tell = () => line.say({ type: 'awareness', update: encodeAwareness([{ client: 7, clock: 3, state }]) })
  tell()
  expect([...room.presence.others.keys()]).toEqual(['owner'])
  await breakOff(line)
  expect(room.presence.others.size).toBe(0)
  tell()
  expect(room.presence.others.get('owner')?.at).toEqual([0, 8])
})

test('where I am is told under a later clock when the line is back, so that those who saw me go hear it', async () => {
  const line = await enter()
  room.presence.tell({ at: [9, 12] })
  await expect.poll(() => line.presence?.state).toMatchObject({ at: [9, 12] })
  const told = line.presence!.clock
  await breakOff(line)
  expect(line.presence?.state).toMatchObject({ at: [9, 12] })
  expect(line.presence?.clock).toBeGreaterThan(told)
})

test('when the sign-in ends the edit waits, and goes out after the next one', async () => {
  const line = await enter()
  line.hangUp(4401)
  expect(room.saved).toBe('expired')
  const id = mark(city)
  expect(room.pending).toBe(1)
  room.resume()
  await expect.poll(() => line.layer.has(id)).toBe(true)
  line.acknowledge()
  expect([room.saved, room.pending]).toEqual(['saved', 0])
})

test('a closing for good is told and not dialled again', async () => {
  const line = await enter()
  line.hangUp(4403)
  expect(room.ending).toBe('forbidden')
  await new Promise((done) => setTimeout(done, 600))
  expect(line.dialled).toHaveLength(1)
})

test('a decision seals what is shown, once, and a later edit breaks the seal', async () => {
  const line = await enter()
  const id = mark(city)
  const payload = {
    ...{ article: 'article', layer: 'layer', annotation: id, account: 'owner', verdict: 'approve' },
    ...{ digest: digestOf(city, text), reason: null, order: 1, at: '2025-01-01T00:00:00.000Z' },
  }
  line.state({ scope: 'project/project', n: 11, kind: 'decided', payload })
  line.state({ scope: 'project/project', n: 11, kind: 'decided', payload })
  expect(room.annotations.byId.get(id)).toMatchObject({ state: 'approved', rulings: [{ account: 'owner' }] })
  room.layer.setLabel(id, 'evt')
  expect(room.annotations.byId.get(id)?.state).toBe('changed')
})

test('facts go on after the last one known', async () => {
  const line = await enter()
  line.state({ scope: 'project/project', n: 11, kind: 'articles', payload: {} })
  line.hangUp()
  await expect.poll(() => line.dialled.length).toBe(2)
  expect(line.dialled[1]).toContain('after=11')
})

test('a refused edit is told and is no step of undo any more', async () => {
  const line = await enter()
  const id = mark(city)
  expect(room.undo.canUndo).toBe(true)
  line.refuse({ key: id, code: 'label_unknown', details: {}, aside: null })
  expect(room.asides.list).toMatchObject([{ code: 'label_unknown' }])
  expect(room.undo.canUndo).toBe(false)
})

test('in a new document what was not acknowledged is written again, and nothing twice', async () => {
  const reload = vi.fn(async () => articleOf({ layer: { id: 'layer', epoch: 2 } }))
  const line = await enter(reload)
  const stored = mark(city)
  line.acknowledge()
  const before = line.layer
  line.isUp = false
  line.hangUp()
  const waiting = mark(person)
  line.doc = new Y.Doc()
  line.epoch = 2
  line.layer.add(before.read(stored)!.content, { id: stored })
  line.isUp = true
  await expect.poll(() => line.layer.has(waiting)).toBe(true)
  expect(room.annotations.spans.map(({ id }) => id)).toEqual([stored, waiting])
  expect(reload).toHaveBeenCalledOnce()
  line.acknowledge()
  expect([room.saved, room.pending]).toEqual(['saved', 0])
})

test('an id that somebody else has is changed for another, and what was written goes out once', async () => {
  const line = await enter()
  const id = room.layer.doc.clientID
  expect(line.dialled[0]).toContain(`client=${id}&`)
  line.isUp = false
  line.hangUp()
  const waiting = mark(city)
  Object.assign(line, { takenClient: id, isUp: true })
  await expect.poll(() => line.layer.has(waiting)).toBe(true)
  const { clientID } = room.layer.doc
  expect(clientID).not.toBe(id)
  expect(line.dialled.at(-1)).toContain(`client=${clientID}&`)
  expect([...line.doc.store.clients.keys()]).toEqual([clientID])
  line.acknowledge()
  expect([room.saved, room.pending]).toEqual(['saved', 0])
})

test('a document in which Yjs chose another id is given up before anything is written under it', async () => {
  const line = await enter()
  const twin = new Y.Doc()
  twin.clientID = room.layer.doc.clientID
  Y.applyUpdate(twin, Y.encodeStateAsUpdate(line.doc))
  twin.getMap(ROOT).set('a'.repeat(16), ['span', [[0, 8]], 'city', [], null])
  Y.applyUpdate(line.doc, Y.encodeStateAsUpdate(twin))
  await expect.poll(() => line.dialled.length).toBe(2)
  await expect.poll(() => room.loaded && room.layer.has('a'.repeat(16))).toBe(true)
  const waiting = mark(person)
  expect(line.dialled[1]).toContain(`client=${room.layer.doc.clientID}&`)
  expect(line.layer.has(waiting)).toBe(true)
})

describe('when the server’s database was put back to an earlier state', () => {
  /** What the database was, as it is put back later. */
  const backup = (line: Line) => Y.encodeStateAsUpdate(line.doc)
  function putBack(line: Line, state: Uint8Array): void {
    line.isUp = false
    line.hangUp()
    line.doc = new Y.Doc()
    Y.applyUpdate(line.doc, state)
  }
  const other = (line: Line, content: Content) => {
    const id = room.newId()
    line.layer.add(content, { id })
    return id
  }

  test('a page takes a fresh document, sends again once what was not saved, and says so', async () => {
    const line = await enter()
    const kept = mark(city)
    line.acknowledge()
    const state = backup(line)
    const theirs = other(line, person)
    const lost = mark({ ...person, label: 'evt' })
    line.acknowledge()
    expect(room.annotations.spans).toHaveLength(3)
    putBack(line, state)
    const waiting = mark({ ...city, ranges: [[9, 18]] })
    room.layer.setLabel(theirs, 'evt')
    line.isUp = true
    await expect.poll(() => room.restored).not.toBeNull()
    expect([...line.layer.ids()].sort()).toEqual([kept, waiting].sort())
    expect(room.annotations.spans.map(({ id }) => id).sort()).toEqual([kept, waiting].sort())
    expect([room.layer.has(theirs), room.layer.has(lost), line.layer.has(theirs)]).toEqual([false, false, false])
    expect(room.restored).toMatchObject({ sent: [{ key: waiting, label: 'CITY' }], lost: 1 })
    expect(room.asides.list).toMatchObject([{ key: `${theirs}/label`, code: 'annotation_gone' }])
    line.acknowledge()
    expect([room.saved, room.pending, room.ending]).toEqual(['saved', 0, null])
    // it has said so: the next fresh document is one like any other
    room.restored = null
    await breakOff(line)
    expect(room.restored).toBeNull()
  })

  test('its own saved edits alone tell it, and they are not sent as if nothing had happened', async () => {
    const line = await enter()
    const state = backup(line)
    mark(city)
    line.acknowledge()
    putBack(line, state)
    line.isUp = true
    await expect.poll(() => room.restored).toMatchObject({ sent: [], lost: 0 })
    expect(line.layer.ids()).toEqual([])
    expect(room.annotations.spans).toEqual([])
  })

  test('one that only read finds out as well, and one that had nothing is told by the server’s close', async () => {
    const line = await enter()
    const state = backup(line)
    other(line, person)
    await expect.poll(() => room.annotations.spans.length).toBe(1)
    putBack(line, state)
    line.isUp = true
    await expect.poll(() => room.restored).toMatchObject({ sent: [] })
    expect(room.annotations.spans).toEqual([])
    room.restored = null
    const before = line.dialled.length
    line.hangsUpWith = 4412
    line.hangUp(1006)
    await expect.poll(() => line.dialled.length).toBeGreaterThan(before)
    line.hangsUpWith = null
    await expect.poll(() => room.restored).toMatchObject({ sent: [] })
  })

  test('facts that have lower numbers now are told again', async () => {
    const articles = [articleOf({ at: { 'project/project': 4 } })]
    const line = await enter(async () => articles[0]!)
    line.state({ scope: 'project/project', n: 11, kind: 'articles', payload: {} })
    line.hangUp(4412)
    await expect.poll(() => room.restored).not.toBeNull()
    expect(line.dialled.at(-1)).toContain('after=4&')
    expect(room.standing.position('project/project')).toBe(4)
  })

  test('a page that opened without network on a copy from then says so when it is back', async () => {
    const line = new Line()
    const later = articleOf({ at: { 'project/project': 20 } })
    room = new Room(later, { me: 'me', reload: async () => articleOf(), socket: line.Socket, taken: [], ...keeping() })
    const waiting = mark(city)
    await expect.poll(() => line.layer.has(waiting)).toBe(true)
    await expect.poll(() => room.restored).toMatchObject({ sent: [{ key: waiting }], lost: 0 })
  })
})
