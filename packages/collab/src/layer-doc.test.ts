import { Problem, type Content, type LabelSet, type Rules } from '@tamga/model'
import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { LayerDoc, type Act } from './layer-doc.ts'
import { editsOf, writeAgain, type Edit } from './outbox.ts'
import { OwnUndo } from './undo.ts'
import { Pending } from './pending.ts'
import { ROOT } from './record.ts'

const A = 'AAAAAAAAAAAAAAAA'
const B = 'BBBBBBBBBBBBBBBB'
const rules: Rules = {
  text: 'Анна встретила 👩🏽‍🚀 в Ақтөбе',
  labels: {
    labels: ['per', 'loc', 'grp'].map((id) => ({ id, code: id, group: id === 'grp', retired: false })),
    attributes: [
      { id: 'number', type: 'choice', choices: [{ id: 'one' }, { id: 'many' }], default: 'one' },
      { id: 'roles', type: 'choice', multiple: true, choices: [{ id: 'x' }, { id: 'y' }] },
    ],
    relations: [{ id: 'knows' }],
  } as unknown as LabelSet,
}
const anna: Content = { kind: 'span', ranges: [[0, 4]], label: 'per', attributes: [] }

let doc: Y.Doc
let layer: LayerDoc
beforeEach(() => {
  doc = new Y.Doc()
  layer = new LayerDoc(doc, () => rules)
})

const refused = (run: () => void) => {
  try {
    run()
    return null
  } catch (error) {
    return (error as Problem).code
  }
}

describe('verbs', () => {
  test('an annotation is one key, a changed field one more, and nothing is ever deleted', () => {
    layer.add(anna, { id: A })
    layer.setLabel(A, 'loc')
    layer.setAttribute(A, 'number', 'many')
    layer.setAttribute(A, 'number', null)
    layer.setGone(A, true)
    expect([...doc.getMap(ROOT).entries()]).toEqual([
      [A, ['span', [[0, 4]], 'per', [], null]],
      [`${A}/label`, 'loc'],
      [`${A}/a/number`, null],
      [`${A}/gone`, true],
    ])
    expect(layer.read(A)).toEqual({ id: A, content: { ...anna, label: 'loc' }, via: null, unsure: false, gone: true })
  })

  test('the default of an attribute is never written', () => {
    layer.add({ ...anna, attributes: [['number', 'one']] }, { id: A })
    layer.setAttribute(A, 'number', 'one')
    layer.setAttribute(A, 'roles', [])
    expect([...doc.getMap(ROOT).entries()]).toEqual([[A, ['span', [[0, 4]], 'per', [], null]]])
    layer.setAttribute(A, 'roles', ['y', 'x'])
    expect(layer.read(A)!.content.attributes).toEqual([['roles', ['x', 'y']]])
  })

  test.each<[string, (l: LayerDoc) => void]>([
    ['span_outside', (l) => l.setRanges(A, [[0, 99]])],
    ['span_inside_character', (l) => l.setRanges(A, [[0, 16]])],
    ['label_unknown', (l) => l.setLabel(A, 'nobody')],
    ['label_group_chosen', (l) => l.setLabel(A, 'grp')],
    ['attribute_unknown', (l) => l.setAttribute(A, 'size', 'big')],
    ['attribute_value', (l) => l.setAttribute(A, 'number', 'three')],
    ['annotation_malformed', (l) => l.setEnd(A, 'from', B)],
    ['annotation_gone', (l) => l.setLabel(B, 'per')],
    ['annotation_exists', (l) => l.add(anna, { id: A })],
    ['annotation_gone', (l) => l.add({ kind: 'relation', from: A, to: B, label: 'knows', attributes: [] }, { id: B })],
  ])('%s: what may not stand is not written', (code, verb) => {
    layer.add(anna, { id: A })
    const before = Y.encodeStateVector(doc)
    expect(refused(() => verb(layer))).toBe(code)
    expect(Y.encodeStateVector(doc)).toEqual(before)
  })

  test('a relation never leads to what is not there', () => {
    layer.add(anna, { id: A })
    layer.add(anna, { id: B })
    const [relation, nowhere] = ['RRRRRRRRRRRRRRRR', 'NNNNNNNNNNNNNNNN']
    layer.add({ kind: 'relation', from: A, to: B, label: 'knows', attributes: [] }, { id: relation })
    expect(refused(() => layer.setEnd(relation, 'to', nowhere))).toBe('annotation_gone')
    layer.setEnd(relation, 'to', A)
    expect(layer.read(relation)!.content).toMatchObject({ from: A, to: A })
  })

  test('what is read or was given cannot change the document', () => {
    const ranges: [number, number][] = [[0, 4]]
    layer.add({ ...anna, ranges }, { id: A })
    ranges[0]![1] = 3
    ;(layer.read(A)!.content as unknown as { ranges: [number, number][] }).ranges[0]![0] = 2
    expect(layer.read(A)!.content).toEqual(anna)
  })

  test('an observer hears the changed annotations once a transaction, and whether they are its own', () => {
    const heard: [string[], boolean][] = []
    layer.observe((ids, local) => heard.push([[...ids], local]))
    layer.add(anna, { id: A })
    layer.act(() => {
      layer.setLabel(A, 'loc')
      layer.setUnsure(A, true)
      layer.add(anna, { id: B })
    })
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    new LayerDoc(other, () => rules).setGone(B, true)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    expect(heard).toEqual([
      [[A], true],
      [[A, B], true],
      [[B], false],
    ])
  })
})

