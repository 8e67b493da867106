import type { FactMessage } from '@tamga/collab'
import { beforeEach, expect, test } from 'vitest'
import type { Article, StatedRuling } from './article.ts'
import { articleOf } from './line.fixture.ts'
import { Standing } from './standing.svelte.ts'

const ruling = (order: number): StatedRuling => ({
  ...{ account: 'rita', verdict: 'approve', digest: 'd', reason: null, order, own: false, at: '2026-01-01T00:00:00Z' },
})
const SCOPE = 'project/p'
const fact = (n: number, kind: string, more: object): FactMessage => ({
  ...{ scope: SCOPE, n, kind, payload: { article: 'article', ...more } },
})
const decided = (n: number, order = n) => fact(n, 'decided', { annotation: 'a', ...ruling(order) })
const loaded = (n: number, ...orders: number[]): Article => ({
  ...articleOf(),
  at: { [SCOPE]: n },
  rulings: orders.map((order) => ({ annotation: 'a', ...ruling(order) })),
})

let standing: Standing
const orders = () => standing.rulings.get('a')?.map(({ order }) => order) ?? []
beforeEach(() => (standing = new Standing(loaded(1))))

test('what was told while the article was asked for stands when an older answer comes', () => {
  standing.take(decided(2))
  standing.take(fact(3, 'closed', { by: 'rita', at: '2026-01-01T00:00:00Z' }))
  standing.restart(loaded(1))
  expect([orders(), standing.closing !== null, standing.position(SCOPE)]).toEqual([[2], true, 3])
  standing.restart(loaded(3, 2))
  expect([orders(), standing.closing]).toEqual([[2], null])
})

test('a decision that was read and told is one', () => {
  standing.restart(loaded(1, 2))
  expect(standing.take(decided(2))).toBe('a')
  expect(standing.take(decided(2))).toBe(false)
  standing.restart(loaded(1, 2))
  expect(orders()).toEqual([2])
})
