import { sql, type Transaction } from 'kysely'
import { migrate } from './migrate.ts'
import type { Database, Db } from './open.ts'
import type { Tables } from './tables.ts'

type Base = Pick<Database, 'db'>

/** Told after each batch: how many rows of a table are over. */
export type Progress = (table: string, rows: number) => void

interface Column {
  readonly name: string
  readonly type: string
  /** Its numbers come from a sequence. */
  readonly identity: boolean
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** By what its rows are read in order: older ones first where they have numbers. */
  readonly order: readonly Column[]
}

/**
 * Copies everything of one database into another one that is empty, and brings both schemas up to date before. One
 * transaction: the other one has all of it in the end, or nothing. Answers how many rows each table has. Throws, in
 * words, if there is something in the other one already.
 */
export async function move(
  from: Base,
  to: Base,
  tell: Progress = () => undefined,
): Promise<ReadonlyMap<string, number>> {
  await requireEmpty(to.db)
  await migrate(from.db)
  await migrate(to.db)
  await requireEmpty(to.db)
  const moved = new Map<string, number>()
  await to.db.transaction().execute(async (trx) => {
    for (const table of await tablesOf(from.db)) moved.set(table.name, await copy(table, from.db, trx, tell))
    for (const [table, rows] of moved) {
      const there = await count(trx, table)
      if (there !== rows) throw new Error(`${table} has ${there} rows there and ${rows} here; nothing was moved`)
    }
  })
  await sql`analyze`.execute(to.db)
  return moved
}

/** Nothing of anybody's may be there: neither rows of a Tamga, nor tables of something else. */
async function requireEmpty(db: Db): Promise<void> {
  const { rows: there } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') order by oid`.execute(db)
  const names = there.map(({ name }) => name)
  const full: string[] = []
  if (!names.includes('kysely_migration')) full.push(...names)
  else for (const name of names) if (!name.startsWith('kysely_') && (await count(db, name)) > 0) full.push(name)
  if (full.length > 0)
    throw new Error(
      `The other database is not empty (${full.slice(0, 3).join(', ')} …). Name a new one; nothing was moved.`,
    )
}

async function count(db: Db, table: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db)
  return rows[0]!.n
}

/** In the order in which they were made: what a table refers to was there before it. */
async function tablesOf(db: Db): Promise<Table[]> {
  const { rows } = await sql<{ name: string; columns: Column[]; key: string[] }>`
    select c.relname as name,
      (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'identity', a.attidentity <> '') order by a.attnum)
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select json_agg(a.attname order by array_position(i.indkey::int2[], a.attnum))
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as key
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname not like 'kysely\\_%'
    order by c.oid`.execute(db)
  return rows.map(({ name, columns, key }) => {
    const numbered = columns.filter(({ identity }) => identity)
    const order = numbered.length > 0 ? numbered : key.map((part) => columns.find((column) => column.name === part)!)
    return { name, columns, order }
  })
}

/** About what a batch holds, as text. */
const BATCH_CHARACTERS = 4_000_000
const MOST_ROWS = 2000

async function copy(table: Table, from: Db, to: Transaction<Tables>, tell: Progress): Promise<number> {
  let rows = 0
  let limit = 50
  let after: readonly string[] | null = null
  for (;;) {
    const batch: readonly Record<string, string | null>[] = await read(table, from, after, limit)
    if (batch.length === 0) break
    const values = JSON.stringify(batch.map((row) => table.columns.map(({ name }) => row[name])))
    await write(table, to, values)
    rows += batch.length
    tell(table.name, rows)
    after = table.order.map(({ name }) => batch.at(-1)![name]!)
    limit = Math.max(1, Math.min(MOST_ROWS, Math.floor((batch.length * BATCH_CHARACTERS) / values.length)))
  }
  for (const { name, identity } of table.columns) if (identity) await goOnAfter(table.name, name, to)
  return rows
}

const listOf = (columns: readonly Column[]) => sql.join(columns.map(({ name }) => sql.ref(name)))

/** Each value as the text that its type reads again: nothing is lost on the way, not even the digits of a second. */
async function read({ name, columns, order }: Table, db: Db, after: readonly string[] | null, limit: number) {
  const texts = sql.join(columns.map((column) => sql`${sql.ref(column.name)}::text as ${sql.ref(column.name)}`))
  const last = after && sql.join(after.map((value, i) => sql`${value}::text::${sql.raw(order[i]!.type)}`))
  const beyond = last ? sql`where (${listOf(order)}) > (${last})` : sql``
  const table = sql.table(name)
  // qualified: a bare name would order by the text
  const by = sql.join(order.map((column) => sql.ref(`${name}.${column.name}`)))
  const { rows } = await sql<Record<string, string | null>>`
    select ${texts} from ${table} ${beyond} order by ${by} limit ${limit}`.execute(db)
  return rows
}

async function write({ name, columns }: Table, trx: Transaction<Tables>, values: string): Promise<void> {
  const typed = sql.join(columns.map(({ type }, i) => sql`(r->>${sql.lit(i)})::${sql.raw(type)}`))
  await sql`
    insert into ${sql.table(name)} (${listOf(columns)}) overriding system value
    select ${typed} from json_array_elements(${values}::json) with ordinality as t (r, n) order by n`.execute(trx)
}

async function goOnAfter(table: string, column: string, trx: Transaction<Tables>): Promise<void> {
  await sql`
    select setval(pg_get_serial_sequence(${table}, ${column}), coalesce(max(${sql.ref(column)}), 0) + 1, false)
    from ${sql.table(table)}`.execute(trx)
}
