import { closeCodes, decodeAwareness, encodeAwareness, encodeMessage, liveLimits } from '@tamga/collab'
import { ROOT, type Message } from '@tamga/collab'
import * as encoding from 'lib0/encoding'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { hashOf } from '../auth/sessions.ts'
import { newId } from '../services.ts'
import { sessionIdOf } from '../test-app.ts'
import { Flusher } from './flusher.ts'
import { Room } from './room.ts'
import { headOf, layerInfoOf } from './store.ts'
import { Wire } from './test-process.ts'
import { openTestRoom, span, Stranger, Tab, until, type Person, type TestRoom } from './test-room.ts'

let room: TestRoom
let layer: string
let anna: Person
let bolat: Person
const open: { end(): void }[] = []

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
  bolat = await room.person('Болат')
})
beforeEach(async () => (layer = await room.layer()))
afterEach(() => open.splice(0).forEach((one) => one.end()))
afterAll(() => room.close())

function tab(person: Person, params?: Record<string, string>): Tab {
  const one = new Tab(room, layer, person, params)
  open.push(one)
  return one
}
function stranger(
  path: string,
  options: ConstructorParameters<typeof Stranger>[2],
  clients?: readonly number[] | null,
): Stranger {
  const one = new Stranger(room, path, options, clients)
  open.push(one)
  return one
}
const annotations = () => room.db.selectFrom('annotation').selectAll().where('layer', '=', layer).execute()

/** A connection of Анна's that has joined and may now say anything. */
async function joined(person: Person = anna): Promise<Stranger> {
  const one = stranger(`/live/${layer}?ack=1`, person)
  await one.opened()
  one.say({ type: 'step1', vector: Y.encodeStateVector(new Y.Doc()) })
  one.say({ type: 'step2', update: Y.encodeStateAsUpdate(new Y.Doc()) })
  await until(() => one.heard.some(({ type }) => type === 'ack'))
  return one
}

/** An update of a document of its own with one record in it. */
function record(client: number, value: unknown = ['span', [[0, 8]], 'loc', [], null], key = newId()): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getMap(ROOT).set(key, value)
  return Y.encodeStateAsUpdate(doc)
}

describe('a session by an owner’s link', () => {
  /** A session of a member that is bound to an owner of the project. */
  async function boundTo(owner: Person, role: 'annotator' | 'owner' = 'annotator'): Promise<Person> {
    const member = await room.person('Bound', role)
    await room.db
      .updateTable('session')
      .set({ made_by: owner.id })
      .where('id_hash', '=', hashOf(sessionIdOf(member.cookie)))
      .execute()
    return member
  }
  const setRole = (person: Person, role: 'owner' | 'reviewer') =>
    room.db.updateTable('member').set({ role }).where('account', '=', person.id).execute()

  test.each(['live', 'lobby'])('opens the %s of a project that its maker owns, and no other', async (kind) => {
    const [owner, reviewer] = [await room.person('Owner', 'owner'), await room.person('Reviewer', 'reviewer')]
    const path = kind === 'live' ? `/live/${layer}?ack=1` : `/lobby/${room.project}`
    const inside = stranger(path, await boundTo(owner))
    const outside = stranger(path, await boundTo(reviewer, 'owner'))
    await until(() => inside.heard.length > 0)
    expect(await outside.closed()).toBe(closeCodes.notYours)
    expect(outside.heard).toEqual([])
    expect(inside.code).toBeNull()
  })

  test('writes nothing more and is closed once its maker is no owner', async () => {
    const owner = await room.person('Owner', 'owner')
    const member = await boundTo(owner)
    const one = await joined(member)
    one.say({ type: 'update', update: record(one.client) })
    await until(async () => (await annotations()).length === 1)
    await setRole(owner, 'reviewer')
    one.say({ type: 'update', update: record(one.client - 1) })
    expect(await one.closed()).toBe(closeCodes.notYours)
    expect(await annotations()).toHaveLength(1)
    await setRole(owner, 'owner')
    await joined(member)
  })

  test('is closed within a lobby too once its maker is no owner', async () => {
    const owner = await room.person('Owner', 'owner')
    const one = stranger(`/lobby/${room.project}`, await boundTo(owner))
    await until(() => one.here.length > 0)
    await setRole(owner, 'reviewer')
    expect(await one.closed()).toBe(closeCodes.notYours)
  })
})

