import { LayerDoc } from '@tamga/collab'
import { digestOf, emptyLabelSet, type Content } from '@tamga/model'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { Annotations, depthsOf, markOf, parentOf, parentsOf } from './annotations.svelte.ts'
import type { StatedRuling } from './article.ts'

const text = 'Ақтөбеде форум өтті'
const label = (id: string) => ({
  id,
  code: id,
  name: { en: id, ru: '', kk: '' },
  colour: { hue: 1, light: 0.5, dark: 0.7 },
})
const labels = { ...emptyLabelSet, labels: ['CITY', 'EVT'].map(label) } as unknown as typeof emptyLabelSet
const city: Content = { kind: 'span', ranges: [[0, 8]], label: 'CITY', attributes: [] }
const event: Content = { kind: 'span', ranges: [[0, 14]], label: 'EVT', attributes: [] }
const id = (letter: string) => letter.repeat(16)

function begin() {
  const layer = new LayerDoc(new Y.Doc(), () => ({ text, labels }))
  const rulings = new Map<string, StatedRuling[]>()
  const pending = new Set<string>()
  const annotations = new Annotations(() => ({
    text,
    quorum: 1,
    ownApproval: true,
    rulingsOf: (one) => rulings.get(one) ?? [],
    isPending: (one) => pending.has(one),
  }))
  annotations.attach(layer)
  const decide = (one: string, verdict: 'approve' | 'reject', content: Content, order: number) => {
    const ruling = {
      account: 'r',
      verdict,
      digest: digestOf(content, text),
      order,
      own: false,
      reason: null,
      at: '2025-01-01',
    }
    rulings.set(one, [...(rulings.get(one) ?? []), ruling])
    annotations.refresh([one])
  }
  return { layer, annotations, pending, decide }
}

const stateOf = (annotations: Annotations, one: string) => annotations.byId.get(one)?.state

test('a span is approved by the digest it shows, leaves that state by an edit, and returns to it by the way back', () => {
  const { layer, annotations, decide } = begin()
  layer.add(city, { id: id('a') })
  expect(stateOf(annotations, id('a'))).toBe('open')
  decide(id('a'), 'approve', city, 1)
  expect(stateOf(annotations, id('a'))).toBe('approved')
  layer.setLabel(id('a'), 'EVT')
  expect(stateOf(annotations, id('a'))).toBe('changed')
  layer.setLabel(id('a'), 'CITY')
  expect(stateOf(annotations, id('a'))).toBe('approved')
})

test('a decision on what nobody shows any more approves nothing', () => {
  const { layer, annotations, decide } = begin()
  layer.add(city, { id: id('a') })
  decide(id('a'), 'approve', event, 1)
  expect(stateOf(annotations, id('a'))).toBe('changed')
})

test('equal annotations are one with two supporters, and part when one is changed', () => {
  const { layer, annotations } = begin()
  layer.add(city, { id: id('b') })
  layer.add(city, { id: id('a') })
  expect(annotations.byId.get(id('b'))?.twins).toEqual([id('a'), id('b')])
  expect(markOf(annotations.byId.get(id('a')))).toMatchObject({ supporters: 2 })
  expect(markOf(annotations.byId.get(id('b')))).toBeNull()
  layer.setRanges(id('b'), [[9, 14]])
  expect(annotations.byId.get(id('a'))?.twins).toEqual([id('a')])
  expect(markOf(annotations.byId.get(id('b')))).toMatchObject({ ranges: [[9, 14]] })
})

test('one change is told once, with the twins it touches and nobody else', () => {
  const { layer, annotations } = begin()
  layer.add(city, { id: id('a') })
  layer.add(event, { id: id('c') })
  const told: string[][] = []
  annotations.observe((ids) => told.push([...ids].sort()))
  layer.add(city, { id: id('b') })
  expect(told).toEqual([[id('a'), id('b')]])
})

test('a removed span keeps its entry and has no mark', () => {
  const { layer, annotations } = begin()
  layer.add(city, { id: id('a') })
  layer.setGone(id('a'), true)
  expect(stateOf(annotations, id('a'))).toBe('gone')
  expect(markOf(annotations.byId.get(id('a')))).toBeNull()
})

test('what is not saved yet is marked so', () => {
  const { layer, annotations, pending } = begin()
  pending.add(id('a'))
  layer.add(city, { id: id('a') })
  expect(markOf(annotations.byId.get(id('a')))).toMatchObject({ pending: true })
  pending.clear()
  annotations.refresh([id('a')])
  expect(markOf(annotations.byId.get(id('a')))).toMatchObject({ pending: false })
})

test('spans nest by their hulls', () => {
  const { annotations, layer } = begin()
  for (const [content, one] of [
    [city, 'a'],
    [event, 'c'],
  ] as const)
    layer.add(content, { id: id(one) })
  const spans = ['c', 'a'].map((one) => annotations.byId.get(id(one))!) as Parameters<typeof depthsOf>[0] & object[]
  expect([...depthsOf(spans)]).toEqual([
    [id('c'), 0],
    [id('a'), 1],
  ])
  expect(parentOf(spans[1]!, spans)?.id).toBe(id('c'))
  expect(parentOf(spans[0]!, spans)).toBeNull()
})

test.each([
  ['(((a)b)c)', 'a<b b<c'],
  ['(a)(b)', ''],
  ['((a)(b)c)', 'a<c b<c'],
])('in %s the closest holders are «%s»', (drawn, expected) => {
  const open: number[] = []
  const made: [string, number, number][] = []
  for (const [at, sign] of [...drawn].entries()) {
    if (sign === '(') open.push(at)
    if (/[a-c]/.test(sign)) made.push([sign, open.pop()!, at])
  }
  const { annotations, layer } = begin()
  for (const [name, start, end] of made)
    layer.add({ kind: 'span', ranges: [[start, end + 1]], label: 'CITY', attributes: [] }, { id: id(name) })
  const parents = parentsOf([...annotations.spans])
  const told = made.flatMap(([name]) => (parents.has(id(name)) ? [`${name}<${parents.get(id(name))!.id[0]}`] : []))
  expect(told.sort().join(' ')).toBe(expected)
  for (const span of annotations.spans) expect(parentOf(span, annotations.spans)).toBe(parents.get(span.id) ?? null)
})
