import { expect, test } from 'vitest'
import { Metrics } from './metrics.ts'

test('two servers in one process count apart', async () => {
  const [one, other] = [new Metrics(), new Metrics()]
  one.acks.inc(3)
  expect(await one.registry.metrics()).toContain('tamga_acks_total 3')
  expect(await other.registry.metrics()).toContain('tamga_acks_total 0')
})

test('a code that a client made up makes no series of its own', async () => {
  const metrics = new Metrics()
  for (const code of [4500, 1006, 3999, 4998]) metrics.closed(code)
  const closes = (await metrics.registry.getSingleMetricAsString('tamga_closes_total')).split('\n').slice(2)
  expect(closes).toEqual([
    'tamga_closes_total{code="4500"} 1',
    'tamga_closes_total{code="1006"} 1',
    'tamga_closes_total{code="other"} 2',
  ])
})