const bound = () =>
  room.db.selectFrom('layer_client').select(['client', 'account']).where('layer', '=', layer).execute()

/** Presence under these ids, as a page says it first. */
const presenceOf = (...clients: number[]) =>
  encodeAwareness(clients.map((client) => ({ client, clock: 1, state: { at: [0, 1], chosen: null } })))

describe('at the door', () => {
  test.each<[string, () => Promise<Stranger>, number]>([
    ['nobody', async () => stranger(`/live/${layer}`, {}), closeCodes.signIn],
    [
      'a made-up cookie',
      async () => stranger(`/live/${layer}`, { cookie: anna.cookie.replace(/=.*/, '=abc') }),
      closeCodes.signIn,
    ],
    [
      'somebody of another project',
      async () => stranger(`/live/${layer}`, await room.person('Чужой', null)),
      closeCodes.notYours,
    ],
    ['a layer that is not there', async () => stranger(`/live/${newId()}`, anna), closeCodes.notYours],
    [
      'a page of somebody else in the same browser',
      async () => stranger(`/live/${layer}?as=${bolat.id}`, anna),
      closeCodes.signIn,
    ],
    ['an earlier document', async () => stranger(`/live/${layer}?epoch=0`, anna), closeCodes.epoch],
    ['a document that never was', async () => stranger(`/live/${layer}?epoch=7`, anna), closeCodes.history],
    [
      'a foreign lobby',
      async () => stranger(`/lobby/${room.project}`, await room.person('Чужой', null)),
      closeCodes.notYours,
    ],
  ])('%s is let in no further than the mat', async (_name, come, code) => {
    const one = await come()
    expect(await one.closed()).toBe(code)
    expect(one.heard).toEqual([])
  })

  test.each([
    ['a foreign origin', { origin: 'http://evil.example' }],
    ['the origin null', { origin: 'null' }],
    ['a rebound host', { host: 'evil.example', origin: 'http://evil.example' }],
  ])('%s is refused at the upgrade', async (_name, headers) => {
    const one = stranger(`/live/${layer}`, { cookie: anna.cookie, ...headers })
    expect(await until(() => one.status)).toBe(403)
  })

  test('a layer whose text has a newer revision, and one that is somebody else’s', async () => {
    await room.db.updateTable('layer').set({ state: 'superseded' }).where('id', '=', layer).execute()
    expect(await stranger(`/live/${layer}`, anna).closed()).toBe(closeCodes.revision)
    await room.db.updateTable('layer').set({ state: 'open', owner: bolat.id }).where('id', '=', layer).execute()
    expect(await stranger(`/live/${layer}`, anna).closed()).toBe(closeCodes.notYours)
    await stranger(`/live/${layer}`, bolat).opened()
  })

  test('a withdrawn article is there for those alone who may bring it back', async () => {
    const [owner, reviewer] = [await room.person('Иесі', 'owner'), await room.person('Шолушы', 'reviewer')]
    await room.db
      .updateTable('article')
      .set({ withdrawn_at: new Date(), withdrawn_reason: 'көшірме' })
      .where('id', '=', (eb) =>
        eb
          .selectFrom('revision')
          .innerJoin('layer', 'layer.revision', 'revision.id')
          .select('revision.article')
          .where('layer.id', '=', layer),
      )
      .execute()
    expect(await stranger(`/live/${layer}`, reviewer).closed()).toBe(closeCodes.notYours)
    await stranger(`/live/${layer}`, owner).opened()
  })
})

