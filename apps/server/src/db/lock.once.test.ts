import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { requireLocalFileSystem } from './file-system.ts'
import { methodOf, takeKernelLock } from './kernel-lock.ts'
import { FolderInUse, lockFolder } from './lock.ts'
import { holderProgram, mayRun, namespaces, Starter, unshared, type StarterOptions } from './test-starters.ts'

const onLinux = process.platform === 'linux'
const NOW = { patienceMs: 0 }

let base: string
let program: string
const started: Starter[] = []
beforeAll(async () => void (program = await holderProgram()))
afterEach(async () => {
  for (const starter of started.splice(0)) {
    starter.signal('SIGCONT')
    await starter.kill()
  }
  if (base) rmSync(base, { recursive: true, force: true })
})

/** A path in a folder of the test's own, not made yet. */
function place(): string {
  base = mkdtempSync(join(tmpdir(), 'tamga-test-'))
  return join(base, 'data')
}

function start(dir: string, options?: StarterOptions): Starter {
  const starter = new Starter(program, dir, options)
  started.push(starter)
  return starter
}

const note = (dir: string) => JSON.parse(readFileSync(join(dir, 'tamga.lock'), 'utf8')) as Record<string, unknown>

describe('the lock of a data folder', () => {
  test('is exclusive, tells who has it, and leaves nothing when it is released', async () => {
    const dir = place()
    const lock = await lockFolder(dir)
    lock.announce({ url: 'http://127.0.0.1:1', socket: '/tmp/socket' })
    const refused = await lockFolder(dir, NOW).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(FolderInUse)
    expect((refused as FolderInUse).holder).toMatchObject({ pid: process.pid, path: dir, socket: '/tmp/socket' })
    expect(await start(dir).said()).toBe(
      `Another Tamga (process ${process.pid}) holds the data folder "${dir}" and answers at http://127.0.0.1:1.`,
    )
    lock.release()
    expect(readdirSync(dir)).toEqual(['db'])
    const next = start(dir)
    expect(await next.said()).toBe('held')
  })

  test('is waited for while its holder ends', async () => {
    const dir = place()
    const first = start(dir)
    expect(await first.said()).toBe('held')
    const next = start(dir, { patienceMs: 60_000 })
    await first.release()
    expect(await next.said()).toBe('held')
  })

  test('is taken at once after kill -9, round after round', async () => {
    const dir = place()
    for (let round = 0; round < 3; round++) {
      const holder = start(dir, { patienceMs: 1000 })
      expect([round, await holder.said()]).toEqual([round, 'held'])
      await holder.kill()
    }
  })

  test('goes to exactly one of sixteen starters', async () => {
    const dir = place()
    const starters = Array.from({ length: 16 }, () => start(dir))
    const said = await Promise.all(starters.map((starter) => starter.said()))
    expect(said.filter((line) => line === 'held')).toHaveLength(1)
    expect(said.filter((line) => line.includes('holds the data folder'))).toHaveLength(15)
  })

  test('stays with a holder that is suspended, whose writes are all there', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    await holder.write('before')
    holder.signal('SIGSTOP')
    expect(await start(dir, { patienceMs: 1000 }).said()).toContain(`Another Tamga (process ${holder.child.pid})`)
    holder.signal('SIGCONT')
    await holder.write('after')
    expect(readFileSync(join(dir, 'written'), 'utf8')).toBe('before\nafter\n')
  })

  test('does not depend on its file: deleted, another process still has the folder', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    unlinkSync(join(dir, 'tamga.lock'))
    expect(await start(dir).said()).toBe(`Another process holds the data folder "${dir}".`)
  })

  test('is never half written: whoever looks at its file finds its holder', async () => {
    const dir = place()
    const lock = await lockFolder(dir)
    const file = join(dir, 'tamga.lock')
    const look = `const { readFileSync } = require('node:fs'); let looks = 0
      setImmediate(function again() {
        JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8')); if (++looks === 1) console.log('looking'); setImmediate(again)
      })`
    const reader = spawn(process.execPath, ['-e', look], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(reader.stdout, 'data')
    for (let i = 0; i < 200; i++) lock.announce({ url: `http://127.0.0.1:${i}` })
    expect(reader.exitCode).toBeNull()
    reader.kill()
    lock.release()
  })
})

