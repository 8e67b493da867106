import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isUndecided, stateOf, states, type Ruling, type State } from './review.ts'

/**
 * Decisions drawn as words in their order: `anna+now` approves, `anna-now` rejects, `anna=now` is carried over; what
 * follows is the digest.
 */
function rulings(drawing: string, own: readonly string[] = []): Ruling[] {
  const verdicts = { '+': 'approve', '-': 'reject', '=': 'carried' } as const
  return [...drawing.matchAll(/(\w+)([+=-])(\w+)/g)].map(([, account, sign, digest], order) => ({
    account: account!,
    verdict: verdicts[sign as keyof typeof verdicts],
    digest: digest!,
    order,
    own: own.includes(account!),
  }))
}

const state = (drawing: string, quorum: number, own: string[] = [], ownApproval = own.length === 0): State =>
  stateOf({ digest: 'now', gone: false, rulings: rulings(drawing, own), quorum, ownApproval })

test.each<[State, number, string]>([
  ['open', 1, ''],
  ['open', 2, ''],
  ['approved', 1, 'anna+now'],
  ['approved', 1, 'anna=now'],
  ['approved', 2, 'anna+now bob+now'],
  ['approved', 2, 'anna+now bob=now'],
  ['approved', 1, 'anna+now bob+now'],
  ['partly', 2, 'anna+now'],
  ['partly', 3, 'anna+now bob+now'],
  ['partly', 2, 'anna+now anna+now'],
  ['rejected', 1, 'anna-now'],
  ['rejected', 2, 'anna-now bob-now'],
  ['disputed', 1, 'anna+now bob-now'],
  ['disputed', 1, 'anna-now bob+now'],
  ['disputed', 2, 'anna+now bob-now'],
  ['disputed', 1, 'anna+now bob+now carl-now'],
  ['changed', 1, 'anna+old'],
  ['changed', 1, 'anna-old'],
  ['changed', 2, 'anna+old bob-older'],
])('%s (quorum %i): %s', (expected, quorum, drawing) => expect(state(drawing, quorum)).toBe(expected))

describe('a person decides again', () => {
  test.each<[string, State, string]>([
    ['the later decision counts', 'rejected', 'anna+now anna-now'],
    ['and takes back a rejection', 'approved', 'anna-now anna+now'],
    ['a dispute ends when one gives in', 'approved', 'anna+now bob-now bob+now'],
    ['a later one on another digest does not touch this one', 'approved', 'anna+now anna-old'],
    ['an undo that returns to the approved digest is approved again', 'approved', 'anna+now anna-other bob-old'],
  ])('%s', (_rule, expected, drawing) => expect(state(drawing, 1)).toBe(expected))

  test('by the order of decisions, not by their place in the list', () => {
    const [first, second] = rulings('anna+now anna-now') as [Ruling, Ruling]
    expect(stateOf({ digest: 'now', gone: false, rulings: [second, first], quorum: 1, ownApproval: true })).toBe(
      'rejected',
    )
  })
})

describe('where own approval does not count', () => {
  test.each<[State, number, string]>([
    ['open', 1, 'anna+now'],
    ['approved', 1, 'anna+now bob+now'],
    ['partly', 2, 'anna+now bob+now'],
    ['rejected', 1, 'anna-now'],
    ['rejected', 1, 'anna+now bob-now'],
    ['changed', 1, 'anna+old'],
  ])('%s (quorum %i): %s, the span being Anna’s', (expected, quorum, drawing) =>
    expect(state(drawing, quorum, ['anna'])).toBe(expected),
  )
})

test('what is gone is gone whatever was decided', () => {
  for (const drawing of ['', 'anna+now', 'anna-now', 'anna+old'])
    expect(stateOf({ digest: 'now', gone: true, rulings: rulings(drawing), quorum: 1, ownApproval: true })).toBe('gone')
})

test('the queue holds what still needs somebody', () => {
  expect(states.filter(isUndecided)).toEqual(['open', 'disputed', 'partly', 'changed'])
})

const ruling = fc.record({
  account: fc.constantFrom('anna', 'bob', 'carl'),
  verdict: fc.constantFrom('approve' as const, 'reject' as const, 'carried' as const),
  digest: fc.constantFrom('now', 'old'),
  own: fc.boolean(),
})
const history = fc.array(ruling, { maxLength: 8 }).map((list) => list.map((one, order): Ruling => ({ ...one, order })))
const anyOrder = (rulings: Ruling[]) => fc.shuffledSubarray(rulings, { minLength: rulings.length })

test('the order in which decisions arrive does not matter', () => {
  const input = history.chain((rulings) => fc.tuple(fc.constant(rulings), anyOrder(rulings)))
  fc.assert(
    fc.property(input, fc.integer({ min: 1, max: 3 }), ([rulings, shuffled], quorum) => {
      const of = (rulings: Ruling[]) => stateOf({ digest: 'now', gone: false, rulings, quorum, ownApproval: false })
      expect(of(shuffled)).toBe(of(rulings))
    }),
  )
})

test('nothing is approved that anybody rejects, or that fewer than the quorum approve', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 3 }), (rulings, quorum) => {
      if (stateOf({ digest: 'now', gone: false, rulings, quorum, ownApproval: false }) !== 'approved') return
      const last = new Map(rulings.filter(({ digest }) => digest === 'now').map((one) => [one.account, one.verdict]))
      expect([...last.values()]).not.toContain('reject')
      expect(last.size).toBeGreaterThanOrEqual(quorum)
    }),
  )
})