describe('a right that ends', () => {
  test('with the session: the socket closes', async () => {
    const person = await room.person('Уходящая')
    const one = tab(person)
    await one.joined()
    await room.db.deleteFrom('session').where('account', '=', person.id).execute()
    await one.closed(closeCodes.signIn)
  })

  test('with the membership: the socket closes, and an update in between changes nothing', async () => {
    const person = await room.person('Исключённая')
    const one = tab(person)
    await one.joined()
    await room.db.updateTable('member').set({ left_at: new Date() }).where('account', '=', person.id).execute()
    one.layer.add(span(), { id: newId() })
    await one.closed(closeCodes.notYours)
    expect(await annotations()).toEqual([])
    expect(one.pending.count).toBe(1)
  })

  test('a viewer reads, and the first edit closes', async () => {
    const viewer = await room.person('Зритель', 'viewer')
    const [writer, one] = [tab(anna), tab(viewer)]
    await writer.joined()
    await one.joined()
    const id = newId()
    writer.layer.add(span(), { id })
    await until(() => one.layer.has(id))
    one.layer.setLabel(id, 'org')
    await one.closed(closeCodes.notYours)
    await writer.saved()
    expect(writer.layer.read(id)!.content.label).toBe('loc')
    expect((await annotations())[0]!.content.label).toBe('loc')
  })
})

describe('what no honest client sends', () => {
  const build = (write: (e: encoding.Encoder) => void) => {
    const e = encoding.createEncoder()
    write(e)
    return encoding.toUint8Array(e)
  }
  const deep = (depth: number) => Array.from({ length: depth }).reduce((inner) => [inner], 1 as unknown)

  test.each<[string, (client: number) => Message]>([
    ['noise', () => ({ type: 'update', update: new Uint8Array([9, 9, 9, 9]) })],
    [
      'a lying struct count',
      () => ({ type: 'update', update: build((e) => [1, 2 ** 28, 5, 0].forEach((n) => encoding.writeVarUint(e, n))) }),
    ],
    ['a value 5,000 deep', (client) => ({ type: 'update', update: record(client, deep(5000)) })],
    ['an object', (client) => ({ type: 'update', update: record(client, { kind: 'span' }) })],
    ['a NUL', (client) => ({ type: 'update', update: record(client, ['span', [[0, 8]], 'l\0c', [], null]) })],
    ['a key that is none', (client) => ({ type: 'update', update: record(client, true, '__proto__') })],
    ['an ack', () => ({ type: 'ack', count: 9 })],
    ['a fact', () => ({ type: 'fact', fact: { scope: 'project/x', n: 1, kind: 'decided', payload: {} } })],
    ['a bad state vector', () => ({ type: 'step1', vector: new Uint8Array([200, 200]) })],
    ['bad awareness', () => ({ type: 'awareness', update: new Uint8Array([5, 1]) })],
  ])('%s closes its sender and nobody else', async (_name, message) => {
    const witness = tab(bolat)
    await witness.joined()
    const one = await joined()
    one.say(message(one.client))
    expect(await one.closed()).toBe(closeCodes.malformed)
    const id = newId()
    witness.layer.add(span(), { id })
    await witness.saved()
    expect([witness.closes, Object.keys(witness.values), (await annotations()).length]).toEqual([[], [id], 1])
  })

  test('a gap in its own clock', async () => {
    const one = await joined()
    const doc = new Y.Doc()
    doc.clientID = one.client
    doc.getMap(ROOT).set(newId(), ['span', [[0, 8]], 'loc', [], null])
    const vector = Y.encodeStateVector(doc)
    doc.getMap(ROOT).set(newId(), ['span', [[0, 8]], 'loc', [], null])
    one.say({ type: 'update', update: Y.encodeStateAsUpdate(doc, vector) })
    expect(await one.closed()).toBe(closeCodes.malformed)
  })

  test('somebody else’s client id, though it is only the next clock', async () => {
    const victim = tab(bolat)
    await victim.joined()
    const id = newId()
    victim.layer.add(span(), { id })
    await victim.saved()
    const forger = await joined()
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(victim.doc))
    copy.clientID = victim.doc.clientID
    copy.getMap(ROOT).set(`${id}/label`, 'org')
    forger.say({ type: 'update', update: Y.encodeStateAsUpdate(copy, Y.encodeStateVector(victim.doc)) })
    expect(await forger.closed()).toBe(closeCodes.history)
    victim.layer.setRanges(id, [[0, 4]])
    await victim.saved()
    expect((await annotations())[0]).toMatchObject({ content: span(0, 4), last_editor: bolat.id })
  })

  test('a text frame, a sixth client id, an update too large, too many of them', async () => {
    const text = await joined()
    text.socket.send('hello')
    expect(await text.closed()).toBe(closeCodes.malformed)
    const six = Array.from({ length: 6 }, (_, i) => 5000 + i)
    const many = stranger(`/live/${layer}`, anna, six)
    expect(await many.closed()).toBe(closeCodes.limits)
    const large = await joined()
    large.say({ type: 'update', update: record(large.client, 'x'.repeat(liveLimits.update.bytes)) })
    expect(await large.closed()).toBe(closeCodes.limits)
    const flood = await joined()
    const nothing: Message = { type: 'update', update: Y.encodeStateAsUpdate(new Y.Doc()) }
    for (let i = 0; i < 2500; i++) flood.say(nothing)
    expect(await flood.closed()).toBe(closeCodes.limits)
  })

  test('five hundred client ids in a first presence or in an update: closed, and none of them is bound', async () => {
    const ids = Array.from({ length: 500 }, (_, i) => 7000 + i)
    const plain = stranger(`/live/${layer}`, anna, null)
    await plain.opened()
    plain.say({ type: 'awareness', update: presenceOf(...ids) })
    expect(await plain.closed()).toBe(closeCodes.limits)
    const one = await joined()
    one.say({ type: 'update', update: Y.mergeUpdates(ids.map((id) => record(id))) })
    expect(await one.closed()).toBe(closeCodes.history)
    await room.live.write(layer, anna.id, { edit: () => undefined })
    expect([await bound(), await annotations()]).toEqual([[], []])
  })

  test('asking for the whole document over and over', async () => {
    const one = await joined()
    for (let i = 0; i < 20; i++) one.say({ type: 'step1', vector: Y.encodeStateVector(new Y.Doc()) })
    expect(await one.closed()).toBe(closeCodes.limits)
  })

  test('an update before the first step 2 is counted and not applied', async () => {
    const one = stranger(`/live/${layer}?ack=1`, anna)
    await one.opened()
    one.say({ type: 'update', update: record(one.client) })
    one.say({ type: 'step2', update: Y.encodeStateAsUpdate(new Y.Doc()) })
    await until(() => one.heard.find((message) => message.type === 'ack' && message.count === 2))
    expect(await annotations()).toEqual([])
  })
})

