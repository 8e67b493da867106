import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { openLog } from '../log.ts'
import { tightenModes } from './modes.ts'
import { openDatabase } from './open.ts'

let base: string
afterEach(() => rmSync(base, { recursive: true, force: true }))

function place(): string {
  base = mkdtempSync(join(tmpdir(), 'tamga-test-'))
  return join(base, 'data')
}

const modeOf = (path: string) => statSync(path).mode & 0o777

/** The paths that others may read or write. */
function open(dir: string): string[] {
  const paths = [dir, ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((path) => join(dir, path))]
  return paths.filter((path) => (modeOf(path) & 0o077) !== 0)
}

describe.skipIf(process.platform === 'win32')('the modes of a data folder', () => {
  test('are taken from others, whatever was there before, and links are not followed', () => {
    const dir = place()
    mkdirSync(join(dir, 'db/base'), { recursive: true })
    writeFileSync(join(dir, 'db/base/1'), '')
    writeFileSync(join(dir, 'VERSION'), '')
    const outside = join(base, 'outside')
    writeFileSync(outside, '')
    symlinkSync(outside, join(dir, 'link'))
    for (const path of [dir, join(dir, 'db'), join(dir, 'db/base')]) chmodSync(path, 0o755)
    for (const path of [outside, join(dir, 'VERSION'), join(dir, 'db/base/1')]) chmodSync(path, 0o666)
    expect(tightenModes(dir)).toEqual({ tightened: 5, loose: null })
    expect([dir, join(dir, 'db'), join(dir, 'db/base')].map(modeOf)).toEqual([0o700, 0o700, 0o700])
    expect([join(dir, 'VERSION'), join(dir, 'db/base/1'), outside].map(modeOf)).toEqual([0o600, 0o600, 0o666])
    expect(tightenModes(dir)).toEqual({ tightened: 0, loose: null })
  })

  test('that cannot be changed are named, and the others are changed', ({ skip }) => {
    const dir = place()
    mkdirSync(dir, { mode: 0o755 })
    const fixed = join(dir, 'fixed')
    for (const name of ['fixed', 'other']) writeFileSync(join(dir, name), '', { mode: 0o644 })
    // no user may change an immutable file, root neither
    if (spawnSync('chattr', ['+i', fixed]).status !== 0) skip('this file system keeps no immutable files')
    try {
      expect(tightenModes(dir)).toEqual({ tightened: 2, loose: fixed })
    } finally {
      spawnSync('chattr', ['-i', fixed])
    }
  })

  test('are the same for a database made anew and opened again, and loose ones are told', async () => {
    const dir = place()
    const { worker } = inject('pglite')!
    const umask = process.umask(0o077)
    try {
      const lines: string[] = []
      const log = openLog({ json: false, level: 'warn' }, (text) => lines.push(text))
      const made = await openDatabase({ dir, worker }, log)
      expect(open(dir)).toEqual([])
      await made.close()
      expect(lines).toEqual([])
      chmodSync(dir, 0o755)
      chmodSync(join(dir, 'VERSION'), 0o644)
      const again = await openDatabase({ dir, worker }, log)
      expect(open(dir)).toEqual([])
      await again.close()
      expect(lines.join('')).toContain(`2 files or folders of "${dir}" were open to other users of this machine`)
    } finally {
      process.umask(umask)
    }
  })
})
