import { Redis } from 'ioredis'
import { afterAll, afterEach, expect, test } from 'vitest'
import { alone, openBus, type Bus } from './bus.ts'
import { installationOf } from './db/installation.ts'
import { openTestDatabase } from './db/test-db.ts'
import { until } from './live/test-room.ts'
import { openLog } from './log.ts'
import { Gate } from './test-gate.ts'
import { testRedis } from './test-redis.ts'
import { newId } from './services.ts'

const lines: string[] = []
const log = openLog({ json: true, level: 'info' }, (line) => lines.push(line))
const redis = new Redis(testRedis())
const buses: Bus[] = []
const gates: Gate[] = []
const namespace = newId()

afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close()
  for (const gate of gates.splice(0)) await gate.cut()
  lines.length = 0
})
afterAll(() => redis.quit())

async function join(url = testRedis(), name = namespace): Promise<Bus> {
  const bus = await openBus({ url, namespace: name }, log)
  buses.push(bus)
  return bus
}

async function gated(): Promise<Gate> {
  const gate = await Gate.open(testRedis())
  gates.push(gate)
  return gate
}

const bytes = (text: string) => new TextEncoder().encode(text)

/** Writes down what a bus hears on a channel, with how often it was told that it hears. */
function listen(bus: Bus, channel: string) {
  const heard = { texts: [] as string[], from: new Set<string>(), stood: 0, stop: () => undefined as void }
  heard.stop = bus.subscribe(
    channel,
    (body, from) => {
      heard.texts.push(new TextDecoder().decode(body))
      heard.from.add(from)
    },
    () => heard.stood++,
  )
  return heard
}

test('what one process says the others hear, and it does not hear itself', async () => {
  const [a, b, c] = [await join(), await join(), await join()]
  expect([a.shared, a.state]).toEqual([true, 'up'])
  const heard = [a, b, c].map((bus) => listen(bus, 'x'))
  const elsewhere = listen(b, 'y')
  await until(() => [...heard, elsewhere].every(({ stood }) => stood === 1))
  for (const text of ['one', 'two', 'Ақтөбе']) a.publish('x', bytes(text))
  b.publish('x', Uint8Array.of())
  await until(() => heard.map(({ texts }) => texts.length).join() === '1,3,4')
  expect(heard.map(({ texts }) => texts.toSorted())).toEqual([
    [''],
    ['one', 'two', 'Ақтөбе'],
    ['', 'one', 'two', 'Ақтөбе'],
  ])
  expect(heard[1]!.texts).toEqual(['one', 'two', 'Ақтөбе'])
  expect(heard[1]!.from).toEqual(new Set([a.self]))
  expect(elsewhere.texts).toEqual([])
})

test('every byte arrives as it was, and what is too large is not sent', async () => {
  const [a, b] = [await join(), await join()]
  const heard: Uint8Array[] = []
  let stands = false
  b.subscribe(
    'x',
    (body) => heard.push(body),
    () => (stands = true),
  )
  await until(() => stands)
  const all = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
  a.publish('x', new Uint8Array(4 * 1024 * 1024 + 1))
  a.publish('x', all)
  await until(() => heard.length > 0)
  expect(heard).toHaveLength(1)
  expect(Buffer.compare(heard[0]!, all)).toBe(0)
})

test('a channel is heard until its last hearer goes, and by one who comes to it later', async () => {
  const [a, b] = [await join(), await join()]
  const [first, second] = [listen(b, 'x'), listen(b, 'x')]
  await until(() => first.stood + second.stood === 2)
  const third = listen(b, 'x')
  await until(() => third.stood === 1)
  first.stop()
  third.stop()
  a.publish('x', bytes('one'))
  await until(() => second.texts.length === 1)
  expect([first.texts, third.texts]).toEqual([[], []])
  second.stop()
  const next = listen(b, 'y')
  await until(() => next.stood)
  const again = listen(b, 'x')
  await until(() => again.stood)
  a.publish('x', bytes('two'))
  await until(() => again.texts.length === 1)
  expect(second.texts).toEqual(['one'])
})

test('one whose hearer fails hears on', async () => {
  const [a, b] = [await join(), await join()]
  b.subscribe('x', () => {
    throw new Error('cannot read it')
  })
  const heard = listen(b, 'x')
  await until(() => heard.stood)
  a.publish('x', bytes('one'))
  a.publish('x', bytes('two'))
  await until(() => heard.texts.length === 2)
  expect(lines.filter((line) => line.includes('cannot read it'))).toHaveLength(2)
})