describe('client ids', () => {
  const seenBy = ({ provider }: Tab) => provider.awareness.getStates()

  test('are announced in the address, are shown at once, and are bound by the first update alone', async () => {
    const witness = tab(bolat)
    await witness.joined()
    const one = await joined()
    one.say({ type: 'awareness', update: presenceOf(one.client) })
    expect(await until(() => seenBy(witness).get(one.client))).toMatchObject({ account: anna.id, at: [0, 1] })
    expect(await bound()).toEqual([])
    one.say({ type: 'update', update: record(one.client) })
    await until(() => one.heard.find((message) => message.type === 'ack' && message.count === 2))
    expect(await bound()).toEqual([{ client: one.client, account: anna.id }])
  })

  test('a plain client announces its own by its first presence, and what it repeats of others later is nobody’s', async () => {
    const witness = tab(bolat)
    await witness.joined()
    const plain = stranger(`/live/${layer}?ack=1`, anna, null)
    await plain.opened()
    plain.say({ type: 'step2', update: Y.encodeStateAsUpdate(new Y.Doc()) })
    plain.say({ type: 'awareness', update: presenceOf(plain.client) })
    plain.say({ type: 'awareness', update: presenceOf(6001) })
    await until(() => seenBy(witness).has(plain.client))
    plain.say({ type: 'update', update: record(plain.client) })
    await until(() => plain.heard.find((message) => message.type === 'ack' && message.count === 2))
    expect(seenBy(witness).has(6001)).toBe(false)
    plain.say({ type: 'update', update: record(6001) })
    expect(await plain.closed()).toBe(closeCodes.history)
    expect(await bound()).toEqual([{ client: plain.client, account: anna.id }])
  })

  test.each([
    ['another account’s page', () => bolat, ''],
    ['another page of the account', () => anna, '&page=two'],
  ])(
    'one that is announced already is not given to %s, however it asks, until its connection ends',
    async (_name, who, page) => {
      const first = stranger(`/live/${layer}?page=one`, anna, [4711])
      await first.opened()
      const second = stranger(`/live/${layer}?ack=1${page}`, who(), [4711])
      const plain = stranger(`/live/${layer}?x=1${page}`, who(), null)
      await plain.opened()
      plain.say({ type: 'awareness', update: presenceOf(4711) })
      expect([await second.closed(), await plain.closed()]).toEqual([closeCodes.clientTaken, closeCodes.clientTaken])
      expect(first.code).toBeNull()
      first.end()
      await until(async () => {
        const again = stranger(`/live/${layer}?ack=1${page}`, who(), [4711])
        await until(() => again.code !== null || again.heard.length > 0)
        return again.code === null
      })
    },
  )

  test('a page keeps its id when it comes back before its broken connection was given up', async () => {
    const first = stranger(`/live/${layer}?ack=1&page=one`, anna, [4711])
    await first.opened()
    const again = stranger(`/live/${layer}?ack=1&page=one`, anna, [4711])
    await again.opened()
    first.end()
    again.say({ type: 'step2', update: record(4711) })
    await until(() => again.heard.some(({ type }) => type === 'ack'))
    expect(await bound()).toEqual([{ client: 4711, account: anna.id }])
  })

  test('one that is bound is nobody else’s, and its account’s again', async () => {
    const first = await joined()
    first.say({ type: 'update', update: record(first.client) })
    await until(() => first.heard.find((message) => message.type === 'ack' && message.count === 2))
    first.end()
    expect(await stranger(`/live/${layer}`, bolat, [first.client]).closed()).toBe(closeCodes.clientTaken)
    await until(async () => {
      const again = stranger(`/live/${layer}?page=later`, anna, [first.client])
      await until(() => again.code !== null || again.heard.length > 0)
      return again.code === null
    })
  })

  test.each(['x', '', '1', '4294967296', '4711,', '-5000', '5000,,5001', '9'.repeat(400)])(
    'an address that announces «%s» is malformed',
    async (clients) => {
      const one = stranger(`/live/${layer}?client=${clients}`, anna, null)
      expect(await one.closed()).toBe(closeCodes.malformed)
    },
  )

  test('what a viewer sends under an announced id binds nothing', async () => {
    const viewer = await room.person('Оқырман', 'viewer')
    const one = await joined(viewer)
    one.say({ type: 'update', update: record(one.client) })
    expect(await one.closed()).toBe(closeCodes.notYours)
    expect(await bound()).toEqual([])
  })

  test('ten thousand that are announced and written under by nobody leave nothing', async () => {
    const info = (await layerInfoOf(room.db, layer))!
    const keeper = { flusher: new Flusher(room.services), forget: () => undefined }
    const live = await Room.open(room.services, info, keeper)
    const writer = new Wire(bolat.id, [4711])
    live.enter(writer)
    for (let i = 0; i < 10_000; i++) {
      const wire = new Wire(anna.id, i % 2 ? [5000 + i] : null)
      live.enter(wire)
      live.receive(wire, encodeMessage({ type: 'awareness', update: presenceOf(5000 + i) }))
      live.sendPresence()
      expect(live.announced).toBe(2)
      live.leave(wire)
    }
    live.receive(writer, encodeMessage({ type: 'step2', update: record(4711) }))
    await live.settled()
    expect(await bound()).toEqual([{ client: 4711, account: bolat.id }])
    expect([...live.replica.doc.store.clients.keys(), ...live.replica.clients.keys()]).toEqual([4711, 4711])
    expect([live.announced, live.replica.epoch, (await headOf(room.db, layer)).epoch]).toEqual([1, 1, 1])
    live.receive(writer, encodeMessage({ type: 'queryAwareness' }))
    const last = writer.down.findLast((message) => message.type === 'awareness')!
    expect(decodeAwareness(last.update)).toEqual([])
    live.leave(writer)
    await live.putAway()
    expect((await headOf(room.db, layer)).epoch).toBe(1)
  })
})

