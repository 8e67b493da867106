import type { State } from '@tamga/model'
import { describe, expect, test } from 'vitest'
import { nextStop, queueOf, type Stop } from './queue.ts'

const states: Readonly<Record<string, State>> = {
  o: 'open',
  c: 'changed',
  p: 'partly',
  d: 'disputed',
  a: 'approved',
  r: 'rejected',
  g: 'gone',
}

/** `o1 a2 p3!`: the state's letter and the id, in reading order; `!` where I have decided on it already. */
const stops = (drawn: string): Stop[] =>
  drawn
    .split(' ')
    .filter(Boolean)
    .map((stop) => ({ id: stop.slice(1).replace('!', ''), state: states[stop.charAt(0)]!, mine: stop.endsWith('!') }))

const words = (list: string) => list.split(' ').filter(Boolean)

describe('the queue', () => {
  test.each([
    ['', '', ''],
    ['o1 o2 o3', '', '1 2 3'],
    ['a1 o2 r3 o4', '', '2 4'],
    ['o1 p2 c3 d4', '', '4 3 2 1'],
    ['o1 d2 o3 d4 c5 g6', '', '2 4 5 6 1 3'],
    ['p1! p2 d3! d4', '', '4 2'],
    ['o1 o2 o3', '1', '2 3 1'],
    ['d1 o2 o3', '1 2', '3 1 2'],
    ['d1 o2 o3', '2 1', '3 2 1'],
    ['a1 o2', '1', '2'],
  ])('of %s, put off %s, is %s', (drawn, later, order) =>
    expect(queueOf(stops(drawn), words(later))).toEqual(words(order)),
  )
})

describe('the next stop', () => {
  test.each([
    // from, of, put off, is
    [null, 'o1 o2', '', '1'],
    ['1', 'o1 o2 o3', '', '2'],
    ['3', 'o1 o2 o3', '', '1'],
    ['2', 'o1 a2 o3', '', '3'],
    ['3', 'o1 a2 a3', '', '1'],
    ['1', 'o1', '', null],
    ['2', 'a1 a2', '', null],
    ['2', 'd1 o2 o3', '', '1'],
    ['1', 'a1 o2 d3 d4', '', '3'],
    ['4', 'a1 o2 d3 a4', '', '3'],
    ['3', 'o1 p2 a3 o4', '', '2'],
    ['1', 'o1 o2', '1', '2'],
    ['2', 'o1 o2', '1 2', '1'],
    ['1', 'o1 o2 o3', '3 2 1', '3'],
    ['9', 'o1 o2', '', '1'],
  ])('from %s of %s, put off %s, is %s', (from, drawn, later, next) =>
    expect(nextStop(stops(drawn), words(later), from)).toBe(next),
  )
})
