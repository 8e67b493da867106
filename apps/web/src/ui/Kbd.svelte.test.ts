import { expect, test } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import Kbd from './Kbd.svelte'
import { watchLayout } from './keyboard.svelte.ts'

const capsOf = (container: Element) => [...container.querySelectorAll('kbd')].map((cap) => cap.textContent?.trim())
const type = (code: string, key: string) => dispatchEvent(new KeyboardEvent('keydown', { code, key }))

test('draws both caps of a label key', async () => {
  setLocale('ru')
  const { container } = await render(Kbd, { keys: 'KeyA', both: true })
  expect(capsOf(container)).toEqual(['A·Ф'])
})

test('follows the layout that typed last, and keeps Latin letters under Ctrl', async () => {
  const stop = watchLayout()
  const { container } = await render(Kbd, { keys: 'KeyG' })
  const undo = await render(Kbd, { keys: 'mod+KeyZ' })
  type('KeyA', 'ф')
  await expect.poll(() => capsOf(container)).toEqual(['П'])
  type('KeyA', 'a')
  await expect.poll(() => capsOf(container)).toEqual(['G'])
  expect(capsOf(undo.container).at(-1)).toBe('Z')
  stop()
})

test('draws what no face has and says it to the ears', async () => {
  const { container } = await render(Kbd, { keys: 'shift+ArrowRight' })
  expect(container.querySelectorAll('svg')).toHaveLength(2)
  expect(capsOf(container)).toEqual(['Shift', '→'])
})