describe('presence', () => {
  test('says where, and the server says who', async () => {
    const [a, b] = [tab(anna), tab(bolat)]
    await a.joined()
    await b.joined()
    a.provider.awareness.setLocalState({ at: [3, 1], chosen: null, name: 'Ольга', account: 'x', secret: 'y' })
    const seen = await until(() => b.provider.awareness.getStates().get(a.doc.clientID))
    expect(seen).toMatchObject({ at: [3, 1], chosen: null, name: 'Анна', account: anna.id })
    expect(Object.keys(seen).sort()).toEqual(['account', 'at', 'chosen', 'colour', 'name'])
    a.provider.disconnect()
    await until(() => !b.provider.awareness.getStates().has(a.doc.clientID))
  })

  test('cannot be given for somebody else', async () => {
    const [a, b] = [tab(anna), tab(bolat)]
    await a.joined()
    await b.joined()
    a.provider.awareness.setLocalState({ at: [3, 1], chosen: null })
    await until(() => b.provider.awareness.getStates().has(a.doc.clientID))
    const forger = await joined(bolat)
    forger.say({ type: 'awareness', update: encodeAwareness([{ client: a.doc.clientID, clock: 99, state: null }]) })
    const forged = { at: [7, 7], chosen: null }
    forger.say({ type: 'awareness', update: encodeAwareness([{ client: a.doc.clientID, clock: 100, state: forged }]) })
    // what it says of itself behind that is seen
    forger.say({ type: 'awareness', update: encodeAwareness([{ client: forger.client, clock: 1, state: forged }]) })
    await until(() => b.provider.awareness.getStates().has(forger.client))
    expect(b.provider.awareness.getStates().get(a.doc.clientID)).toMatchObject({ at: [3, 1], name: 'Анна' })
    expect(forger.code).toBeNull()
  })

  test('too much of it closes', async () => {
    const one = await joined()
    const state = { at: null, chosen: 'x'.repeat(liveLimits.presenceBytes) }
    one.say({ type: 'awareness', update: encodeAwareness([{ client: one.client, clock: 1, state }]) })
    expect(await one.closed()).toBe(closeCodes.limits)
  })
})

