import type { State } from '@tamga/model'
import { expect, test } from 'vitest'
import { runsOf } from './runs.ts'

const states: Record<string, State> = { o: 'open', a: 'approved' }
const spans = (line: string) => [...line].map((letter, i) => ({ id: String(i), state: states[letter]! }))
const drawn = (line: string, current: string | null, joined: boolean) =>
  runsOf(spans(line), current, joined)
    .map(({ state, length }) => `${state[0]}${length}`)
    .join(' ')

test('few spans are a piece each', () => {
  expect(drawn('ooaa', '0', false)).toBe('o1 o1 a1 a1')
})

test('of many, neighbours in one state are one piece', () => {
  expect(drawn('ooaaao', null, true)).toBe('o2 a3 o1')
})

test('the current one is a piece of its own wherever it stands', () => {
  expect(drawn('oooo', '0', true)).toBe('o1 o3')
  expect(drawn('oooo', '1', true)).toBe('o1 o1 o2')
  expect(drawn('oooo', '3', true)).toBe('o3 o1')
})
