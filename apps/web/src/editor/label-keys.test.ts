import { expect, test } from 'vitest'
import { labels } from '../text/line.fixture.ts'
import { elsewhere, labelOfPress, leftHand, underHand } from './label-keys.ts'

const choosable = labels.labels.filter((label) => !label.group && !label.retired)
const press = (code: string, held: Partial<KeyboardEvent> = {}) => ({ code, ...held }) as KeyboardEvent

test('labels stand where their keys stand, with gaps, and rows without any are left out at both ends', () => {
  const drawn = underHand(choosable).map((row) => row.map((label) => label?.code ?? '·').join(' '))
  expect(drawn).toEqual(['· ORD · · ·', '· · EVT · CITY', 'PER · · · ·'])
})

test('labels with keys under the other hand or none are listed apart', () => {
  expect(elsewhere(choosable).map(({ code }) => code)).toEqual(['FAR', 'BARE'])
})

test('every label is shown once', () => {
  const shown = [
    ...underHand(choosable)
      .flat()
      .flatMap((label) => label ?? []),
    ...elsewhere(choosable),
  ]
  expect(new Set(shown)).toEqual(new Set(choosable))
  expect(leftHand.flat()).toHaveLength(20)
})

test.each([
  ['KeyA', {}, 'PER'],
  ['KeyP', {}, 'FAR'],
  ['KeyQ', {}, undefined],
  ['KeyZ', {}, undefined],
  ['KeyA', { ctrlKey: true }, undefined],
  ['KeyA', { shiftKey: true }, undefined],
  ['KeyA', { repeat: true }, undefined],
])('the key %s with %j means %s', (code, held, expected) => {
  expect(labelOfPress(press(code, held), choosable)?.code).toBe(expected)
})
