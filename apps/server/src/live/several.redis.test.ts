import { encodeAwareness, type SharedPresence } from '@tamga/collab'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBus } from '../bus.ts'
import { projectScope, state } from '../facts.ts'
import { silent } from '../log.ts'
import { Gate } from '../test-gate.ts'
import { testRedis } from '../test-redis.ts'
import { newId } from '../services.ts'
import { Cluster } from './cluster.ts'
import { openTestRoom, span, Stranger, Tab, until, type Person, type TestRoom } from './test-room.ts'
import { openTestServer, type TestServer } from './test-server.ts'

let room: TestRoom
const servers: TestServer[] = []
const tabs: { end(): void }[] = []
const namespace = newId()

beforeAll(async () => void (room = await openTestRoom()))
afterEach(async () => {
  for (const tab of tabs.splice(0)) tab.end()
  for (const server of servers.splice(0)) await server.close()
})
afterAll(() => room.close())

async function serve(redis = testRedis()): Promise<TestServer> {
  const server = await openTestServer(room, await openBus({ url: redis, namespace }, silent))
  servers.push(server)
  return server
}

/** The room, as one reaches it through a server. */
const placeOf = ({ url, origin }: TestServer): TestRoom => ({ ...room, url, origin })

function open(server: TestServer, layer: string, person: Person, params: Record<string, string> = {}): Tab {
  const tab = new Tab(placeOf(server), layer, person, params)
  tabs.push(tab)
  return tab
}

function lobby(server: TestServer, person: Person): Stranger {
  const stranger = new Stranger(placeOf(server), `/lobby/${room.project}`, person)
  tabs.push(stranger)
  return stranger
}

/** Who a tab sees, with what they have selected. */
const seen = (tab: Tab) => {
  const { awareness } = tab.provider
  const others = [...awareness.getStates()].filter(([client]) => client !== awareness.clientID)
  return others
    .map(([, state]) => state as SharedPresence)
    .map(({ name, at }) => `${name} ${at?.join('-')}`)
    .toSorted()
}

const select = (tab: Tab, from: number, to: number) =>
  tab.provider.awareness.setLocalState({ at: [from, to], chosen: null })

function mark(tab: Tab, content = span()): string {
  const id = newId()
  tab.layer.add(content, { id })
  return id
}

async function people(...names: string[]): Promise<Person[]> {
  return Promise.all(names.map((name) => room.person(name)))
}

test('people at different servers see each other’s edits and selections', async () => {
  const layer = await room.layer()
  const [a, b, c] = [await serve(), await serve(), await serve()]
  const [anna, boris, chingiz] = await people('Anna', 'Boris', 'Chingiz')
  const [at, bt] = [open(a, layer, anna!), open(b, layer, boris!)]
  await at.joined()
  await bt.joined()
  select(at, 1, 4)
  select(bt, 9, 18)
  const id = mark(at)
  await until(() => seen(bt).join() === 'Anna 1-4' && seen(at).join() === 'Boris 9-18')
  await until(() => bt.layer.read(id))
  // who comes later is told at once, and so are those who were there
  const ct = open(c, layer, chingiz!)
  await ct.joined()
  await until(() => seen(ct).join() === 'Anna 1-4,Boris 9-18')
  select(ct, 2, 2)
  await until(() => seen(at).join() === 'Boris 9-18,Chingiz 2-2')
  select(at, 5, 6)
  await until(() => seen(ct).includes('Anna 5-6') && seen(bt).includes('Anna 5-6'))
  at.provider.disconnect()
  await until(() => seen(bt).join() === 'Chingiz 2-2' && seen(ct).join() === 'Boris 9-18')
  // y-websocket sends back what it hears: nobody was thrown out for that, and nobody speaks for another
  expect([at, bt, ct].flatMap(({ closes }) => closes.filter((code) => code >= 4400))).toEqual([])
})

test('nobody speaks for somebody at another server', async () => {
  const layer = await room.layer()
  const [a, b] = [await serve(), await serve()]
  const [anna, boris, mallory] = await people('Anna', 'Boris', 'Mallory')
  const [at, bt] = [open(a, layer, anna!), open(b, layer, boris!)]
  await at.joined()
  await bt.joined()
  select(at, 1, 4)
  await until(() => seen(bt).join() === 'Anna 1-4')
  const forger = new Stranger(placeOf(b), `/live/${layer}`, mallory!)
  tabs.push(forger)
  await forger.opened()
  const { clientID } = at.doc
  const forged = { client: clientID, clock: 1000, state: { at: [0, 1], chosen: null } }
  forger.say({ type: 'awareness', update: encodeAwareness([forged]) })
  select(at, 2, 5)
  await until(() => seen(bt).join() === 'Anna 2-5')
  expect(forger.code).toBeNull()
})

test('a personal layer is told to no other server', async () => {
  const layer = await room.layer()
  const [a, b] = [await serve(), await serve()]
  const [anna] = await people('Anna')
  await room.db.updateTable('layer').set({ owner: anna!.id }).where('id', '=', layer).execute()
  const heard: string[] = []
  for (const channel of [`presence/${layer}`, 'here']) {
    let stands = false
    b.bus.subscribe(
      channel,
      (body) => heard.push(Buffer.from(body).toString('latin1')),
      () => (stands = true),
    )
    await until(() => stands)
  }
  const at = open(a, layer, anna!)
  await at.joined()
  select(at, 1, 4)
  mark(at)
  await at.saved()
  const before = heard.length
  await until(() => heard.length > before + 1)
  expect(heard.join()).not.toContain(anna!.id)
  expect([a.live.here(room.project), b.live.here(room.project)]).toEqual([{}, {}])
})

