import { sql } from 'kysely'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf, bodyRows, chunksOf, packedOf, packRanges, unpackRanges } from './bodies.ts'
import type { Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

/** Sorted, disjoint ranges, some of them empty, near and far. */
const drawnRanges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 100_000 })), { maxLength: 60 })
  .map((steps) => {
    let at = 0
    return steps.map(([gap, length]) => [(at += gap), (at += length)] as const)
  })

test('ranges come back from their bytes, packed at once or in parts', () => {
  fc.assert(
    fc.property(drawnRanges, fc.nat(60), (ranges, cut) => {
      const part = Math.min(cut, ranges.length)
      const bytes = packRanges(ranges.flat())
      expect(unpackRanges(bytes)).toEqual(ranges)
      expect(Buffer.concat([packRanges(ranges.flat(), 0, part), packRanges(ranges.flat(), part)])).toEqual(bytes)
    }),
  )
})

test('a word and the blank before it take two bytes', () => {
  expect(packRanges([0, 5, 6, 11])).toEqual(Buffer.from([0, 5, 1, 5]))
  expect(packRanges([0, 300])).toEqual(Buffer.from([0, 0xac, 0x02]))
  expect(() => unpackRanges(Buffer.from([0, 0xac]))).toThrow('at byte 2')
})

test('chunks are 4,096 code points, never half a character', () => {
  const bodies = (text: string) => [...chunksOf(text)].map(({ start, end }) => text.slice(start, end))
  const text = '🐎'.repeat(4095) + 'аб' + '🐎'.repeat(10)
  expect(bodies(text).map((chunk) => [...chunk].length)).toEqual([4096, 11])
  expect(bodies(text).join('')).toBe(text)
  expect(bodies('а'.repeat(4096))).toHaveLength(1)
})

test('a text and its ranges come back whole from the rows that keep them', async () => {
  const { db } = database
  const text = '🐎ат '.repeat(5000)
  const tokens = Array.from({ length: 5000 }, (_, i) => [5 * i, 5 * i + 2, 5 * i + 2, 5 * i + 4]).flat()
  const sentences = [0, 9000, 9000, text.length]
  await sql`insert into project (id, name, settings) values ('p', 'P', '{}')`.execute(db)
  await sql`insert into article (id, project, title) values ('a', 'p', 'T')`.execute(db)
  await db
    .insertInto('revision')
    .values({ id: 'r', article: 'a', no: 1, sha256: '', code_points: [...text].length, segmenter: 1 })
    .execute()
  const rows = [...bodyRows(text, tokens, sentences)].map((row) => ({ revision: 'r', ...row }))
  // the last first: they are put in order by their numbers
  await db.insertInto('revision_chunk').values(rows.reverse()).execute()
  const stored = await db
    .selectFrom('revision as r')
    .select([bodyOf('r.id').as('body'), packedOf('tokens', 'r.id').as('tokens')])
    .select(packedOf('sentences', 'r.id').as('sentences'))
    .where('r.id', '=', 'r')
    .executeTakeFirstOrThrow()
  expect(stored.body).toBe(text)
  expect(unpackRanges(stored.tokens).flat()).toEqual(tokens)
  expect(unpackRanges(stored.sentences).flat()).toEqual(sentences)
  await db.deleteFrom('revision_chunk').execute()
  const erased = await db.selectFrom('revision as r').select(bodyOf('r.id').as('body')).executeTakeFirstOrThrow()
  expect(erased.body).toBe('')
})
