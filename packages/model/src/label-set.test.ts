import { describe, expect, test } from 'vitest'
import {
  attributesOf,
  choosable,
  emptyLabelSet,
  faultsOfLabelSet,
  faultsOfRevision,
  labelById,
  LabelSet,
  NameId,
  say,
  Words,
  type Attribute,
  type Label,
} from './label-set.ts'
import { nameFaultOf } from './names.ts'

const colour = { hue: 20, light: 0.56, dark: 0.72 }
const label = (id: string, over: Partial<Label> = {}) => ({ id, code: id.toUpperCase(), name: {}, colour, ...over })
const attribute = (id: string, over: Partial<Attribute> = {}) => ({
  id,
  code: id,
  name: {},
  type: 'text' as const,
  ...over,
})
const setOf = (labels: unknown[], attributes: unknown[] = [], relations: unknown[] = []) =>
  LabelSet.parse({ labels, attributes, relations })
const relation = (id: string, from: string[], to: string[]) => ({ id, code: id, name: {}, from, to })

const faults = (...parts: Parameters<typeof setOf>) =>
  faultsOfLabelSet(setOf(...parts)).map(({ at, code, details }) => [at, code, ...Object.values(details)].join(' '))

test('a list of labels is no longer than there can be labels', () => {
  const many = Array.from({ length: 501 }, () => 'per')
  for (const set of [
    { labels: [label('per', { holds: many })] },
    { labels: [label('per')], attributes: [attribute('a', { labels: many })] },
    { labels: [label('per')], relations: [relation('r', many, [])] },
    { labels: [label('per')], relations: [relation('r', [], many)] },
  ])
    expect(LabelSet.safeParse(set).success).toBe(false)
})

test('names of labels, attributes and choices hold nothing invisible, and lose blanks at their ends', () => {
  const bad = { en: 'Ci\u202ety' }
  for (const set of [
    { labels: [label('a', { name: bad as never })] },
    { labels: [], attributes: [attribute('a', { name: bad as never })] },
    {
      labels: [],
      attributes: [attribute('a', { type: 'choice' as never, choices: [{ id: 'x', name: bad as never }] })],
    },
  ])
    expect(nameFaultOf(LabelSet.safeParse(set).error?.issues[0])).toEqual({
      code: 'name_character',
      details: { at: 3, character: 'U+202E' },
    })
  const { name } = setOf([label('a', { name: { en: ' City  hall ', ru: ' ', kk: '' } })]).labels[0]!
  expect(name).toEqual({ en: 'City hall', ru: '', kk: '' })
})

test('an empty set, and one that uses everything, may be saved', () => {
  expect(faultsOfLabelSet(emptyLabelSet)).toEqual([])
  const labels = [
    label('people', { group: true }),
    label('per', { parent: 'people', key: 'KeyA', holds: ['city'] }),
    label('city', { key: 'KeyT', holds: ['city'] }),
    label('old', { key: 'KeyA', retired: true }),
  ]
  const choices = [
    { id: 'x', name: {} },
    { id: 'y', name: {} },
  ]
  const attributes = [
    attribute('base', { labels: ['per'] }),
    attribute('unit', { type: 'choice', choices: choices as never, default: 'x', labels: ['per', 'old'] }),
    attribute('many', { type: 'choice', choices: choices as never, multiple: true, default: 'x' }),
    attribute('sure', { type: 'flag', default: false }),
  ]
  expect(faults(labels, attributes, [relation('at', ['per'], ['city', 'old'])])).toEqual([])
})

