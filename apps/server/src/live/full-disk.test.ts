import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { newId } from '../services.ts'
import { openTestRoom, span, Tab, until, type Person, type TestRoom } from './test-room.ts'

let room: TestRoom
let anna: Person
let bolat: Person
const tabs: Tab[] = []

beforeAll(async () => {
  room = await openTestRoom()
  anna = await room.person('Анна')
  bolat = await room.person('Болат')
})
afterEach(async () => {
  await setFull(false)
  tabs.splice(0).forEach((tab) => tab.end())
})
afterAll(() => room.close())

function open(layer: string, person: Person, params?: Record<string, string>): Tab {
  const tab = new Tab(room, layer, person, params)
  tabs.push(tab)
  return tab
}

/** The database answers each write of the log as it does where its disk is full, or goes on. */
async function setFull(full: boolean): Promise<void> {
  await sql`drop trigger if exists full_disk on layer_log`.execute(room.db)
  if (!full) return
  await sql`create or replace function full_disk() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
    room.db,
  )
  await sql`create trigger full_disk before insert on layer_log execute function full_disk()`.execute(room.db)
}

/** Marks a span and answers its id. */
function mark(tab: Tab, start: number, end: number): string {
  const id = newId()
  tab.layer.add(span(start, end), { id })
  return id
}

const isFull = (tab: Tab) => tab.heard.flatMap((message) => (message.type === 'disk' ? [message.full] : [])).at(-1)

test('a full disk closes nobody: edits wait, reading and joining go on, and all is saved when there is space', async () => {
  const layer = await room.layer()
  const [a, b] = [open(layer, anna), open(layer, bolat)]
  await Promise.all([a.joined(), b.joined()])
  const first = mark(a, 0, 6)
  await a.saved()
  await setFull(true)
  const waiting = mark(a, 7, 10)
  await until(() => isFull(a) === true && isFull(b) === true)
  const late = open(layer, anna)
  await late.joined()
  await until(() => isFull(late) === true)
  const later = mark(a, 11, 16)
  expect(late.layer.read(first) !== null).toBe(true)
  expect([a.pending.count > 0, late.layer.read(waiting) !== null]).toEqual([true, false])
  expect(room.services.disk.trouble === null).toBe(room.services.kind === 'pglite')
  await setFull(false)
  await a.saved()
  await until(() => b.layer.read(later) && b.layer.read(waiting))
  await until(() => isFull(a) === false && isFull(b) === false && isFull(late) === false)
  expect([a.closes, b.closes, late.closes]).toEqual([[], [], []])
  expect(room.services.disk.trouble).toBeNull()
})

test('a write of the server’s own is refused while edits wait for space, and not kept waiting behind them', async () => {
  const layer = await room.layer()
  const a = open(layer, anna)
  await a.joined()
  await setFull(true)
  mark(a, 0, 6)
  await until(() => isFull(a) === true)
  const write = room.live.write(layer, anna.id, { edit: (doc) => doc.add(span(7, 10), { id: newId() }) })
  await expect(write).rejects.toMatchObject({ code: 'disk_full' })
  await setFull(false)
  await a.saved()
})

test('a page that speaks plain y-websocket is told nothing that it would not understand', async () => {
  const layer = await room.layer()
  const [a, plain] = [open(layer, anna), open(layer, bolat, { ack: '0' })]
  await Promise.all([a.joined(), plain.joined()])
  await setFull(true)
  mark(a, 0, 6)
  await until(() => isFull(a) === true)
  expect(isFull(plain)).toBeUndefined()
})
