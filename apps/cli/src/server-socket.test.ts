import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openServerSocket } from './server-socket.ts'

afterEach(() => vi.unstubAllEnvs())

test('a mistyped data folder is named, and none is made', async () => {
  vi.stubEnv('DATABASE_URL', undefined)
  const data = join(mkdtempSync(join(tmpdir(), 'tamga-test-')), 'dta')
  await expect(openServerSocket(data)).rejects.toThrow(`There is no data folder of Tamga at "${data}".`)
  expect(existsSync(data)).toBe(false)
})