describe.runIf(onLinux)('another name of the same folder', () => {
  test('is refused after a renaming, and the holder writes where its folder went', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    renameSync(dir, `${dir}.moved`)
    expect(await start(`${dir}.moved`).said()).toContain(`Another Tamga (process ${holder.child.pid})`)
    // the old name is free, and what is made there stays apart
    const other = start(dir)
    expect(await other.said()).toBe('held')
    await holder.write('mine')
    await holder.release()
    expect(existsSync(join(dir, 'written'))).toBe(false)
    expect(readFileSync(join(`${dir}.moved`, 'written'), 'utf8')).toBe('mine\n')
    expect(note(dir).pid).toBe(other.child.pid)
    expect(existsSync(join(`${dir}.moved`, 'tamga.lock'))).toBe(false)
  })

  test('is refused as a link to it, and as a link to its database', async () => {
    const dir = place()
    const lock = await lockFolder(dir)
    symlinkSync(dir, join(base, 'link'))
    await expect(lockFolder(join(base, 'link'), NOW)).rejects.toThrow(FolderInUse)
    mkdirSync(join(base, 'other'))
    symlinkSync(join(dir, 'db'), join(base, 'other/db'))
    await expect(lockFolder(join(base, 'other'), NOW)).rejects.toThrow(
      `Another process holds the data folder "${join(base, 'other/db')}".`,
    )
    lock.release()
    ;(await lockFolder(join(base, 'other'), NOW)).release()
  })

  const mounts = mayRun([...unshared('mount'), 'sh', '-c', 'mount --bind "$0" "$0"', tmpdir()])
  test.runIf(mounts)('is refused as a bind mount', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    const mounted = join(base, 'mounted')
    mkdirSync(mounted)
    const script = `mount --bind "${dir}" "${mounted}" && exec "$@"`
    const second = start(mounted, { within: [...unshared('mount'), 'sh', '-c', script, 'sh'] })
    expect(await second.said()).toContain(
      `Another Tamga (process ${holder.child.pid}) holds the data folder "${mounted}"`,
    )
  })
})

describe.runIf(onLinux)('a process in other namespaces', () => {
  test.for(Object.keys(namespaces))('of %s is refused, and refuses', async (name, { skip }) => {
    if (!mayRun([...unshared(name), 'true'])) skip(`this machine does not let this user unshare ${name}`)
    for (const [first, second] of [
      [{}, { within: unshared(name) }],
      [{ within: unshared(name) }, {}],
    ]) {
      const dir = place()
      const holder = start(dir, first)
      expect(await holder.said()).toBe('held')
      const refused = start(dir, second)
      expect(await refused.said()).toContain(`holds the data folder "${dir}"`)
      await holder.write('still mine')
      await holder.kill()
      rmSync(base, { recursive: true })
    }
  })
})

describe.runIf(onLinux)('the programs that lock', () => {
  /** A PATH with these programs alone. */
  function only(...programs: string[]): StarterOptions {
    const bin = join(base, 'bin')
    mkdirSync(bin)
    for (const name of programs) symlinkSync(find(name)!, join(bin, name))
    return { env: { ...process.env, PATH: bin } }
  }
  const find = (name: string) =>
    process.env
      .PATH!.split(delimiter)
      .map((folder) => join(folder, name))
      .find((file) => existsSync(file))

  test.for(['flock', 'perl'].map((name) => [name, find(name) !== undefined] as const))(
    'are either of two: %s alone',
    async ([name, there], { skip }) => {
      if (!there) skip(`this machine has no ${name}`)
      const dir = place()
      const path = only(name)
      const holder = start(dir, path)
      expect(await holder.said()).toBe('held')
      expect(await start(dir, path).said()).toContain('holds the data folder')
      expect(await start(dir).said()).toContain('holds the data folder')
    },
  )

  test('are both named where neither is there', async () => {
    const dir = place()
    expect(await start(dir, only()).said()).toBe(
      `"${dir}" cannot be locked: there is neither "flock" (util-linux or BusyBox) nor "perl" on the PATH. Install one of them.`,
    )
    ;(await lockFolder(dir)).release()
  })

  test('are believed only when they say nothing: an error is no lock in use', async () => {
    const dir = place()
    const path = only()
    writeFileSync(join(base, 'bin/flock'), '#!/bin/sh\necho "flock: 3: No locks available" >&2\nexit 1\n', {
      mode: 0o755,
    })
    expect(await start(dir, path).said()).toBe(
      `"${dir}" cannot be locked: flock ended with 1 (flock: 3: No locks available)`,
    )
  })
})

