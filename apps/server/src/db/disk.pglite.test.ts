import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { cannotStart, DiskState, diskTroubleOf, RESERVE_BYTES } from './disk.ts'
import { openDatabase, type Database } from './open.ts'

const MB = 1024 * 1024
const coded = (code: string) => Object.assign(new Error('no'), { code })

test.each([
  ['ENOSPC', 'full'],
  ['53100', 'full'],
  ['EDQUOT', 'quota'],
  ['EROFS', 'read_only'],
  ['25006', 'read_only'],
  ['EIO', 'error'],
  ['58030', 'error'],
  ['23505', null],
  ['40001', null],
])('an error %s means of the disk: %s', (code, trouble) => {
  expect(diskTroubleOf(coded(code))).toBe(trouble)
})

test('what errors say of a disk stands until a write goes through, and is told once each', () => {
  const disk = new DiskState()
  const told: unknown[] = []
  disk.onChange((trouble) => told.push(trouble))
  for (let i = 0; i < 3; i++) expect(disk.note(coded('53100'))).toBe('full')
  expect(disk.note(coded('23505'))).toBeNull()
  expect(disk.trouble).toBe('full')
  disk.written()
  expect([disk.trouble, told]).toEqual([null, ['full', null]])
})

test('the worker of the embedded database decides there, whatever an error says', () => {
  const disk = new DiskState({ hasWorker: true })
  disk.note(coded('25006'))
  expect(disk.trouble).toBeNull()
  disk.report('EDQUOT')
  disk.written()
  expect(disk.trouble).toBe('quota')
  disk.report(null)
  expect(disk.trouble).toBeNull()
})

test('who starts on a disk that takes no writes is told so, and of no damage', () => {
  for (const trouble of ['full', 'quota', 'read_only', 'error'] as const)
    expect(cannotStart('/data', trouble, 'how')).toMatch(/"\/data" cannot be opened: the disk.*whole\. Free space/)
})

const mount = mkdtempSync(join(tmpdir(), 'tamga-disk-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=150m', 'tamga-test', mount]).status === 0
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', mount])
  rmSync(mount, { recursive: true, force: true })
})

// only root may mount
describe.runIf(mounted)('a data folder on a disk of 150 MB', () => {
  const dir = join(mount, 'data')
  const filling = join(mount, 'filling')
  const open = () => openDatabase({ dir, worker: inject('pglite')!.worker })
  let database: Database

  const free = () => {
    const { bavail, bsize } = statfsSync(mount)
    return bavail * bsize
  }
  /** Somebody else's file leaves so many bytes. */
  function leave(bytes: number): void {
    writeFileSync(filling, '')
    const size = free() - bytes
    if (size > 0) writeFileSync(filling, Buffer.alloc(size, 1))
  }
  const insert = (n: number) => sql`insert into kept values (${n})`.execute(database.db)
  const kept = async () => {
    const { rows } = await sql<{ n: number }>`select n from kept order by n`.execute(database.db)
    return rows.map(({ n }) => n)
  }

  beforeAll(async () => {
    database = await open()
    await sql`create table kept (n int)`.execute(database.db)
    await insert(1)
  })
  afterAll(() => database.close())

  test('stops to write before it is full, reads on, and writes again when there is space', async () => {
    for (const left of [RESERVE_BYTES - MB, 0]) {
      leave(left)
      await vi.waitFor(() => expect(insert(2)).rejects.toMatchObject({ code: '25006' }), { timeout: 30_000 })
      expect([await kept(), database.disk.trouble]).toEqual([[1], 'full'])
      // each answer is that of its question
      for (let n = 0; n < 20; n++)
        expect((await sql<{ n: number }>`select ${n}::int as n`.execute(database.db)).rows).toEqual([{ n }])
      truncateSync(filling)
      await vi.waitFor(async () => expect((await insert(3)).numAffectedRows).toBe(1n), { timeout: 30_000 })
      expect([await kept(), database.disk.trouble]).toEqual([[1, 3], null])
      await sql`delete from kept where n = 3`.execute(database.db)
    }
  })

  test('loses nothing where one statement fills it, and takes up by itself', async () => {
    leave(RESERVE_BYTES + 12 * MB)
    const big = sql`create table big as select string_agg(md5((g * 1000 + k)::text), '') as body
      from generate_series(1, 4000) g, generate_series(1, 1000) k group by g`.execute(database.db)
    await expect(big).rejects.toThrow()
    truncateSync(filling)
    await vi.waitFor(async () => expect((await insert(4)).numAffectedRows).toBe(1n), { timeout: 60_000, interval: 200 })
    expect(await kept()).toEqual([1, 4])
  })

  test('is not opened where it is full, which is named, and opens with all that was saved when there is space', async () => {
    const before = await kept()
    await database.close()
    leave(0)
    await expect(open()).rejects.toThrow(
      `The data folder "${dir}" cannot be opened: the disk is full (0 MB are free, and Tamga needs 48 MB). What is in it is whole.`,
    )
    truncateSync(filling)
    database = await open()
    expect(await kept()).toEqual(before)
  })
})
