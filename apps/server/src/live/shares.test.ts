import { liveLimits } from '@tamga/collab'
import { expect, test } from 'vitest'
import type { Participant } from './participant.ts'
import { takeFairly } from './shares.ts'
import type { Incoming } from './take.ts'

const participant = (name: string) => ({ name }) as unknown as Participant
const [busy, quiet] = [participant('busy'), participant('quiet')]

const update = (from: Participant, n: number, bytes = 100): Incoming => ({
  ...{ participant: from, bytes: new Uint8Array(bytes), limits: liveLimits.update, n },
})

const numbersOf = (items: readonly Incoming[], of: Participant) =>
  items.filter(({ participant: one }) => one === of).map(({ n }) => n)

test('who sends a thousand updates has a share of them taken, and who sends one behind them has it taken too', () => {
  const waiting = [...Array.from({ length: 1000 }, (_, i) => update(busy, i + 1)), update(quiet, 1)]
  const { batch, rest } = takeFairly(waiting, 250)
  expect(numbersOf(batch, quiet)).toEqual([1])
  expect(numbersOf(batch, busy)).toEqual(Array.from({ length: 64 }, (_, i) => i + 1))
  expect(numbersOf(rest, busy)).toEqual(Array.from({ length: 936 }, (_, i) => i + 65))
})

test('a share is measured in bytes too, and one update is always taken', () => {
  const waiting = [
    update(busy, 1, 60_000),
    update(busy, 2),
    update(quiet, 1, 9000),
    update(quiet, 2, 9000),
    update(quiet, 3),
  ]
  const { batch, rest } = takeFairly(waiting, 250)
  expect([numbersOf(batch, busy), numbersOf(batch, quiet)]).toEqual([[1], [1, 2]])
  expect([numbersOf(rest, busy), numbersOf(rest, quiet)]).toEqual([[2], [3]])
})

test('never more than asked for, and never out of order', () => {
  const waiting = Array.from({ length: 40 }, (_, i) => update(i % 2 ? busy : quiet, i))
  const { batch, rest } = takeFairly(waiting, 15)
  expect(batch).toHaveLength(15)
  for (const one of [busy, quiet])
    expect([...numbersOf(batch, one), ...numbersOf(rest, one)]).toEqual(numbersOf(waiting, one))
})