test('who is in which article is told in the lobbies of all servers', async () => {
  const layer = await room.layer()
  const [a, b] = [await serve(), await serve()]
  const [anna, boris] = await people('Anna', 'Boris')
  const looking = [lobby(a, boris!), lobby(b, boris!)]
  const [at, bt, again] = [open(a, layer, anna!), open(b, layer, boris!), open(b, layer, anna!)]
  for (const tab of [at, bt, again]) await tab.joined()
  const both = (here: Record<string, readonly string[]> | undefined) =>
    Object.values(here ?? {})
      .flat()
      .toSorted()
      .join() === [anna!.id, boris!.id].toSorted().join()
  await until(() => looking.every((one) => both(one.here.at(-1))))
  expect(both(a.live.here(room.project))).toBe(true)
  const later = lobby(a, anna!)
  await until(() => both(later.here.at(0)))
  for (const tab of [at, bt, again]) tab.end()
  await until(() => [...looking, later].every((one) => Object.keys(one.here.at(-1)!).length === 0))
})

test('a server that is killed is forgotten with its people; one that stops is forgotten at once', async () => {
  const layer = await room.layer()
  const [a, b, c] = [await serve(), await serve(), await serve()]
  const [anna, boris, chingiz] = await people('Anna', 'Boris', 'Chingiz')
  const [at, bt, ct] = [open(a, layer, anna!), open(b, layer, boris!), open(c, layer, chingiz!)]
  for (const tab of [at, bt, ct]) await tab.joined()
  select(at, 1, 2)
  select(bt, 3, 4)
  select(ct, 5, 6)
  await until(() => seen(at).join() === 'Boris 3-4,Chingiz 5-6')
  await until(() => Object.values(a.live.here(room.project)).flat().length === 3)
  await c.live.close()
  await until(() => seen(at).join() === 'Boris 3-4')
  await b.kill()
  await until(() => seen(at).length === 0, 20_000)
  await until(() => Object.values(a.live.here(room.project)).flat().join() === anna!.id)
})

test('who comes back to another server is seen there, whenever the first one’s word arrives', async () => {
  const layer = await room.layer()
  const [a, b, c] = [await serve(), await serve(), await serve()]
  const [anna, boris] = await people('Anna', 'Boris')
  const ct = open(c, layer, boris!)
  const place = placeOf(a)
  const at = new Tab(place, layer, anna!)
  tabs.push(at)
  await at.joined()
  await ct.joined()
  select(at, 1, 2)
  await until(() => seen(ct).join() === 'Anna 1-2')
  await a.kill()
  Object.assign(place, placeOf(b))
  at.provider.serverUrl = `${b.url}/live`
  const id = mark(at)
  select(at, 1, 3)
  await at.saved()
  await until(() => ct.layer.read(id))
  await until(() => seen(ct).join() === 'Anna 1-3')
  // until the killed server is forgotten: she stays
  let gone = false
  const cluster = new Cluster(c.bus, () => ({}))
  cluster.listen((process, isThere) => (gone ||= process === a.bus.self && !isThere))
  cluster.saw(a.bus.self)
  await until(() => {
    cluster.look()
    return gone
  }, 20_000)
  cluster.close()
  expect(seen(ct)).toEqual(['Anna 1-3'])
})

test('without Redis for a while: edits arrive all the same, and selections when it is back', async () => {
  const layer = await room.layer()
  const gate = await Gate.open(testRedis())
  const [a, b] = [await serve(gate.url), await serve()]
  const [anna, boris] = await people('Anna', 'Boris')
  const [at, bt] = [open(a, layer, anna!), open(b, layer, boris!)]
  await at.joined()
  await bt.joined()
  select(at, 1, 2)
  await until(() => seen(bt).join() === 'Anna 1-2')
  await gate.cut()
  select(at, 3, 4)
  const id = mark(at)
  await until(() => bt.layer.read(id))
  const back = mark(bt, span(9, 18))
  await until(() => at.layer.read(back))
  // longer than a process may be silent
  await until(() => seen(bt).length === 0, 20_000)
  await gate.open()
  select(at, 5, 6)
  await until(() => seen(bt).join() === 'Anna 5-6', 20_000)
  await gate.cut()
})

test('what happened at one server is told by all at once', async () => {
  const layer = await room.layer()
  const [a, b] = [await serve(), await serve()]
  const [anna, boris] = await people('Anna', 'Boris')
  // from the first on: what is told from now on begins a question later
  const [at, bt] = [open(a, layer, anna!, { after: '0' }), open(b, layer, boris!, { after: '0' })]
  await at.joined()
  await bt.joined()
  const heard: number[] = []
  const rung = b.services.notifier.listen(() => heard.push(1))
  await room.db.transaction().execute((trx) => state(trx, projectScope(room.project), [{ kind: 'test', payload: 7 }]))
  for (let i = 0; i < 100; i++) a.services.notifier.notify()
  await until(() => heard.length > 0)
  for (const tab of [at, bt]) await until(() => tab.facts.some(({ kind }) => kind === 'test'))
  rung()
  expect(heard.length).toBeLessThan(20)
})
