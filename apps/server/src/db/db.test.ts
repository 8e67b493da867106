import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { lockFolder } from './lock.ts'
import { migrate } from './migrate.ts'
import { openDatabase, type Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const folder = () => mkdtempSync(join(tmpdir(), 'tamga-db-'))
const onPglite = process.env.TEST_DB === 'pglite'

test('the tables are those that tables.ts describes, column by column', async () => {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%' order by 1, 2`.execute(database.db)
  const found: Record<string, string[]> = {}
  for (const { table, column } of rows) (found[table] ??= []).push(column)
  expect(found).toEqual(described())
})

// the interface is erased at run time, so its source is read: `interface NameTable { column: … }`
function described(): Record<string, string[]> {
  const source = readFileSync(join(import.meta.dirname, 'tables.ts'), 'utf8')
  const columns = new Map(
    [...source.matchAll(/interface (\w+Table) \{\n([\s\S]*?)\n\}/g)].map(([, name, body]) => [
      name!,
      [...body!.matchAll(/^ {2}(\w+): /gm)].map((match) => match[1]!).sort(),
    ]),
  )
  const tables = /interface Tables \{\n([\s\S]*?)\n\}/.exec(source)![1]!
  const found = [...tables.matchAll(/(\w+): (\w+)/g)].map(([, table, name]) => [table!, columns.get(name!)!] as const)
  return Object.fromEntries(found)
}

test('twenty read-modify-write transactions at once lose nothing', async () => {
  await database.db.insertInto('clock').values({ scope: 'race', n: 0 }).execute()
  await Promise.all(
    Array.from({ length: 20 }, () =>
      database.db.transaction().execute(async (trx) => {
        const { n } = await trx
          .selectFrom('clock')
          .select('n')
          .where('scope', '=', 'race')
          .forUpdate()
          .executeTakeFirstOrThrow()
        await trx
          .updateTable('clock')
          .set({ n: n + 1 })
          .where('scope', '=', 'race')
          .execute()
      }),
    ),
  )
  expect(await database.db.selectFrom('clock').select('n').where('scope', '=', 'race').executeTakeFirst()).toEqual({
    n: 20,
  })
})

test('eight hundred questions at once each get their own answer', async () => {
  const ask = async (n: number) => {
    const { rows } =
      n % 2 === 0
        ? await sql<{ n: number }>`select ${n}::int as n`.execute(database.db)
        : await sql<{ n: number }>`select ${n}::int as n, ${'x'}::text as x`.execute(database.db)
    return rows[0]!.n
  }
  const asked = Array.from({ length: 800 }, (_, n) => n)
  expect(await Promise.all(asked.map(ask))).toEqual(asked)
})

test('a database that a newer Tamga has migrated is refused in words, and left as it is', async () => {
  const { db } = database
  const steps = () => sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '')`.execute(db)
  await expect(migrate(db)).rejects.toThrow(/newer Tamga .*9999-later/)
  expect((await steps()).rows.map(({ name }) => name)).toContain('9999-later')
  await sql`delete from kysely_migration where name = '9999-later'`.execute(db)
  await migrate(db)
})

test.skipIf(onPglite)('a connection that dies in the middle of its work fails that work and nothing else', async () => {
  const { db } = database
  const work = db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
    await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(db)
    await sql`select 1`.execute(trx)
  })
  await expect(work).rejects.toThrow()
  const { rows } = await sql<{ one: number }>`select 1 as one`.execute(db)
  expect(rows).toEqual([{ one: 1 }])
})

test('a Postgres that does not answer is named by its setting, without its password', async () => {
  const opening = openDatabase({ url: 'postgres://tamga:secret@127.0.0.1:1/tamga' })
  await expect(opening).rejects.toThrow(/DATABASE_URL/)
  await expect(opening).rejects.not.toThrow(/secret/)
})

describe.runIf(onPglite)('the embedded database', () => {
  const { worker } = inject('pglite') ?? { worker: '' }

  test('syncs each commit to the disk', async () => {
    const dir = folder()
    const thread = new Worker(worker, {
      workerData: { dir: join(dir, 'db'), listen: { path: join(dir, '.s.PGSQL.5432') } },
    })
    const hear = async () => ((await once(thread, 'message')) as [{ kind: string; syncs: number }])[0]
    const syncs = async () => {
      thread.postMessage('syncs')
      return (await hear()).syncs
    }
    await hear()
    const client = new pg.Client({ host: dir, port: 5432, user: 'postgres', database: 'postgres' })
    await client.connect()
    await client.query('create table t (n int)')
    const before = await syncs()
    for (let i = 0; i < 10; i++) await client.query('insert into t values ($1)', [i])
    expect(await syncs()).toBeGreaterThanOrEqual(before + 10)
    await client.end()
    await thread.terminate()
    rmSync(dir, { recursive: true, force: true })
  })

  test('refuses a folder that another version wrote, and says which', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'VERSION'), 'pglite 0.4 (Postgres 17)\n')
    await expect(openDatabase({ dir, worker })).rejects.toThrow(/pglite 0\.4 \(Postgres 17\)/)
    ;(await lockFolder(dir)).release()
    rmSync(dir, { recursive: true })
  })
})

describe('gold', () => {
  const insert = (start: number, end: number, quote: string) =>
    sql`insert into gold (project, annotation, from_cut, layer, revision, kind, starts, ends, quotes, label, attributes, digest, decision, supporters)
      values ('p', ${`a${start}-${end}`}, 1, 'l', 'r', 'span', array[${start}]::int[], array[${end}]::int[], array[${quote}]::text[], 'per', '[]', '', 'd', '{}')`.execute(
      database.db,
    )
  // an astral letter before everything, and a text of several chunks
  const text = '🐎' + 'Ақтөбе қаласы. '.repeat(900)
  const points = [...text]

  beforeAll(async () => {
    const { db } = database
    await sql`insert into account (id, name, colour) values ('ac', 'A', 1)`.execute(db)
    await sql`insert into project (id, name, settings) values ('p', 'P', '{}')`.execute(db)
    await sql`insert into article (id, project, title) values ('ar', 'p', 'T')`.execute(db)
    await sql`insert into revision (id, article, no, sha256, body, code_points, tokens, sentences, segmenter)
      values ('r', 'ar', 1, '', ${text}, ${points.length}, '[]', '[]', 1)`.execute(db)
    for (let no = 0; no * 4096 < points.length; no++)
      await db
        .insertInto('revision_chunk')
        .values({ revision: 'r', no, body: points.slice(no * 4096, (no + 1) * 4096).join('') })
        .execute()
    await sql`insert into layer (id, revision) values ('l', 'r')`.execute(db)
    await sql`insert into annotation (layer, id, kind, content, digest, creator, last_editor) values ('l', 'an', 'span', '{}', '', 'ac', 'ac')`.execute(
      db,
    )
    await sql`insert into decision (id, layer, annotation, account, verdict, digest, label_set_no) values ('d', 'l', 'an', 'ac', 'approve', '', 1)`.execute(
      db,
    )
  })

  test.each([
    [1, 7],
    [0, 1],
    [4090, 4100],
    [4096, 8192],
    [8191, 8193],
    [points.length - 3, points.length],
  ])('takes [%i, %i) with the text that stands there, across chunks, and no other', async (start, end) => {
    const quote = points.slice(start, end).join('')
    await insert(start, end, quote)
    await expect(insert(start, end + 1, quote)).rejects.toThrow(/is not its quote/)
    await expect(insert(start + 1, end + 1, quote)).rejects.toThrow(/is not its quote/)
    await expect(insert(start, end, quote + ' ')).rejects.toThrow(/is not its quote/)
  })

  test.each([
    [-1, 3],
    [5, 5],
    [7, 3],
    [points.length, points.length + 1],
  ])('refuses [%i, %i)', async (start, end) => {
    await expect(insert(start, end, '')).rejects.toThrow(/is not its quote/)
  })
})
