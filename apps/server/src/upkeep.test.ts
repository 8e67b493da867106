import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './db/open.ts'
import { logSize } from './db/size.ts'
import { openTestDatabase } from './db/test-db.ts'
import { vacuum } from './db/vacuum.ts'
import { outgrown } from './upkeep.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const onPglite = process.env.TEST_DB === 'pglite'
const clockBytes = async () =>
  (await sql<{ n: number }>`select pg_relation_size('clock') as n`.execute(database.db)).rows[0]!.n

test('an embedded database that has grown too large names the way to a Postgres', async () => {
  expect(await outgrown(database)).toBeNull()
  const told = await outgrown(database, { spans: 0, bytes: Infinity })
  if (onPglite) expect(told).toMatch(/holds 0 spans in \d+ MB.*npm run tamga -- move --to postgres:\/\//)
  else expect(told).toBeNull()
})

test('the log is counted', async () => {
  const { db } = database
  const none = await logSize(db)
  expect(none).toEqual({ rows: 0, bytes: expect.any(Number) as number })
  await sql`
    with a as (insert into account (id, name, colour) values ('a', 'A', 1) returning id),
      p as (insert into project (id, name, settings) values ('p', 'P', '{}') returning id),
      r as (insert into article (id, project, title) select 'ar', id, 'T' from p returning id),
      v as (insert into revision (id, article, no, sha256, body, code_points, tokens, sentences, segmenter)
        select 'r', id, 1, '', 'text', 4, '[]', '[]', 1 from r returning id),
      l as (insert into layer (id, revision) select 'l', id from v returning id)
    insert into layer_log (layer, seq, epoch, account, at, data)
      select l.id, n, 1, a.id, now(), repeat('x', 3000)::bytea from l, a, generate_series(1, 50) n`.execute(db)
  const some = await logSize(db)
  expect(some.rows).toBe(50)
  expect(some.bytes).toBeGreaterThan(none.bytes)
})

test('dead rows are swept out of an embedded database once much was written, while nobody is in', async () => {
  const { db } = database
  await sql`insert into clock (scope, n) select 'dead/' || g, 1 from generate_series(1, 20000) g`.execute(db)
  await sql`delete from clock where scope like 'dead/%'`.execute(db)
  const dead = await clockBytes()
  const long = -10_000
  expect(await vacuum(database, long, () => false)).toEqual({ tables: 0, writes: long })
  if (onPglite) expect(await clockBytes()).toBe(dead)

  const swept = await vacuum(database, long, () => true)
  if (!onPglite) return expect(swept).toEqual({ tables: 0, writes: long })
  expect(swept.tables).toBeGreaterThan(20)
  expect(await clockBytes()).toBeLessThan(dead / 10)
  expect(await vacuum(database, swept.writes, () => true)).toEqual({ tables: 0, writes: swept.writes })
})
