import { expect, test } from 'vitest'
import { further } from './hits.ts'

const hit = { on: 'text' as const, ids: ['inner', 'middle', 'outer'] }

test.each([
  [null, 'inner'],
  ['elsewhere', 'inner'],
  ['inner', 'middle'],
  ['middle', 'outer'],
  ['outer', null],
])('with %j chosen a click means %j', (chosen, id) => expect(further(hit, chosen)).toBe(id))
