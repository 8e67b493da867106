import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { transactInOne } from './in-two.ts'
import { openDatabase, poolOf, type Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'

const LIMITS = { transactionMs: 1000, statementMs: 2000 }

describe('the watch over the embedded database', () => {
  let database: Database
  beforeEach(async () => {
    database = await openTestDatabase()
    await put('before')
    database.watch(LIMITS)
  })
  afterEach(() => database.close())

  const put = (scope: string) => database.db.insertInto('clock').values({ scope, n: 1 }).execute()
  const scopes = async () =>
    (await database.db.selectFrom('clock').select('scope').orderBy('scope').execute()).map(({ scope }) => scope)
  const sleep = (seconds: number) => sql`select pg_sleep(${seconds})`.execute(database.db)

  test.each<[string, () => Promise<unknown>]>([
    ['a statement', () => sleep(3600)],
    ['one that is a transaction', () => transactInOne(poolOf(database.db), 'select pg_sleep($1)', [3600])],
  ])('%s that hangs fails, with all that waited for it to end left to go on', async (_name, hang) => {
    const hung = hang()
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

  test('a thread that ends by itself is started again, three times in five minutes', async () => {
    const { template, worker } = inject('pglite')!
    const dir = mkdtempSync(join(tmpdir(), 'tamga-db-'))
    cpSync(template, dir, { recursive: true })
    // the real one, which ends when told by a file: nothing that can be asked of the database ends it for certain
    const [mortal, ending] = [`${worker}.mortal.mjs`, join(dir, 'ending')]
    writeFileSync(
      mortal,
      `import { existsSync, rmSync } from 'node:fs'
      const ending = ${JSON.stringify(ending)}
      setInterval(() => existsSync(ending) && (rmSync(ending), process.exit(7)), 20)
      await import(${JSON.stringify(worker)})`,
    )
    const own = await openDatabase({ dir, worker: mortal })
    const lost = new Promise<Error>((resolve) => own.onLost(resolve))
    const put = (n: number) =>
      own.db
        .insertInto('clock')
        .values({ scope: `after ${n}`, n })
        .execute()
    for (let n = 1; n <= 4; n++) {
      writeFileSync(ending, '')
      await vi.waitUntil(() => !existsSync(ending), { timeout: 60_000 })
      if (n < 4) await vi.waitFor(() => put(n), { timeout: 60_000 })
    }
    expect((await lost).message).toBe('the embedded database ended with code 7, 4 times in five minutes')
    await expect(put(5)).rejects.toThrow()
    await own.close()
    rmSync(mortal)
    rmSync(dir, { recursive: true, force: true })
  })
})
