import { expect, test } from 'vitest'
import { every, taskFailed } from './background.ts'
import { DiskState } from './db/disk.ts'
import { openLog } from './log.ts'
import { Metrics } from './metrics.ts'

interface Line {
  readonly msg: string
  readonly task: string
  readonly inARow: number
  readonly err: { readonly message: string; readonly stack: string }
}

function listening() {
  const lines: Line[] = []
  const log = openLog({ json: true, level: 'info' }, (line) => lines.push(JSON.parse(line) as Line))
  return { services: { log, metrics: new Metrics(), disk: new DiskState() }, lines }
}

const coded = (code: string, message = 'told') => Object.assign(new Error(message), { code })

test.each([
  ['it is not there', coded('ECONNREFUSED')],
  ['it stops', coded('57P01')],
  ['its connection breaks', coded('08006')],
  ['its socket breaks', coded('ECONNRESET')],
  ['pg says that the connection ended', new Error('Connection terminated unexpectedly')],
  ['no connection was to be had', new Error('timeout exceeded when trying to connect')],
  ['somebody held a lock', coded('55P03')],
  ['the disk is full', coded('53100')],
  ['it takes no writes', coded('25006')],
])('says nothing while the database is away: %s', (_why, error) => {
  const { services, lines } = listening()
  for (let i = 0; i < 5; i++) taskFailed(services, 'sweep', error)
  expect(lines).toEqual([])
  expect(services.metrics.background.failing).toEqual([])
})

test.each([
  ['a fault of the code', new TypeError('x is not a function')],
  ['a statement that is wrong', coded('42703', 'column "x" does not exist')],
  ['a value that cannot be stored', coded('22021')],
])('logs every other failure with its stack and counts it: %s', async (_what, error) => {
  const { services, lines } = listening()
  taskFailed(services, 'sweep', error)
  expect(lines).toMatchObject([{ msg: 'a background task failed', task: 'sweep', inARow: 1 }])
  expect(lines[0]!.err.stack).toContain('background.test.ts')
  expect(await services.metrics.registry.metrics()).toContain('tamga_background_failures_total{task="sweep"} 1')
})

test('a task that fails three times in a row is failing until it succeeds', async () => {
  const { services } = listening()
  let broken = true
  let runs = 0
  const timer = every(services, 'upkeep', 1, () => {
    runs++
    if (broken) throw new TypeError('broken')
  })
  await expect.poll(() => services.metrics.background.failing).toEqual(['upkeep'])
  expect(runs).toBeGreaterThanOrEqual(3)
  broken = false
  await expect.poll(() => services.metrics.background.failing).toEqual([])
  await timer.stop()
})

test('a repeated task never runs twice at once, and its end waits for the run under way', async () => {
  const { services } = listening()
  let inside = 0
  let most = 0
  let resolve = () => undefined as void
  const promise = new Promise<void>((done) => (resolve = done))
  const timer = every(services, 'counts', 1, async () => {
    most = Math.max(most, ++inside)
    await promise
    inside--
  })
  await expect.poll(() => inside).toBe(1)
  // the timer goes on meanwhile, as another one of the same period shows
  let ticks = 0
  const other = every(services, 'beat', 1, () => ticks++)
  await expect.poll(() => ticks).toBeGreaterThan(3)
  await other.stop()
  const ending = timer.stop()
  resolve()
  await ending
  expect([inside, most]).toEqual([0, 1])
})
