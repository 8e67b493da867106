import { type Content, type LabelSet, type Rules } from '@tamga/model'
import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { LayerDoc } from './layer-doc.ts'
import { editsOf, inOrderOfActs, insist, showIn, writeAgain, type Edit, type Unsent } from './outbox.ts'

const A = 'AAAAAAAAAAAAAAAA'
const B = 'BBBBBBBBBBBBBBBB'
const rules: Rules = {
  text: 'Анна встретила 👩🏽‍🚀 в Ақтөбе',
  labels: {
    labels: ['per', 'loc', 'org'].map((id) => ({ id, code: id, group: false, retired: false })),
    attributes: [{ id: 'number', type: 'choice', choices: [{ id: 'one' }, { id: 'many' }], default: 'one' }],
    relations: [],
  } as unknown as LabelSet,
}
const anna: Content = { kind: 'span', ranges: [[0, 4]], label: 'per', attributes: [] }
const record = ['span', [[0, 4]], 'per', [], null]

const fresh = () => new LayerDoc(new Y.Doc(), () => rules)

/** What somebody writes at home, as edits. */
function editsIn(layer: LayerDoc, work: () => void): Edit[] {
  const edits: Edit[] = []
  const stop = layer.onAct((act) => edits.push(...editsOf(act)))
  work()
  stop()
  return edits
}

let home: LayerDoc
let there: LayerDoc
beforeEach(() => {
  home = fresh()
  there = fresh()
})

test('an act becomes one edit a change: a record from nothing, a field from what it said', () => {
  const edits = editsIn(home, () => {
    home.add(anna, { id: A })
    home.act(() => {
      home.setLabel(A, 'loc')
      home.setAttribute(A, 'number', 'many')
    })
    home.setGone(A, true)
  })
  expect(edits).toEqual([
    { key: A, before: null, value: record },
    { key: `${A}/label`, before: 'per', value: 'loc' },
    { key: `${A}/a/number`, before: null, value: 'many' },
    { key: `${A}/gone`, before: false, value: true },
  ])
})

describe('written again', () => {
  test('edits come out in their order, as at home', () => {
    const edits = editsIn(home, () => {
      home.add(anna, { id: A })
      home.setLabel(A, 'loc')
      home.setLabel(A, 'org')
      home.add(anna, { id: B })
      home.setGone(B, true)
    })
    expect(writeAgain(there, edits)).toEqual([])
    expect(there.snapshot()).toEqual(home.snapshot())
  })

  test('what was stored after all is not written twice', () => {
    const edits = editsIn(home, () => {
      home.add(anna, { id: A })
      home.setLabel(A, 'loc')
    })
    writeAgain(there, edits)
    const before = Y.encodeStateVector(there.doc)
    expect(writeAgain(there, edits)).toEqual([])
    expect(Y.encodeStateVector(there.doc)).toEqual(before)
  })

  test('a value that somebody changed meanwhile stays, and the last that was wanted is told once', () => {
    home.add(anna, { id: A })
    there.add({ ...anna, label: 'org' }, { id: A })
    const edits = editsIn(home, () => {
      home.setLabel(A, 'loc')
      home.setLabel(A, 'per')
      home.setUnsure(A, true)
    })
    expect(writeAgain(there, edits)).toEqual([
      { key: `${A}/label`, before: 'per', value: 'per', code: 'edit_overtaken', details: {} },
    ])
    expect(there.read(A)).toMatchObject({ unsure: true, content: { label: 'org' } })
  })

  test('a record whose label is unknown now is told with all that was changed of it', () => {
    const edits = editsIn(home, () => {
      home.add({ ...anna, label: 'loc' }, { id: A })
      home.setRanges(A, [[0, 3]])
    })
    const without = { ...rules, labels: { ...rules.labels, labels: rules.labels.labels.filter((l) => l.id !== 'loc') } }
    const moved = new LayerDoc(new Y.Doc(), () => without)
    expect(writeAgain(moved, edits)).toEqual([
      { key: A, before: null, value: ['span', [[0, 3]], 'loc', [], null], code: 'label_unknown', details: {} },
    ])
    const removed = editsIn(home, () => home.setGone(A, true))
    expect(writeAgain(moved, [...edits, ...removed])).toEqual([])
    const back = editsIn(home, () => home.setGone(A, false))
    expect(writeAgain(moved, [...edits, ...removed, ...back])).toMatchObject([{ key: A }])
  })

  test('a field of what is not there is told', () => {
    home.add(anna, { id: A })
    const edits = editsIn(home, () => home.setLabel(A, 'loc'))
    expect(writeAgain(there, edits)).toMatchObject([{ key: `${A}/label`, code: 'annotation_gone' }])
  })

  test('no update grows over what the server takes', () => {
    const edits = editsIn(home, () => {
      for (let i = 0; i < 3000; i++) home.add(anna, { id: `${i}`.padStart(16, 'x') })
    })
    const sizes: number[] = []
    there.doc.on('update', (update: Uint8Array) => sizes.push(update.length))
    writeAgain(there, edits)
    expect(there.ids()).toHaveLength(3000)
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024)
    expect(sizes.length).toBeLessThan(50)
  })
})

describe('insisted on', () => {
  test('a value is written over what stands', () => {
    there.add({ ...anna, label: 'org' }, { id: A })
    insist(there, { key: `${A}/label`, value: 'loc' })
    expect(there.read(A)?.content.label).toBe('loc')
  })

  test('a record comes, or comes back as it was wanted', () => {
    insist(there, { key: A, value: record })
    there.setLabel(A, 'org')
    there.setGone(A, true)
    insist(there, { key: A, value: record })
    expect(there.read(A)).toMatchObject({ gone: false, content: anna })
  })

  test('what may not stand throws, and writes nothing', () => {
    expect(() => insist(there, { key: A, value: ['span', [[0, 4]], 'nobody', [], null] })).toThrow('label_unknown')
    expect(() => insist(there, { key: 'x', value: 1 })).toThrow('annotation_malformed')
    expect(there.ids()).toEqual([])
  })
})

test('edits of a tab keep their order though its clock was set back, and tabs follow each other', () => {
  const one = (tab: string, n: number, at: number) => ({ tab, n, at }) as Unsent
  const list = [one('b', 2, 5), one('a', 1, 9), one('b', 1, 5), one('a', 2, 9)]
  expect(list.toSorted(inOrderOfActs).map(({ tab, n }) => `${tab}${n}`)).toEqual(['b1', 'b2', 'a1', 'a2'])
})

test('shown on a copy, edits stand whatever it says, and what may not stand is left out', () => {
  const edits: Edit[] = [
    { key: A, before: null, value: record },
    { key: `${A}/label`, before: 'org', value: 'loc' },
    { key: B, before: null, value: ['span', [[0, 99]], 'per', [], null] },
    { key: `${B}/label`, before: 'per', value: 'loc' },
  ]
  there.add({ ...anna, label: 'org' }, { id: A })
  there.setUnsure(A, true)
  showIn(there, edits)
  expect(there.read(A)).toMatchObject({ unsure: true, content: { label: 'loc' } })
  expect(there.ids()).toEqual([A])
})
