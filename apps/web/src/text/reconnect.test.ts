import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Reconnect, waitAfter } from './reconnect.ts'
import { driftOf } from './wake.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('the waits double up to twenty seconds, each spread by chance', () => {
  const spread = (failures: number) => [waitAfter(failures, 0), waitAfter(failures, 1)]
  expect([0, 1, 2, 10].map(spread)).toEqual([
    [125, 375],
    [250, 750],
    [500, 1500],
    [10_000, 30_000],
  ])
})

/** What comes of connections that each stand so long before they break: how long each was waited for. */
function waits(stands: readonly number[]): number[] {
  const chance = vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const found: number[] = []
  let dialled = 0
  const reconnect = new Reconnect(() => dialled++)
  for (const [i, stood] of stands.entries()) {
    if (stood > 0) reconnect.opened()
    vi.advanceTimersByTime(stood)
    reconnect.lost()
    const from = performance.now()
    while (dialled === i) vi.advanceTimersByTime(1)
    found.push(performance.now() - from)
  }
  chance.mockRestore()
  return found
}

test('a connection that falls at once makes the next wait longer; one that stood for a while begins anew', () => {
  expect(waits([0, 50, 50, 9_000, 11_000, 0])).toEqual([250, 500, 1000, 2000, 250, 500])
})

test('hope cuts a wait short, and dials once', () => {
  let dialled = 0
  const reconnect = new Reconnect(() => dialled++)
  reconnect.hurry()
  expect(dialled).toBe(0)
  reconnect.lost()
  reconnect.hurry()
  reconnect.hurry()
  vi.advanceTimersByTime(60_000)
  expect(dialled).toBe(1)
})

test.each([
  ['nothing but time', [15_000, 5_000], [10_000, 0], 0],
  ['a date set forward', [3_610_000, 5_000], [5_000, 0], 3_600_000],
  ['a date set back', [0, 5_000], [3_600_000, 0], -3_605_000],
  ['a sleep that the running clock does not count', [65_000, 5_000], [0, 0], 60_000],
] as const)('%s', (_name, now, then, drift) => expect(driftOf(now, then)).toBe(drift))
