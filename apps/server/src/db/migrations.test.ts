import { sql, type Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { installationKey } from './installation.ts'
import { unpackRanges } from './bodies.ts'
import { migrate } from './migrate.ts'
import type { Tables } from './tables.ts'
import { openTestDatabase } from './test-db.ts'

type Step = {
  /** Writes rows as the schema before knew them. */
  readonly write: (db: Kysely<Tables>) => Promise<unknown>
  /** Reads them as they should stand after the step. */
  readonly read: (db: Kysely<Tables>) => Promise<unknown>
  readonly stands: unknown
}

const write = (db: Kysely<Tables>, layer: string, account: string) =>
  sql`insert into annotation (layer, id, kind, content, digest, creator, last_editor)
    values (${layer}, ${account}, 'span', '{}', '', ${account}, ${account})`.execute(db)

const settings = '{"quorum":2,"ownApproval":false,"languages":["kk"]}'

/** Every step but the first, with data from the schema before it. */
const steps: Record<string, Step> = {
  '0002-refresh': {
    write: (db) => sql`insert into project (id, name, settings) values ('p', 'News', ${settings}::jsonb)`.execute(db),
    read: async (db) => (await sql`select id, name, settings, refreshed_to from project`.execute(db)).rows,
    stands: [{ id: 'p', name: 'News', settings: JSON.parse(settings) as unknown, refreshed_to: null }],
  },
  '0003-live': {
    write: async (db) => {
      await sql`insert into article (id, project, title) values ('a', 'p', 'Форум')`.execute(db)
      await sql`insert into article_stats (article, annotated, waiting, approved) values ('a', 5, 2, 3)`.execute(db)
    },
    read: async (db) => (await sql`select * from article_stats`.execute(db)).rows,
    stands: [{ article: 'a', annotated: 5, waiting: 2, approved: 3, untold: false }],
  },
  '0004-installation': {
    write: (db) => sql`insert into clock (scope, n) values ('project/p', 7)`.execute(db),
    read: async (db) => [
      (await sql`select * from clock`.execute(db)).rows,
      (await sql`select * from installation`.execute(db)).rows,
    ],
    stands: [[{ scope: 'project/p', n: 7 }], []],
  },
  '0005-at-once': {
    write: async (db) => {
      await sql`insert into account (id, name, colour) values ('p1', 'Анна', 1)`.execute(db)
      await sql`insert into revision (id, article, no, sha256, body, code_points, tokens, sentences, segmenter)
        values ('r', 'a', 1, '', 'Форум', 5, '[]', '[]', 1)`.execute(db)
      await sql`insert into layer (id, revision) values ('l', 'r')`.execute(db)
      await write(db, 'l', 'p1')
    },
    // what it wrote refers to what is there, goes with its layer, and keeps its author
    read: async (db) => {
      const refused = async (act: Promise<unknown>) =>
        act.then(() => 'done').catch(({ code }: { code: string }) => code)
      const codes = [
        await refused(write(db, 'nowhere', 'p1')),
        await refused(write(db, 'l', 'nobody')),
        await refused(sql`update annotation set last_editor = 'nobody'`.execute(db)),
        await refused(sql`delete from account where id = 'p1'`.execute(db)),
      ]
      const count = async () =>
        (await sql<{ n: number }>`select count(*)::int as n from annotation`.execute(db)).rows[0]!.n
      const before = await count()
      await sql`delete from article where id = 'a'`.execute(db)
      return [...codes, before, await count()]
    },
    stands: ['23503', '23503', '23503', '23503', 1, 0],
  },
  '0006-verified': {
    write: async (db) => {
      await sql`insert into article (id, project, title) values ('v', 'p', 'Форум')`.execute(db)
      await sql`insert into revision (id, article, no, sha256, body, code_points, tokens, sentences, segmenter)
        values ('s', 'v', 1, '', 'Форум', 5, '[]', '[]', 1)`.execute(db)
      for (const [layer, owner, seq] of [
        ['written', null, 3],
        ['empty', 'p1', 0],
      ] as const) {
        await sql`insert into layer (id, revision, owner) values (${layer}, 's', ${owner})`.execute(db)
        await sql`insert into layer_head (layer, seq) values (${layer}, ${seq})`.execute(db)
      }
    },
    // what an earlier release wrote is to be compared with its rows
    read: async (db) => {
      const { rows } = await sql`select layer, seq, log_verified from layer_head order by layer`.execute(db)
      await sql`delete from article where id = 'v'`.execute(db)
      return rows
    },
    stands: [
      { layer: 'empty', seq: 0, log_verified: true },
      { layer: 'written', seq: 3, log_verified: false },
    ],
  },
  '0008-bodies': {
    write: async (db) => {
      await sql`insert into article (id, project, title) values ('c', 'p', 'Аттар')`.execute(db)
      const packed = (text: string, tokens: string, sentences: string, id: string) =>
        sql`insert into revision (id, article, no, sha256, body, code_points, tokens, sentences, segmenter)
          values (${id}, 'c', ${id.charCodeAt(1)}, '', ${text}, ${[...text].length}, ${tokens}::jsonb,
            ${sentences}::jsonb, 1)`.execute(db)
      const tokens = Array.from({ length: 5000 }, (_, i) => [2 * i, 2 * i + 2])
      await packed('🐎'.repeat(5000), JSON.stringify(tokens), '[[0,10000]]', 'c1')
      await sql`insert into revision_chunk (revision, no, body) values ('c1', 0, ${'🐎'.repeat(4096)}),
        ('c1', 1, ${'🐎'.repeat(904)})`.execute(db)
      // an earlier release may have left a text without chunks
      await packed('Ат. Ит.', '[[0,2],[2,3],[4,6],[6,7]]', '[[0,4],[4,7]]', 'c2')
    },
    read: async (db) => {
      const { rows } = await sql<{ id: string; text: string; tokens: Buffer; sentences: Buffer }>`
        select r.id, string_agg(c.body, '' order by c.no) as text,
          string_agg(c.tokens, ''::bytea order by c.no) as tokens,
          string_agg(c.sentences, ''::bytea order by c.no) as sentences
        from revision r join revision_chunk c on c.revision = r.id where r.article = 'c' group by r.id order by r.id`.execute(
        db,
      )
      await sql`delete from article where id = 'c'`.execute(db)
      return rows.map(({ id, text, tokens, sentences }) => [
        ...[id, text.length, unpackRanges(tokens).length, unpackRanges(tokens).at(-1)],
        unpackRanges(sentences),
      ])
    },
    stands: [
      ['c1', 10_000, 5000, [9998, 10_000], [[0, 10_000]]],
      [
        ...['c2', 7, 4, [6, 7]],
        [
          [0, 4],
          [4, 7],
        ],
      ],
    ],
  },
  '0009-installation-key': {
    write: (db) => sql`insert into installation (id) values ('one of before')`.execute(db),
    // the first who asks makes it, for all
    read: async (db) => {
      const before = (await sql`select id, key from installation`.execute(db)).rows
      const keys = await Promise.all([installationKey(db), installationKey(db)])
      const { rows } = await sql<{ id: string; key: string }>`select id, key from installation`.execute(db)
      return [before, rows[0]!.id, keys.every((key) => key === rows[0]!.key), rows[0]!.key.length]
    },
    stands: [[{ id: 'one of before', key: null }], 'one of before', true, 43],
  },
  '0010-links': {
    write: async (db) => {
      await sql`insert into account (id, name, colour) values ('owner', 'Ольга', 2)`.execute(db)
      await sql`insert into ticket (hash, id, kind, account, made_by, expires_at, used_at) values
        ('h1', 'by-owner', 'sign-in', 'p1', 'owner', now(), now() - interval '1 hour'),
        ('h2', 'by-operator', 'sign-in', 'owner', null, now(), now() - interval '40 days')`.execute(db)
      await sql`insert into session (id_hash, account, created_at, expires_at) values
        ('by-link', 'p1', now() - interval '1 hour', now() + interval '29 days'),
        ('by-password', 'p1', now() - interval '2 hours', now() + interval '29 days'),
        ('by-operator', 'owner', now() - interval '40 days', now() + interval '29 days')`.execute(db)
    },
    read: async (db) => [
      (
        await sql`select id_hash, ticket, made_by, extract(epoch from expires_at - created_at)::int / 3600 as hours
          from session order by id_hash`.execute(db)
      ).rows,
      (await sql`select id, note, seen_at is null as unread from ticket order by id`.execute(db)).rows,
      (await sql`select id, sign_in_name from account order by id`.execute(db)).rows,
    ],
    stands: [
      [
        { id_hash: 'by-link', ticket: 'by-owner', made_by: 'owner', hours: 12 },
        { id_hash: 'by-operator', ticket: 'by-operator', made_by: null, hours: 69 * 24 },
        { id_hash: 'by-password', ticket: null, made_by: null, hours: 29 * 24 + 2 },
      ],
      [
        { id: 'by-operator', note: null, unread: false },
        { id: 'by-owner', note: null, unread: true },
      ],
      [
        { id: 'owner', sign_in_name: null },
        { id: 'p1', sign_in_name: null },
      ],
    ],
  },
  '0011-ends': {
    write: (db) => sql`insert into article (id, project, title) values ('b', 'p', 'Жиын')`.execute(db),
    read: async (db) => [
      (await sql`select id, deleted_at, deleted_by from project`.execute(db)).rows,
      (await sql`select id, title, erased_at, erasing from visible_article`.execute(db)).rows,
    ],
    stands: [
      [{ id: 'p', deleted_at: null, deleted_by: null }],
      [{ id: 'b', title: 'Жиын', erased_at: null, erasing: false }],
    ],
  },
}

test('each step keeps what the schema before held', async () => {
  const database = await openTestDatabase()
  const { db } = database
  const taken = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const [first, ...later] = taken.rows.map(({ name }) => name)
  expect(Object.keys(steps)).toEqual(later)
  await sql`drop schema public cascade`.execute(db)
  await sql`create schema public`.execute(db)
  await migrate(db, first)
  for (const [name, { write, read, stands }] of Object.entries(steps)) {
    await write(db)
    await migrate(db, name)
    expect(await read(db)).toEqual(stands)
  }
  await database.close()
})
