import { expect, test } from 'vitest'
import { withEdge } from './edge-drag.ts'

test.each([
  ['grows at the end', [[2, 5]], 'end', [2, 9], [[2, 9]]],
  ['shrinks at the start', [[2, 5]], 'start', [3, 5], [[3, 5]]],
  ['ignores the other edge', [[2, 5]], 'end', [0, 9], [[2, 9]]],
  [
    'a passed range goes',
    [
      [0, 3],
      [5, 8],
      [10, 12],
    ],
    'end',
    [0, 7],
    [
      [0, 3],
      [5, 7],
    ],
  ],
  [
    'a range passed from the start goes',
    [
      [0, 3],
      [5, 8],
    ],
    'start',
    [6, 8],
    [[6, 8]],
  ],
] as const)('%s', (_what, ranges, edge, to, after) => expect(withEdge(ranges, edge, to)).toEqual(after))

test.each([
  ['nothing changed', [[2, 5]], 'end', [2, 5]],
  ['nothing is left', [[2, 5]], 'end', [0, 2]],
] as const)('null if %s', (_what, ranges, edge, to) => expect(withEdge(ranges, edge, to)).toBe(null))