test('a lobby hears who is where, and what happens in the project', async () => {
  const lobby = stranger(`/lobby/${room.project}`, bolat)
  await until(() => lobby.here.length > 0)
  const one = tab(anna)
  await one.joined()
  await until(() => Object.values(lobby.here.at(-1)!).some((accounts) => accounts.includes(anna.id)))
  one.layer.add(span(), { id: newId() })
  await until(() => lobby.heard.find((message) => message.type === 'fact' && message.fact.kind === 'counts'))
  one.provider.disconnect()
  await until(() => !Object.values(lobby.here.at(-1)!).some((accounts) => accounts.includes(anna.id)))
  expect(Object.values(room.live.here(room.project)).flat()).not.toContain(anna.id)
})

test('when the server stops, what arrived is acknowledged and clients are told to come back', async () => {
  const own = await openTestRoom()
  const person = await own.person('Анна')
  const its = await own.layer()
  const one = new Tab(own, its, person)
  await one.joined()
  const ids = Array.from({ length: 30 }, newId)
  for (const id of ids) one.layer.add(span(), { id })
  await until(() => one.pending.count < 30)
  await own.live.close()
  await one.closed(closeCodes.stopping)
  expect(one.pending.count).toBe(0)
  const rows = await own.db.selectFrom('annotation').select('id').execute()
  expect(rows.map(({ id }) => id).sort()).toEqual(ids.sort())
  one.end()
  await own.close()
})
