import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holderProgram, Starter } from '../src/db/test-starters.ts'

/** How long the holder of a folder is suspended. */
const SUSPENDED_MS = 10_000
/** A starter must hold a folder within this after its holder was killed. */
const NEXT_MS = 1500

/** What is tried with light processes that lock a data folder as a server does; each throws if it does not hold. */
export const twoServers: Readonly<Record<string, () => Promise<void>>> = {
  'sixteen starters at once, one holder, 20 rounds': () =>
    inFolder(async (dir, start) => {
      for (let round = 1; round <= 20; round++) {
        const starters = Array.from({ length: 16 }, () => start(dir))
        const said = await Promise.all(starters.map((starter) => starter.said()))
        const holders = said.filter((line) => line === 'held').length
        if (holders !== 1)
          throw new Error(`round ${round}: ${holders} of 16 starters hold the folder: ${said.join('; ')}`)
        await Promise.all(starters.map((starter) => starter.kill()))
      }
    }),

  'kill -9, the next holds the folder, 10 rounds': () =>
    inFolder(async (dir, start) => {
      for (let round = 1; round <= 10; round++) {
        const holder = start(dir)
        await mustHold(holder, `round ${round}`)
        const next = start(dir, NEXT_MS)
        await holder.kill()
        await mustHold(next, `round ${round}, after kill -9`)
        await next.kill()
      }
    }),

  'a holder suspended for 10 s keeps the folder and its writes': () =>
    inFolder(async (dir, start) => {
      const holder = start(dir)
      await mustHold(holder, 'the first')
      await holder.write('before')
      holder.signal('SIGSTOP')
      const end = performance.now() + SUSPENDED_MS
      while (performance.now() < end) {
        const refused = await start(dir, 1000).said()
        if (refused === 'held') throw new Error('a second process holds the folder of a suspended one')
      }
      holder.signal('SIGCONT')
      await holder.write('after')
      const written = readFileSync(join(dir, 'written'), 'utf8')
      if (written !== 'before\nafter\n') throw new Error(`the holder wrote ${JSON.stringify(written)}`)
    }),
}

type Start = (dir: string, patienceMs?: number) => Starter

async function inFolder(act: (dir: string, start: Start) => Promise<void>): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'tamga-faults-'))
  const program = await holderProgram()
  const started: Starter[] = []
  try {
    await act(join(base, 'data'), (dir, patienceMs = 0) => {
      const starter = new Starter(program, dir, { patienceMs })
      started.push(starter)
      return starter
    })
  } finally {
    for (const starter of started) starter.signal('SIGCONT')
    await Promise.all(started.map((starter) => starter.kill()))
    rmSync(base, { recursive: true, force: true })
  }
}

async function mustHold(starter: Starter, when: string): Promise<void> {
  const said = await starter.said()
  if (said !== 'held') throw new Error(`${when}: ${said}`)
}
