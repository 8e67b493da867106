import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../services.ts'
import { openTestRoom, span, Tab, until, type Person, type TestRoom } from './test-room.ts'

describe('under an embedded database that fails', () => {
  let room: TestRoom
  let people: Person[]

  beforeAll(async () => {
    room = await openTestRoom()
    room.database.watch({ transactionMs: 1000, statementMs: 4000 })
    people = [await room.person('Анна'), await room.person('Болат')]
  })
  afterAll(() => room.close())

  const rows = async (layer: string) =>
    (await room.db.selectFrom('annotation').select('id').where('layer', '=', layer).execute()).map(({ id }) => id)

  test.each([
    ['runs out of stack', sql`select repeat('[', 100000)::json`],
    ['hangs', sql`select pg_sleep(3600)`],
    ['stands in a transaction', sql`begin`],
  ])('that %s, what was called saved stands, and what was not is sent again', async (_how, fault) => {
    const layer = await room.layer()
    const tabs = people.map((person) => new Tab(room, layer, person))
    for (const tab of tabs) await tab.joined()
    const all: string[] = []
    const edit = (n: number) => {
      const id = newId()
      all.push(id)
      tabs[n % 2]!.layer.add(span(n, n + 1), { id })
    }
    for (let n = 0; n < 10; n++) edit(n)
    for (const tab of tabs) await tab.saved()

    // flushes go ahead of what waits for the one connection: it is held before there are any
    let hold = (): void => undefined
    const held = new Promise<void>((resolve) => (hold = resolve))
    const failing = room.db.connection().execute(async (one) => {
      hold()
      await fault.execute(one)
      // whoever holds the one connection, and goes on when everybody else has
      await Promise.all(tabs.map((tab) => tab.saved()))
    })
    await held
    for (let n = 10; n < 30; n++) edit(n)
    await failing.catch(() => undefined)
    for (const tab of tabs) await tab.saved()

    expect((await rows(layer)).sort()).toEqual([...all].sort())
    for (const tab of tabs) {
      await until(() => Object.keys(tab.values).length === 30)
      tab.end()
    }
  })
})