test('two installations on one Redis hear nothing of each other, nor do a database and its copy', async () => {
  const [one, two] = [await openTestDatabase(), await openTestDatabase()]
  try {
    const names = await Promise.all([one, one, two].map(({ db }) => installationOf(db)))
    expect(names[0]).toBe(names[1])
    const { id } = await one.db.selectFrom('installation').select('id').executeTakeFirstOrThrow()
    await two.db.updateTable('installation').set({ id }).execute()
    const copy = await installationOf(two.db)
    expect(new Set([...names, copy]).size).toBe(3)
    const [a, b, c] = [
      await join(testRedis(), names[0]),
      await join(testRedis(), names[1]),
      await join(testRedis(), copy),
    ]
    const [heardB, heardC] = [listen(b, 'x'), listen(c, 'x')]
    await until(() => heardB.stood + heardC.stood === 2)
    a.publish('x', bytes('one'))
    await until(() => heardB.texts.length === 1)
    expect(heardC.texts).toEqual([])
  } finally {
    await one.close()
    await two.close()
  }
})

test('a Redis that is killed and comes back is heard again, and the outage is told once, without the password', async () => {
  const gate = await gated()
  const [a, b] = [await join(gate.url.replace('redis://', 'redis://default:secret@')), await join()]
  const heard = listen(a, 'x')
  await until(() => heard.stood === 1)
  await gate.cut()
  await until(() => a.state === 'down')
  const meanwhile = listen(a, 'y')
  // nobody waits, and nothing of it comes later
  for (let i = 0; i < 100; i++) a.publish('z', bytes(`lost ${i}`))
  b.publish('x', bytes('lost'))
  const other = listen(b, 'z')
  await until(() => lines.length > 0)
  await gate.open()
  await until(() => a.state === 'up', 15_000)
  expect([heard.stood, meanwhile.stood]).toEqual([2, 1])
  b.publish('x', bytes('found'))
  b.publish('y', bytes('found'))
  await until(() => heard.texts.length + meanwhile.texts.length === 2)
  await until(() => other.stood)
  a.publish('z', bytes('found'))
  await until(() => other.texts.length > 0)
  expect([heard.texts, meanwhile.texts, other.texts]).toEqual([['found'], ['found'], ['found']])
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain(new URL(gate.url).host)
  expect(lines.join()).not.toContain('secret')
})

test('a Redis that hangs counts as away, keeps nothing in memory, and is used again when it answers', async () => {
  const gate = await gated()
  const [a, b] = [await join(gate.url), await join()]
  const heard = listen(b, 'x')
  await until(() => heard.stood)
  gate.block()
  const large = new Uint8Array(1024 * 1024)
  for (let i = 0; i < 40; i++) a.publish('x', large)
  await until(() => a.state === 'down', 20_000)
  gate.unblock()
  await until(() => a.state === 'up', 20_000)
  const before = heard.texts.length
  expect(before).toBeLessThan(20)
  a.publish('x', bytes('found'))
  // what had left before may come after it
  await until(() => heard.texts.includes('found'))
})

test('connections that hang without having anything to say are found as well', async () => {
  const gate = await gated()
  const a = await join(gate.url)
  gate.block()
  await until(() => a.state === 'down', 30_000)
  gate.unblock()
  await until(() => a.state === 'up', 30_000)
})

test('a process starts while Redis is away, and finds it later', async () => {
  const gate = await gated()
  await gate.cut()
  const a = await join(gate.url)
  expect(a.state).toBe('down')
  expect(lines).toHaveLength(1)
  const heard = listen(a, 'x')
  await gate.open()
  await until(() => heard.stood, 15_000)
  const b = await join()
  b.publish('x', bytes('one'))
  await until(() => heard.texts.length === 1)
})

test('a wrong password is told and tried again', async () => {
  await redis.acl('SETUSER', 'tamga-test', 'on', '>right', '+@all', '~*', '&*')
  try {
    const url = (password: string) => testRedis().replace('redis://', `redis://tamga-test:${password}@`)
    const a = await join(url('wrong'))
    expect(a.state).toBe('down')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('WRONGPASS')
    await redis.acl('SETUSER', 'tamga-test', '>wrong')
    await until(() => a.state === 'up', 15_000)
  } finally {
    await redis.acl('DELUSER', 'tamga-test')
  }
})

test('a process that is alone says nothing and hears nothing', async () => {
  const bus = alone()
  const heard = listen(bus, 'x')
  bus.publish('x', bytes('one'))
  expect([bus.shared, bus.state, heard.texts, heard.stood]).toEqual([false, 'alone', [], 0])
  heard.stop()
  await bus.close()
})
