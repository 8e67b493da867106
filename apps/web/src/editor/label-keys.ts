import type { Label } from '@tamga/model'

/** The keys under the left hand, as they lie: four rows of five. */
export const leftHand: readonly (readonly string[])[] = [
  ['Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5'],
  ['KeyQ', 'KeyW', 'KeyE', 'KeyR', 'KeyT'],
  ['KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG'],
  ['KeyZ', 'KeyX', 'KeyC', 'KeyV', 'KeyB'],
]

const isUnderHand = (key: string | null) => key !== null && leftHand.flat().includes(key)

/** Labels where their keys lie, row by row, null for a free key; rows without any label are left out at both ends. */
export function underHand(labels: readonly Label[]): (Label | null)[][] {
  const rows = leftHand.map((row) => row.map((key) => labels.find((label) => label.key === key) ?? null))
  const isUsed = (row: (Label | null)[]) => row.some((label) => label !== null)
  return rows.slice(rows.findIndex(isUsed), rows.findLastIndex(isUsed) + 1)
}

/** Labels with keys elsewhere on the keyboard or with none. */
export const elsewhere = (labels: readonly Label[]): Label[] => labels.filter(({ key }) => !isUnderHand(key))

/** The label that a press means, or null: a plain letter or digit, by its place on the keyboard. */
export function labelOfPress(event: KeyboardEvent, labels: readonly Label[]): Label | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || event.isComposing) return null
  return labels.find(({ key }) => key === event.code) ?? null
}
