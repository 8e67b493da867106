import { describe, expect, test } from 'vitest'
import { contentDecided, type Happened } from './decided.ts'

const made: Happened = { kind: 'field', key: '', after: [['span', [[0, 4]], 'per', [['base', 'Анна']], null]] }
const set = (key: string, value: unknown): Happened => ({ kind: 'field', key, after: [value] })
const decided: Happened = { kind: 'decision', key: null, after: null }

describe('what the last decision was about', () => {
  test.each([
    ['as it was made', [made, decided, set('ranges', [[0, 9]])], [[[0, 4]], 'per', [['base', 'Анна']]]],
    ['with an edge moved before', [made, set('ranges', [[0, 9]]), decided], [[[0, 9]], 'per', [['base', 'Анна']]]],
    [
      'with another label',
      [made, set('label', 'org'), decided, set('label', 'fac')],
      [[[0, 4]], 'org', [['base', 'Анна']]],
    ],
    ['with an attribute taken away', [made, set('a/base', null), decided], [[[0, 4]], 'per', []]],
    ['by the last of two', [made, decided, set('a/base', 'А'), decided], [[[0, 4]], 'per', [['base', 'А']]]],
    [
      'removed and brought back',
      [made, set('gone', true), set('gone', false), decided],
      [[[0, 4]], 'per', [['base', 'Анна']]],
    ],
  ])('%s', (_, history, [ranges, label, attributes]) =>
    expect(contentDecided(history)).toEqual({ kind: 'span', ranges, label, attributes }),
  )

  test.each([
    ['nobody decided', [made, set('label', 'org')]],
    ['no history', []],
    ['a history without its beginning', [set('label', 'org'), decided]],
  ])('nothing: %s', (_, history) => expect(contentDecided(history)).toBeNull())
})