test.each<[string, Parameters<typeof setOf>, string[]]>([
  ['a code with a blank', [[label('a', { code: 'A B' })]], ['labels/0/code label_code_form A B']],
  ['a code in Cyrillic', [[label('a', { code: 'ЛИЦО' })]], ['labels/0/code label_code_form ЛИЦО']],
  ['a code that begins with a figure', [[label('a', { code: '1A' })]], ['labels/0/code label_code_form 1A']],
  ['an empty code', [[label('a', { code: '' })]], ['labels/0/code label_code_form ']],
  [
    'no code twice, which none of them has taken',
    [[label('a', { code: '' }), label('b', { code: '' })]],
    ['labels/0/code label_code_form ', 'labels/1/code label_code_form '],
  ],
  [
    'a code of 33 letters',
    [[label('a', { code: 'A'.repeat(33) })]],
    [`labels/0/code label_code_form ${'A'.repeat(33)}`],
  ],
  [
    'a code taken but for case',
    [[label('a', { code: 'Per' }), label('b', { code: 'PER' })]],
    ['labels/1/code label_code_taken PER Per'],
  ],
  [
    'a code taken by a retired one',
    [[label('a', { code: 'PER', retired: true }), label('b', { code: 'PER' })]],
    ['labels/1/code label_code_taken PER PER'],
  ],
  ['an id twice', [[label('a'), label('a', { code: 'B' })]], ['labels/1/id label_code_taken a a']],
  [
    'a key taken',
    [[label('a', { key: 'KeyA' }), label('b', { key: 'KeyA' })]],
    ['labels/1/key label_key_taken KeyA B A'],
  ],
  [
    'a key taken twice names the first each time',
    [[label('a', { key: 'KeyA' }), label('b', { key: 'KeyA' }), label('c', { key: 'KeyA' })]],
    ['labels/1/key label_key_taken KeyA B A', 'labels/2/key label_key_taken KeyA C A'],
  ],
  ['a key for a group', [[label('a', { group: true, key: 'KeyA' })]], ['labels/0/key label_group_chosen A']],
  ['a parent that is not there', [[label('a', { parent: 'b' })]], ['labels/0/parent label_parent A']],
  ['a parent that is no group', [[label('a', { parent: 'b' }), label('b')]], ['labels/0/parent label_parent A']],
  [
    'more groups over it than are let stand',
    [
      Array.from({ length: 10 }, (_, i) =>
        label(String.fromCharCode(97 + i), { parent: i < 9 ? String.fromCharCode(98 + i) : null, group: i > 0 }),
      ),
    ],
    ['labels/0/parent label_depth A 8'],
  ],
  ['itself as parent', [[label('a', { parent: 'a', group: true })]], ['labels/0/parent label_parent A']],
  [
    'parents in a circle',
    [[label('a', { parent: 'b', group: true }), label('b', { parent: 'a', group: true })]],
    ['labels/0/parent label_parent A', 'labels/1/parent label_parent B'],
  ],
  ['holding what is not there', [[label('a', { holds: ['x'] })]], ['labels/0/holds label_unknown x']],
  [
    'an attribute of no label',
    [[label('a')], [attribute('base', { labels: ['a', 'x'] })]],
    ['attributes/0/labels label_unknown x'],
  ],
  [
    'a choice without choices',
    [[], [attribute('unit', { type: 'choice' })]],
    ['attributes/0/choices attribute_choices unit'],
  ],
  [
    'an empty list of choices',
    [[], [attribute('unit', { type: 'choice', choices: [] })]],
    ['attributes/0/choices attribute_choices unit'],
  ],
  [
    'a choice twice',
    [
      [],
      [
        {
          ...attribute('unit', { type: 'choice' }),
          choices: [
            { id: 'x', name: {} },
            { id: 'x', name: {} },
          ],
        },
      ],
    ],
    ['attributes/0/choices attribute_choices unit'],
  ],
  [
    'a default that is no choice',
    [[], [{ ...attribute('unit', { type: 'choice', default: 'z' }), choices: [{ id: 'x', name: {} }] }]],
    ['attributes/0/default attribute_value unit'],
  ],
  [
    'a default of another type',
    [[], [attribute('sure', { type: 'flag', default: 'yes' })]],
    ['attributes/0/default attribute_value sure'],
  ],
  [
    'codes of attributes alike',
    [[], [attribute('a', { code: 'x' }), attribute('b', { code: 'X' })]],
    ['attributes/1/code label_code_taken X x'],
  ],
  [
    'a relation between what is not there',
    [[label('a')], [], [relation('r', ['a'], ['x'])]],
    ['relations/0 label_unknown x'],
  ],
])('%s', (_case, parts, expected) => expect(faults(...parts)).toEqual(expected))