describe('a file system that keeps no locks', () => {
  // what other systems lock by is an open flag that Linux passes over: each open succeeds
  test.runIf(onLinux).each(['darwin', 'win32'] as const)(
    'is found out by the proof, as by the way of %s',
    (platform) => {
      const dir = place()
      mkdirSync(dir)
      expect(() => takeKernelLock(dir, methodOf(platform))).toThrow(/keeps no locks.*in Docker a named volume/)
    },
  )

  test('is refused by a system that has no way at all', () => {
    expect(() => methodOf('aix')).toThrow(/cannot lock a data folder on aix/)
  })

  test.runIf(onLinux).each([
    ['NFS', 0x6969n],
    ['SMB', 0x517bn],
    ['SMB', 0xff534d42n],
    ['SMB', 0xffffffffff534d42n],
    ['SMB', 0xfe534d42n],
    ['FUSE', 0x65735546n],
    ['9p', 0x1021997n],
    ['Ceph', 0xc36400n],
    ['AFS', 0x5346414fn],
    ['AFS', 0x6b414653n],
    ['Lustre', 0xbd00bd0n],
    ['GPFS', 0x47504653n],
    ['OCFS2', 0x7461636fn],
    ['GFS2', 0x1161970n],
    ['vboxsf', 0x786f4256n],
    ['Coda', 0x73757245n],
    ['BeeGFS', 0x19830326n],
    ['PanFS', 0xaad7aaean],
    ['VMware shared folders', 0xbacbacbcn],
    ['Parallels shared folders', 0x7c7c6673n],
  ])('is refused by its number: %s, %s', (name, number) => {
    const refused = () => requireLocalFileSystem('/data', () => number)
    expect(refused).toThrow(`The data folder "/data" lies on ${name},`)
    expect(refused).toThrow(/a disk of this machine, in Docker a named volume, or a Postgres/)
  })

  test.each([
    ['ext4', 0xef53n],
    ['tmpfs', 0x1021994n],
    ['overlay', 0x794c7630n],
    ['btrfs', 0x9123683en],
    ['xfs', 0x58465342n],
    ['zfs', 0x2fc12fc1n],
  ])('is none of these: %s, %s', (_name, number) => {
    requireLocalFileSystem('/data', () => number)
  })
})

describe('a copy of a data folder', () => {
  const copied = (dir: string) => {
    const copy = `${dir}.copy`
    // as cp -a does it
    cpSync(dir, copy, { recursive: true, preserveTimestamps: true })
    return copy
  }

  test('of one in use says so, and starts with --take-copy; the first serves on', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    const copy = copied(dir)
    const refused = await start(copy).said()
    expect(refused).toContain(`The data folder "${copy}" is a copy of "${dir}" on `)
    expect(refused).toContain('start once with --take-copy')
    expect(refused).not.toContain('holds')
    await holder.write('mine')
    const taken = start(copy, { takeCopy: true })
    expect(await taken.said()).toBe('held')
    await taken.kill()
    // once is enough
    expect(await start(copy).said()).toBe('held')
  })

  test('of one that was stopped starts', async () => {
    const dir = place()
    ;(await lockFolder(dir)).release()
    expect(await start(copied(dir)).said()).toBe('held')
  })

  test('of one whose server was killed says so, while that folder itself starts', async () => {
    const dir = place()
    const killed = start(dir)
    expect(await killed.said()).toBe('held')
    await killed.kill()
    const copy = copied(dir)
    expect(await start(copy).said()).toContain('is a copy of')
    expect(await start(copy, { takeCopy: true }).said()).toBe('held')
    expect(await start(dir).said()).toBe('held')
  })

  test('is not what a killed one becomes when it is moved', async () => {
    const dir = place()
    const killed = start(dir)
    expect(await killed.said()).toBe('held')
    await killed.kill()
    renameSync(dir, `${dir}.moved`)
    expect(await start(`${dir}.moved`).said()).toBe('held')
  })

  test('is seen when an archive of the running folder is unpacked over it', async () => {
    const dir = place()
    const holder = start(dir)
    expect(await holder.said()).toBe('held')
    const tar = join(base, 'data.tar')
    const pack = (...args: string[]) => expect(spawnSync('tar', [...args, tar, '-C', dir, '.']).status).toBe(0)
    pack('-cf')
    // over the running one: the lock stands, whatever its file says
    pack('-xf')
    expect(await start(dir).said()).toContain('holds the data folder')
    await holder.kill()
    expect(await start(dir).said()).toContain(`The data folder "${dir}" is a copy of "${dir}"`)
    expect(await start(dir, { takeCopy: true }).said()).toBe('held')
  })

  test('is seen when its lock file is a second name of the first', async () => {
    const dir = place()
    const lock = await lockFolder(dir)
    mkdirSync(`${dir}.copy`)
    linkSync(join(dir, 'tamga.lock'), join(`${dir}.copy`, 'tamga.lock'))
    expect(await start(`${dir}.copy`).said()).toContain('is a copy of')
    lock.release()
  })

  test.each(['', '{"pid":', 'null', '[]', '{"pid":"1"}'])(
    'is suspected where the lock file cannot be read: %j',
    async (content) => {
      const dir = place()
      mkdirSync(dir)
      writeFileSync(join(dir, 'tamga.lock'), content)
      await expect(lockFolder(dir)).rejects.toThrow(/is a copy that was made .*--take-copy/)
      ;(await lockFolder(dir, { takeCopy: true })).release()
    },
  )
})

