import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedDemo } from '../seed.ts'
import { openTestApp, type TestApp } from '../test-app.ts'
import { move } from './move.ts'
import { openDatabase, type Database, type Db } from './open.ts'
import { admin, withDatabase } from './test-db.ts'

const server = process.env.TEST_DATABASE_URL

/** Every row of every table, as what a program reads. */
async function everything(db: Db): Promise<Record<string, string[]>> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'kysely%'`.execute(db)
  const all: Record<string, string[]> = {}
  for (const { name } of tables) {
    const { rows } = await sql`select t.* from ${sql.table(name)} t`.execute(db)
    all[name] = rows.map((row) => JSON.stringify(row)).sort()
  }
  return all
}

describe.runIf(server)('from a data folder to a Postgres', () => {
  let from: TestApp
  let to: Database
  const name = `tamga_move_${process.pid}_${Date.now()}`

  beforeAll(async () => {
    from = await openTestApp({ demo: true })
    await seedDemo(from.services, from.live, join(import.meta.dirname, '../../../../seeds'))
    // nothing is told to pages while the rows are compared
    await from.live.close()
    // what a careless copy would change: a JSON null, quotes within arrays, the digits of a second
    await sql`insert into fact (scope, n, kind, payload, at)
      values ('odd', 1, 'null', 'null', '2026-01-01 00:00:00.123456+00')`.execute(from.services.db)
    await sql`update member set reads = array['a"b', 'c,d', '{}', 'NULL', '']`.execute(from.services.db)
    await admin(server!, `create database ${name}`)
    to = await openDatabase({ url: withDatabase(server!, name) })
  })
  afterAll(async () => {
    await from.close()
    await to.close()
    await admin(server!, `drop database ${name} with (force)`)
  })

  test('everything is there, and goes on from there', async () => {
    const before = await everything(from.services.db)
    const moved = await move(from.services, to)
    expect(await everything(to.db)).toEqual(before)
    expect(Object.fromEntries(moved)).toEqual(
      Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.length])),
    )
    for (const table of ['gold', 'layer_log', 'decision', 'revision_chunk']) expect(moved.get(table)).toBeGreaterThan(0)
    const at = async (db: Db) =>
      (await sql`select at::text, payload::text from fact where scope = 'odd'`.execute(db)).rows
    expect(await at(to.db)).toEqual([{ at: expect.stringContaining('.123456') as string, payload: 'null' }])

    const last = await sql<{ n: number }>`select max(id) as n from audit`.execute(to.db)
    const next = await to.db.insertInto('audit').values({ act: 'moved' }).returning('id').executeTakeFirstOrThrow()
    expect(next.id).toBe(last.rows[0]!.n + 1)
  })

  test('a database with something in it is left as it is', async () => {
    const before = await everything(to.db)
    await expect(move(from.services, to)).rejects.toThrow(/^The other database is not empty \(account/)
    expect(await everything(to.db)).toEqual(before)
  })

  test('so is one of somebody else', async () => {
    const other = `${name}_other`
    await admin(server!, `create database ${other}`)
    const database = await openDatabase({ url: withDatabase(server!, other) })
    await sql`create table invoices (n int)`.execute(database.db)
    await expect(move(from.services, database)).rejects.toThrow('not empty (invoices')
    expect(Object.keys(await everything(database.db))).toEqual(['invoices'])
    await database.close()
    await admin(server!, `drop database ${other} with (force)`)
  })
})
