import { sql, type Kysely } from 'kysely'
import { bodyRows } from '../bodies.ts'

/**
 * The chunks of a revision are its body, and keep the tokens and sentences that begin in them, packed. The columns of
 * `revision` that held them before stay for the release before this one; this one neither writes nor reads them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  for (let after = ''; ;) {
    const ids = await sizesAfter(db, after)
    if (ids.length === 0) break
    for (const some of handfuls(ids)) await pack(db, some)
    after = ids.at(-1)!.id
  }
}

const statements = [
  `alter table revision alter column body drop not null, alter column tokens drop not null,
    alter column sentences drop not null`,
  // '' is the list of no range: a chunk in which none begins
  `alter table revision_chunk add column tokens bytea not null default '', add column sentences bytea not null default ''`,
]

interface Sized {
  readonly id: string
  readonly size: number
}

const sizesAfter = async (db: Kysely<unknown>, after: string): Promise<Sized[]> =>
  (
    await sql<Sized>`select id, code_points as size from revision where id > ${after} and body is not null
      order by id limit 1000`.execute(db)
  ).rows

/** So much of texts at a time: their tokens as JSON take about ten times their room. */
const MOST_POINTS = 200_000
const MOST = 100

function* handfuls(ids: readonly Sized[]): Generator<string[]> {
  let some: string[] = []
  let points = 0
  for (const { id, size } of ids) {
    if (some.length === MOST || (some.length > 0 && points + size > MOST_POINTS)) {
      yield some
      some = []
      points = 0
    }
    some.push(id)
    points += size
  }
  if (some.length > 0) yield some
}

interface Old {
  readonly id: string
  readonly body: string
  readonly tokens: readonly (readonly [number, number])[]
  readonly sentences: readonly (readonly [number, number])[]
}

const ROWS = 100

async function pack(db: Kysely<unknown>, ids: readonly string[]): Promise<void> {
  const { rows } = await sql<Old>`select id, body, tokens, sentences from revision where id = any (${ids})`.execute(db)
  const chunks = rows.flatMap(({ id, body, tokens, sentences }) =>
    [...bodyRows(body, tokens.flat(), sentences.flat())].map((row) => ({ revision: id, ...row })),
  )
  for (let i = 0; i < chunks.length; i += ROWS) {
    const some = chunks.slice(i, i + ROWS)
    await sql`
      insert into revision_chunk (revision, no, body, tokens, sentences)
      select * from unnest(${some.map(({ revision }) => revision)}::text[], ${some.map(({ no }) => no)}::int[],
        ${some.map(({ body }) => body)}::text[], ${some.map(({ tokens }) => tokens)}::bytea[],
        ${some.map(({ sentences }) => sentences)}::bytea[])
      on conflict (revision, no) do update set tokens = excluded.tokens, sentences = excluded.sentences`.execute(db)
  }
}