test('a label and an attribute may have the same code', () => {
  expect(faults([label('base')], [attribute('base')])).toEqual([])
})

describe('a new revision', () => {
  const before = setOf([label('per'), label('city')], [attribute('base')], [relation('at', ['per'], ['city'])])
  const of = (after: LabelSet, used: string[] = []) =>
    faultsOfRevision(before, after, new Set(used)).map(({ at, code, details }) => [at, code, details['code']].join(' '))

  test.each<[string, string, LabelSet]>([
    ['label', 'labels label_in_use PER', setOf([label('city')], [attribute('base')], [relation('at', [], [])])],
    ['attribute', 'attributes label_in_use base', setOf([label('per'), label('city')], [], [relation('at', [], [])])],
    ['relation type', 'relations label_in_use at', setOf([label('per'), label('city')], [attribute('base')])],
  ])('may drop a %s that nobody used, and none that is in use', (_kind, fault, after) => {
    expect(of(after)).toEqual([])
    expect(of(after, ['per', 'city', 'base', 'at'])).toEqual([fault])
  })

  test('may rename, recode, recolour, regroup and retire what is in use', () => {
    const after = setOf(
      [
        label('city', { code: 'GPE', retired: true }),
        label('per', { parent: 'g', colour: { ...colour, hue: 9 } }),
        label('g', { group: true }),
      ],
      [attribute('base', { code: 'lemma' })],
      [relation('at', [], [])],
    )
    expect(of(after, ['per', 'city', 'base', 'at'])).toEqual([])
  })

  test('never changes the type of an attribute, used or not', () => {
    const after = setOf(
      [label('per'), label('city')],
      [attribute('base', { type: 'number' })],
      [relation('at', [], [])],
    )
    expect(of(after)).toEqual(['attributes/0/type attribute_type_fixed base'])
  })
})

test('what can be chosen is neither a group nor retired, in the order of the set', () => {
  const set = setOf([label('b'), label('g', { group: true }), label('old', { retired: true }), label('a')])
  expect(choosable(set).map(({ id }) => id)).toEqual(['b', 'a'])
  expect(labelById(set, 'old')?.code).toBe('OLD')
  expect(labelById(set, 'x')).toBeUndefined()
})

test('a label carries its attributes, retired ones left out', () => {
  const set = setOf(
    [label('a'), label('b')],
    [
      attribute('x', { labels: ['a'] }),
      attribute('y', { labels: ['a'], retired: true }),
      attribute('z', { labels: ['b'] }),
    ],
  )
  expect(attributesOf(set, 'a').map(({ id }) => id)).toEqual(['x'])
})

test.each<[string, unknown]>([
  ['an unknown field', { labels: [], owner: 'me' }],
  ['an unknown field of a label', { labels: [{ ...label('a'), evil: 1 }] }],
  ['a key outside the labels’ range', { labels: [label('a', { key: 'Enter' })] }],
  ['an id that is a prototype', { labels: [label('__proto__')] }],
  ['a colour that is CSS', { labels: [{ ...label('a'), colour: 'red;}' }] }],
  ['501 labels', { labels: Array.from({ length: 501 }, (_, i) => label(`l${i}`)) }],
])('%s is no label set', (_case, value) => expect(LabelSet.safeParse(value).success).toBe(false))

test.each(['constructor', 'a', '9', 'A_b-9'])('%s may be an id', (id) =>
  expect(NameId.safeParse(id).success).toBe(true),
)

test.each([
  [{ en: 'Person', ru: 'Лицо', kk: 'Адам' }, 'kk', 'Адам'],
  [{ en: 'Person', ru: 'Лицо' }, 'kk', 'Лицо'],
  [{ en: 'Person' }, 'kk', 'Person'],
  [{ kk: 'Адам' }, 'en', 'Адам'],
  [{}, 'en', ''],
] as const)('%j in %s: %s', (words, locale, said) => expect(say(Words.parse(words), locale)).toBe(said))
