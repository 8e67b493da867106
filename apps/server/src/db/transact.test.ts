import { Problem } from '@tamga/model'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './open.ts'
import { openTestDatabase } from './test-db.ts'
import { transact } from './transact.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const failure = (code: string) => Object.assign(new Error('in the way'), { code })

/** A transaction that writes and then meets these errors, one at each attempt. */
async function attempts(scope: string, errors: readonly (Error | null)[]): Promise<unknown> {
  let attempt = 0
  return transact(database, async (trx) => {
    await trx.insertInto('clock').values({ scope, n: attempt }).execute()
    const error = errors[attempt++]
    if (error) throw error
    return attempt
  }).catch((error: Error) => error.message)
}
const written = (scope: string) => database.db.selectFrom('clock').select('n').where('scope', '=', scope).execute()

test.each(['40001', '40P01', '55P03'])('%s: it is tried again, and written once', async (code) => {
  expect(await attempts(code, [failure(code), failure(code), null])).toBe(3)
  expect(await written(code)).toEqual([{ n: 2 }])
})

test('who stands in the way three times is waited for no longer', async () => {
  expect(await attempts('thrice', [failure('40P01'), failure('55P03'), failure('40001'), null])).toBe('busy')
  expect(await written('thrice')).toEqual([])
})

test('a refusal, or any other error, is not tried again', async () => {
  expect(await attempts('refused', [new Problem('label_set_moved'), null])).toBe('label_set_moved')
  expect(await attempts('other', [failure('23505'), null])).toBe('in the way')
  expect([...(await written('refused')), ...(await written('other'))]).toEqual([])
})