test('a snapshot holds what parses and names what does not', () => {
  layer.add(anna, { id: A })
  const map = doc.getMap(ROOT)
  map.set(B, ['span', [[0, 4]], 'nobody', [], null])
  map.set('CCCCCCCCCCCCCCCC', ['span', 'everywhere'])
  map.set('DDDDDDDDDDDDDDDD/label', 'per')
  map.set('__proto__', 1)
  const { annotations, broken } = layer.snapshot()
  expect(annotations.map(({ id }) => id)).toEqual([A])
  expect(broken).toEqual([
    { key: B, code: 'label_unknown' },
    { key: 'CCCCCCCCCCCCCCCC', code: 'annotation_malformed' },
    { key: 'DDDDDDDDDDDDDDDD/label', code: 'annotation_malformed' },
    { key: '__proto__', code: 'annotation_malformed' },
  ])
})

describe('undo', () => {
  let undo: OwnUndo
  beforeEach(() => (undo = new OwnUndo(layer)))

  /** Somebody else's edit, arriving over the network. */
  const elsewhere = (verb: (other: LayerDoc) => void) => {
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(layer.doc))
    verb(new LayerDoc(other, () => rules))
    Y.applyUpdate(layer.doc, Y.encodeStateAsUpdate(other))
  }

  test('takes back and does again, act by act', () => {
    layer.add(anna, { id: A })
    layer.act(() => {
      layer.setLabel(A, 'loc')
      layer.setRanges(A, [[0, 3]])
    })
    expect(undo.top()).toEqual({ act: 'label', annotations: [A] })
    expect(undo.undo()).toEqual({ act: 'label', annotations: [A], left: [] })
    expect(layer.read(A)!.content).toEqual(anna)
    undo.undo()
    expect(layer.read(A)!.gone).toBe(true)
    expect([undo.canUndo, undo.canRedo]).toEqual([false, true])
    undo.redo()
    undo.redo()
    expect(layer.read(A)).toMatchObject({ gone: false, content: { label: 'loc', ranges: [[0, 3]] } })
    undo.undo()
    expect(layer.read(A)!.content).toEqual(anna)
  })

  test('leaves what somebody changed since, and takes back the rest of the act', () => {
    layer.add(anna, { id: A })
    layer.add(anna, { id: B })
    layer.act(() => {
      layer.setLabel(A, 'loc')
      layer.setLabel(B, 'loc')
    })
    elsewhere((other) => other.setLabel(B, 'per'))
    elsewhere((other) => other.setRanges(A, [[1, 4]]))
    expect(undo.undo()).toEqual({ act: 'label', annotations: [A], left: [B] })
    expect(layer.read(A)!.content).toMatchObject({ label: 'per', ranges: [[1, 4]] })
  })

  test('never removes an annotation of mine that somebody worked on', () => {
    layer.add(anna, { id: A })
    elsewhere((other) => other.setLabel(A, 'loc'))
    expect(undo.undo()).toEqual({ act: 'add', annotations: [], left: [A] })
    expect(layer.read(A)).toMatchObject({ gone: false, content: { label: 'loc' } })
  })

  test('goes on with a new document whose overrides were folded', () => {
    layer.add(anna, { id: A })
    layer.setLabel(A, 'loc')
    const next = new Y.Doc()
    next.getMap(ROOT).set(A, ['span', [[0, 4]], 'loc', [], null])
    layer = new LayerDoc(next, () => rules)
    undo.attach(layer)
    undo.undo()
    expect(layer.read(A)!.content.label).toBe('per')
  })

  /** A new document of the layer, empty at first and then filled by the server, as after a new epoch. */
  function moveOn(fill: (map: Y.Map<unknown>) => void): void {
    layer = new LayerDoc(new Y.Doc(), () => rules)
    undo.attach(layer)
    const server = new Y.Doc()
    server.clientID = 1
    server.transact(() => fill(server.getMap(ROOT)))
    Y.applyUpdate(layer.doc, Y.encodeStateAsUpdate(server))
    layer.begin()
  }

  test('goes on with a new document that keeps a mark of mine as the server wrote it', () => {
    layer.add(anna, { id: A })
    layer.add(anna, { id: B })
    layer.act(() => {
      layer.setGone(A, true)
      layer.setGone(B, true)
    })
    moveOn((map) => {
      for (const id of [A, B]) map.set(id, ['span', [[0, 4]], 'per', [], null])
      for (const id of [A, B]) map.set(`${id}/gone`, true)
    })
    expect(undo.undo()).toEqual({ act: 'remove', annotations: [B, A], left: [] })
    expect([layer.read(A)!.gone, layer.read(B)!.gone]).toEqual([false, false])
    elsewhere((other) => other.setLabel(B, 'loc'))
    expect(undo.undo()).toEqual({ act: 'add', annotations: [], left: [B] })
    expect(undo.undo()).toEqual({ act: 'add', annotations: [A], left: [] })
  })

  test('takes an act back once though it was written again, and never what was another tab’s', () => {
    const edits: Edit[] = []
    layer.onAct((act) => edits.push(...editsOf(act)))
    layer.act(() => {
      layer.add(anna, { id: A })
      layer.setLabel(A, 'loc')
    })
    moveOn(() => undefined)
    const foreign: Edit = { key: B, before: null, value: ['span', [[5, 9]], 'per', [], null] }
    undo.unremembered(() => writeAgain(layer, [...edits, foreign]))
    expect(layer.read(A)?.content.label).toBe('loc')
    expect(undo.undo()).toEqual({ act: 'add', annotations: [A], left: [] })
    expect([layer.read(A)!.gone, layer.read(B)!.gone]).toEqual([true, false])
    expect(undo.undo()).toBeNull()
    undo.redo()
    expect(layer.read(A)).toMatchObject({ gone: false, content: { label: 'loc' } })
  })

  test('takes back what is left of an act when a part of it was refused', () => {
    layer.add(anna, { id: A })
    layer.add(anna, { id: B })
    layer.act(() => {
      layer.setLabel(A, 'loc')
      layer.setLabel(B, 'loc')
    })
    elsewhere((server) => server.setLabel(B, 'per'))
    undo.refused(`${B}/label`)
    expect(undo.undo()).toEqual({ act: 'label', annotations: [A], left: [] })
    expect([layer.read(A)!.content.label, layer.read(B)!.content.label]).toEqual(['per', 'per'])
  })

  test('forgets what the server refused', () => {
    layer.add(anna, { id: A })
    layer.act(() => {
      layer.setLabel(A, 'loc')
      layer.setUnsure(A, true)
    })
    undo.refused(`${A}/label`)
    expect(undo.undo()).toMatchObject({ annotations: [A] })
    expect(layer.read(A)).toMatchObject({ unsure: false, content: { label: 'loc' } })
    undo.refused(A)
    expect([undo.canUndo, undo.canRedo]).toEqual([false, false])
  })

  test('an act is named and whole even if it stops half way', () => {
    const acts: Act[] = []
    layer.onAct((act) => acts.push(act))
    expect(() =>
      layer.act(() => {
        layer.add(anna, { id: A })
        layer.setLabel(A, 'nobody')
      }),
    ).toThrow()
    expect(acts.map(({ name, changes }) => [name, changes.length])).toEqual([['add', 1]])
  })
})

describe('pending', () => {
  test('an edit is pending until the message that carried it is acknowledged', () => {
    const pending = new Pending(layer)
    pending.connected()
    layer.add(anna, { id: A })
    pending.sent()
    layer.add(anna, { id: B })
    layer.setLabel(B, 'loc')
    pending.sent()
    expect([pending.count, [...pending.ids]]).toEqual([3, [A, B]])
    pending.acknowledged(1)
    expect([pending.count, [...pending.ids]]).toEqual([2, [B]])
    pending.acknowledged(2)
    expect([pending.count, [...pending.ids]]).toEqual([0, []])
  })

  test('what was written offline waits for the step 2 of the next connection, or the server has it already', () => {
    const pending = new Pending(layer)
    pending.connected()
    layer.add(anna, { id: A })
    pending.sent()
    layer.add(anna, { id: B })
    const server = new Y.Doc()
    Y.applyUpdate(server, Y.encodeStateAsUpdate(doc))
    layer.setLabel(B, 'loc')
    pending.connected()
    pending.durable(Y.encodeStateVector(server))
    expect([pending.count, [...pending.ids]]).toEqual([1, [B]])
    pending.sent()
    pending.acknowledged(1)
    expect(pending.count).toBe(0)
  })
})
