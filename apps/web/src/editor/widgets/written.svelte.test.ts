import { Attribute } from '@tamga/model'
import { beforeEach, expect, test } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../../i18n/index.svelte.ts'
import { widgets } from './index.ts'

beforeEach(() => setLocale('en'))

const attributeOf = (type: 'text' | 'number') => Attribute.parse({ id: 'a', code: 'base', name: { en: 'Base' }, type })

/** Writes into a widget, leaves it, and answers what it gave on. */
async function write(type: 'text' | 'number', value: string | number | undefined, words: string) {
  const given: unknown[] = []
  const set = (next: unknown) => given.push(next) > 0
  const props = { attribute: attributeOf(type), label: 'Base', value, disabled: false, set }
  const page = await render(widgets[type === 'text' ? 'line' : 'number'], props)
  await userEvent.fill(page.getByLabelText('Base'), words)
  await userEvent.tab()
  return { given, refused: page.container.querySelector('[aria-invalid]') !== null }
}

test.each([
  ['a line is given without the blanks around it', 'text', undefined, '  Ақтөбе ', ['Ақтөбе']],
  ['a line that is emptied is no value', 'text', 'Ақтөбе', '', [null]],
  ['a comma counts as a point', 'number', undefined, '1,5', [1.5]],
  ['the same number written otherwise is no change', 'number', 1.5, '1,50', []],
  ['a number that is emptied is no value', 'number', 7, '', [null]],
] as const)('%s', async (_, type, value, words, given) => {
  expect(await write(type, value, words)).toEqual({ given, refused: false })
})

test('what is no number is refused and says so', async () => {
  expect(await write('number', undefined, 'семь')).toEqual({ given: [], refused: true })
})
