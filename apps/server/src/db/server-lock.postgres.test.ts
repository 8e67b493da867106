import { hostname } from 'node:os'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../live/test-room.ts'
import { openLog } from '../log.ts'
import { Gate } from '../test-gate.ts'
import { migrate } from './migrate.ts'
import { openDatabase, type Database, type Db } from './open.ts'
import { lockServer, type ServerLock } from './server-lock.ts'
import { admin, openTestDatabase, withDatabase } from './test-db.ts'

const lines: string[] = []
const log = openLog({ json: true, level: 'info' }, (line) => lines.push(line))
const taken: ServerLock[] = []
let database: Database
let url: string

beforeAll(async () => {
  database = await openTestDatabase()
  url = withDatabase(inject('postgres')!.url, await nameOf(database.db))
})
afterEach(async () => {
  for (const lock of taken.splice(0)) await lock.release()
  lines.length = 0
})
afterAll(() => database.close())

const nameOf = async (db: Db) =>
  (await sql<{ name: string }>`select current_database() as name`.execute(db)).rows[0]!.name

async function take(shared: boolean, { patienceMs = 0, through = url } = {}): Promise<ServerLock> {
  const lock = await lockServer(through, database.db, { shared, patienceMs }, log)
  taken.push(lock)
  return lock
}

/** The connections that hold a lock of a server, in the order of their coming. */
async function holders(): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`
    select a.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where locktype = 'advisory' and datname = current_database() order by backend_start`.execute(database.db)
  return rows.map(({ pid }) => pid)
}

const breakOff = (pid: number) => sql`select pg_terminate_backend(${pid})`.execute(database.db)

const me = `another Tamga \\(process ${process.pid} on ${hostname()}(, from [\\d.:a-f]+)?, since \\d{4}-\\d\\d-\\d\\d [\\d:]{8} UTC\\)`

test('a server without Redis is alone: a second one is told who is there, and what to do', async () => {
  const first = await take(false)
  await expect(take(false)).rejects.toThrow(new RegExp(`in use by ${me}. Stop it first; or, .* the same REDIS_URL`))
  await expect(take(true)).rejects.toThrow(new RegExp(`in use by ${me}. It runs without REDIS_URL`))
  await first.release()
  await take(false)
  expect(await holders()).toHaveLength(1)
})

test('any number of servers with Redis are together, and none without', async () => {
  const together = [await take(true), await take(true), await take(true)]
  await expect(take(false)).rejects.toThrow(new RegExp(`in use by ${me} and 2 more. They work together by a REDIS_URL`))
  await together[0]!.release()
  await take(true)
  expect(await holders()).toHaveLength(3)
})

test('databases of one Postgres are held apart from each other', async () => {
  const other = await openTestDatabase()
  await take(false)
  const lock = await lockServer(
    withDatabase(url, await nameOf(other.db)),
    other.db,
    { shared: false, patienceMs: 0 },
    log,
  )
  await lock.release()
  await other.close()
})

test('a server that starts waits for one that is going', async () => {
  const first = await take(false)
  const second = take(false, { patienceMs: 60_000 })
  await until(async () => (await holders()).length === 1 && (await waiting()) === 1)
  await first.release()
  await second
  expect(await holders()).toHaveLength(1)
})

/** Connections of servers that hold nothing. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and application_name like 'tamga %@%'
      and pid not in (select pid from pg_locks where locktype = 'advisory')`.execute(database.db)
  return rows[0]!.n
}

/** How often the server has said that the database is kept for it again. */
const keptAgain = () => lines.filter((line) => line.includes('again')).length

test('a connection that breaks is made again, and the lock taken with it', async () => {
  const lost: Error[] = []
  const lock = await take(false)
  lock.onLost((error) => lost.push(error))
  const [before] = await holders()
  await breakOff(before!)
  await until(() => keptAgain() === 1)
  const [after] = await holders()
  expect(after).not.toBe(before)
  await expect(take(true)).rejects.toThrow(/in use by/)
  await breakOff(after!)
  await until(() => keptAgain() === 2)
  expect(await holders()).toEqual([expect.any(Number)])
  expect(lost).toEqual([])
})

test('a server whose place another took meanwhile says so, once', async () => {
  const lost: Error[] = []
  const gate = await Gate.open(url)
  const lock = await take(false, { through: gate.url })
  lock.onLost((error) => lost.push(error))
  await gate.cut()
  await take(true, { patienceMs: 60_000 })
  await gate.open()
  await until(() => lost.length > 0)
  expect(lost.map(({ message }) => message)).toEqual([
    expect.stringMatching(new RegExp(`^${me} took it while this server could not reach it`)),
  ])
  expect(await holders()).toHaveLength(1)
  await gate.cut()
})

test('a server that the database has not seen go takes its own place again', async () => {
  const lost: Error[] = []
  const gate = await Gate.open(url)
  const lock = await take(false, { through: gate.url })
  lock.onLost((error) => lost.push(error))
  const [before] = await holders()
  gate.strand()
  await until(() => keptAgain() === 1)
  expect(await holders()).not.toContain(before)
  expect([lost, await holders()]).toEqual([[], [expect.any(Number)]])
  await lock.release()
  await gate.cut()
})

test('one of several loses its place to nobody but one that is alone', async () => {
  const lost: Error[] = []
  for (const lock of [await take(true), await take(true)]) lock.onLost((error) => lost.push(error))
  const before = await holders()
  for (const pid of before) await breakOff(pid)
  await until(() => keptAgain() === 2)
  expect((await holders()).filter((pid) => !before.includes(pid))).toHaveLength(2)
  expect(lost).toEqual([])
})

test('servers that start at once on an empty database bring it up to date together', async () => {
  const name = `${await nameOf(database.db)}_empty`
  await admin(url, `create database ${name}`)
  const there = withDatabase(url, name)
  const opened = await Promise.all(Array.from({ length: 5 }, () => openDatabase({ url: there })))
  try {
    const started = opened.map(async ({ db }) => {
      const lock = await lockServer(there, db, { shared: true }, log)
      await migrate(db)
      return lock
    })
    for (const lock of await Promise.all(started)) await lock.release()
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from kysely_migration`.execute(database.db)
    const there_ = await sql<{ n: number }>`select count(*)::int as n from kysely_migration`.execute(opened[0]!.db)
    expect(there_.rows).toEqual(rows)
  } finally {
    for (const one of opened) await one.close()
    await admin(url, `drop database ${name} with (force)`)
  }
})