describe.runIf(onLinux)('a folder of the release before', () => {
  /** Writes the lock file as that release did. */
  function left(dir: string, pid: number, began: string | null): void {
    mkdirSync(dir)
    writeFileSync(join(dir, 'tamga.lock'), JSON.stringify({ pid, began, url: 'http://127.0.0.1:1' }))
  }
  const beganAt = (pid: number) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  }

  test('is refused while its server runs, and opened when that has ended', async () => {
    const dir = place()
    const sleeper = spawn('sleep', ['1000'])
    await once(sleeper, 'spawn')
    left(dir, sleeper.pid!, beganAt(sleeper.pid!))
    await expect(lockFolder(dir, NOW)).rejects.toThrow(
      `Another Tamga (process ${sleeper.pid}) holds the data folder "${dir}" and answers at http://127.0.0.1:1.`,
    )
    // no flag overrules a process that runs
    await expect(lockFolder(dir, { takeCopy: true, patienceMs: 0 })).rejects.toThrow(FolderInUse)
    const ended = once(sleeper, 'exit')
    sleeper.kill('SIGKILL')
    await ended
    ;(await lockFolder(dir, { takeCopy: !seesAll() })).release()
  })

  const seesAll = () => spawnSync('readlink', ['/proc/self/ns/pid']).stdout.toString().trim() === 'pid:[4026531836]'

  test('is not fooled by a process id that was used again', async () => {
    const dir = place()
    left(dir, process.ppid, '1')
    ;(await lockFolder(dir, { takeCopy: !seesAll() })).release()
  })

  const pids = mayRun([...unshared('pid'), 'true'])
  test.runIf(pids && seesAll())('is refused while its server runs in a namespace of its own', async () => {
    const dir = place()
    const inner = spawn('unshare', [
      ...unshared('pid').slice(1),
      'sh',
      '-c',
      'echo $$; cat /proc/$$/stat; exec sleep 1000',
    ])
    const [said] = (await once(inner.stdout, 'data')) as [Buffer]
    const [pid] = said.toString().split('\n')
    const outer = spawnSync('pgrep', ['-P', `${inner.pid}`])
      .stdout.toString()
      .trim()
    left(dir, Number(pid), beganAt(Number(outer)))
    await expect(lockFolder(dir, NOW)).rejects.toThrow(FolderInUse)
    inner.kill('SIGKILL')
    await once(inner, 'exit')
  })

  test.runIf(pids)('is refused where its server may run unseen, until somebody answers for it', async () => {
    const dir = place()
    left(dir, 4_000_000, '1')
    const within = unshared('pid')
    const refused = await start(dir, { within }).said()
    expect(refused).toContain('An older Tamga (process 4000000) had the data folder')
    expect(refused).toContain('start once with --take-copy')
    expect(await start(dir, { within, takeCopy: true }).said()).toBe('held')
  })

  test('is left to this release by the one before: its lock file names a process as that release reads it', async () => {
    const dir = place()
    const lock = await lockFolder(dir)
    expect(note(dir)).toMatchObject({ pid: process.pid, began: null })
    lock.release()
  })
})
