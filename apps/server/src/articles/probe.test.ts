import { sql } from 'kysely'
import { test } from 'vitest'
import { openTestDatabase } from '../db/test-db.ts'
import { tokens, sentences } from '@tamga/language'
import { readFileSync } from 'node:fs'
test('probe', async () => {
  const d = await openTestDatabase()
  const r =
    await sql`select lower('ҚӘІ ЁЖ ΣİẞK'), translate(lower('ҚАЗАҚ'), 'қ', 'к'), version(), current_setting('lc_ctype'), (select datlocprovider||':'||coalesce(datlocale,'')||datcollate from pg_database where datname=current_database()) as loc`.execute(
      d.db,
    )
  console.log(r.rows)
  const t = readFileSync('/work/main/seeds/articles/004_946f01ded0a9952b.txt', 'utf8').repeat(300).slice(0, 1_000_000)
  let s = performance.now()
  const k = tokens(t)
  console.log('tokens', k.length, performance.now() - s)
  s = performance.now()
  const q = sentences(t, 'kk')
  console.log('sentences', q.length, performance.now() - s)
  await d.close()
}, 60000)
