import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { transactInOne, transactInTwo } from './in-two.ts'
import { poolOf, type Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'

let database: Database
beforeAll(async () => (database = await openTestDatabase()))
afterAll(() => database.close())

/** Keeps all connections busy; each call of the answer frees one. */
async function occupyAll(): Promise<() => void> {
  const pool = poolOf(database.db)
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()))
  return () => clients.pop()?.release()
}

async function freeAll(free: () => void): Promise<void> {
  for (let i = 0; i < poolOf(database.db).options.max; i++) free()
  await sql`select 1`.execute(database.db)
}

const write = (done: () => void) => transactInOne(poolOf(database.db), 'select 1', []).then(done)
const writeInTwo = (done: () => void) =>
  transactInTwo(
    poolOf(database.db),
    (client) => client.query('select 1'),
    () => Promise.resolve({ last: (client) => client.query('select 1'), value: null }),
  ).then(done)

test.each([
  ['of one statement', write],
  ['of several statements', writeInTwo],
])('a flush %s that arrives behind many waiting reads gets the next connection', async (_name, flush) => {
  const free = await occupyAll()
  const order: string[] = []
  const reading = Array.from({ length: 100 }, (_, i) =>
    sql`select ${i}::int`.execute(database.db).then(() => order.push(`read ${i}`)),
  )
  await vi.waitFor(() => expect(database.connections().waiting).toBe(100))
  const flushing = flush(() => order.push('flush'))
  expect(database.connections().waiting).toBe(101)
  // one connection, so that the order of the answers is the order of service
  free()
  await Promise.all([...reading, flushing])
  expect(order).toEqual(['flush', ...Array.from({ length: 100 }, (_, i) => `read ${i}`)])
  await freeAll(free)
})

test('a read is served while flushes never cease', async () => {
  const free = await occupyAll()
  let flushes = 0
  let isRead = false
  const flushAgain = async (): Promise<void> => {
    while (!isRead) await write(() => flushes++)
  }
  const endless = Array.from({ length: 30 }, flushAgain)
  const read = sql`select 1`.execute(database.db).then(() => (isRead = true))
  free()
  await Promise.all([read, ...endless])
  expect(flushes).toBeGreaterThanOrEqual(4)
  await freeAll(free)
})

test('who waits longer than the limit hears that there was no connection, and leaves the queue', async () => {
  const pool = poolOf(database.db)
  const free = await occupyAll()
  const before = pool.options.connectionTimeoutMillis
  pool.options.connectionTimeoutMillis = 1
  await expect(sql`select 1`.execute(database.db)).rejects.toThrow('timeout exceeded when trying to connect')
  pool.options.connectionTimeoutMillis = before
  expect(database.connections().waiting).toBe(0)
  await freeAll(free)
})
