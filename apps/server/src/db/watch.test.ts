import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'

const LIMITS = { transactionMs: 1000, statementMs: 2000 }
const CRASH = sql`select repeat('[', 100000)::json`

describe.runIf(process.env.TEST_DB === 'pglite')('the watch over the embedded database', () => {
  let database: Database
  beforeEach(async () => {
    database = await openTestDatabase()
    database.watch(LIMITS)
    await put('before')
  })
  afterEach(() => database.close())

  const put = (scope: string) => database.db.insertInto('clock').values({ scope, n: 1 }).execute()
  const scopes = async () =>
    (await database.db.selectFrom('clock').select('scope').orderBy('scope').execute()).map(({ scope }) => scope)
  const sleep = (seconds: number) => sql`select pg_sleep(${seconds})`.execute(database.db)

  test('a statement that hangs fails, with all that waited for it to end left to go on', async () => {
    const hung = sleep(3600)
    const waiting = put('waited')
    await expect(hung).rejects.toThrow('Connection terminated')
    await waiting.catch(() => undefined)
    await vi.waitFor(() => put('after'), { timeout: 60_000 })
    expect(await scopes()).toEqual(expect.arrayContaining(['after', 'before']))
  })

  test('so does one within a transaction, of which nothing stays', async () => {
    const acting = database.db.transaction().execute(async (trx) => {
      await trx.insertInto('clock').values({ scope: 'half', n: 1 }).execute()
      await sql`select pg_sleep(3600)`.execute(trx)
    })
    await expect(acting).rejects.toThrow(/terminated|not queryable/)
    await vi.waitFor(() => put('after'), { timeout: 60_000 })
    expect(await scopes()).toEqual(['after', 'before'])
  })

  test('a transaction that nobody ends is rolled back, and the database stays as it is', async () => {
    const { rows: started } = await sql`select pg_postmaster_start_time() as at`.execute(database.db)
    let end = () => {}
    const acting = database.db.transaction().execute(async (trx) => {
      await trx.insertInto('clock').values({ scope: 'half', n: 1 }).execute()
      await new Promise<void>((resolve) => (end = resolve))
      await trx.insertInto('clock').values({ scope: 'rest', n: 1 }).execute()
    })
    // it waits for the one connection, until that is taken away
    await put('after')
    end()
    await expect(acting).rejects.toThrow()
    expect(await scopes()).toEqual(['after', 'before'])
    expect((await sql`select pg_postmaster_start_time() as at`.execute(database.db)).rows).toEqual(started)
  })

  test('many short statements, and one that is known to take long, are left alone', async () => {
    for (let i = 0; i < 6; i++) await sleep(0.5)
    await database.patiently(() => sleep(3))
    expect(await scopes()).toEqual(['before'])
  })

  test('a thread that ends is started again, three times in five minutes', async () => {
    const lost = new Promise<Error>((resolve) => database.onLost(resolve))
    for (let i = 1; i <= 3; i++) {
      await expect(CRASH.execute(database.db)).rejects.toThrow()
      await vi.waitFor(() => put(`after ${i}`), { timeout: 60_000 })
    }
    expect(await scopes()).toEqual(['after 1', 'after 2', 'after 3', 'before'])
    await expect(CRASH.execute(database.db)).rejects.toThrow()
    expect((await lost).message).toMatch(/ended with code \d+.*, 4 times in five minutes/)
    await expect(put('never')).rejects.toThrow()
  })
})
