import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import type { Command } from './command.ts'
import { desk } from './desk.svelte.ts'
import Palette from './Palette.svelte'
import { registry } from './registry.svelte.ts'

const ran: string[] = []
const command = (id: string, title: Command['title'], more: Partial<Command> = {}): Command => ({
  ...{ id, title, group: 'app', run: () => ran.push(id) },
  ...more,
})

registry.add([
  command('labels', 'commands.toLabels'),
  command('edit', 'common.edit'),
  command('export', 'commands.toExport', { when: () => 'Корпус выгружает проверяющий.' }),
  command('hidden', 'commands.toImport', { when: () => false }),
])

beforeEach(async () => {
  ran.length = 0
  setLocale('ru')
  await render(Palette)
  desk.palette = true
  await expect.element(page.getByRole('combobox')).toHaveFocus()
})

const shown = () =>
  page
    .getByRole('option')
    .elements()
    .map((option) => option.textContent?.trim())

test.each([
  ['типы', 'labels'],
  ['таңбалар', 'labels'],
  ['labels', 'labels'],
  ['озгерту', 'edit'],
])('"%s" finds a command in any language and any keyboard', async (query, id) => {
  await userEvent.keyboard(query)
  await expect.poll(shown).toHaveLength(1)
  await userEvent.keyboard('{Enter}')
  expect(ran).toEqual([id])
  expect(desk.palette).toBe(false)
})

test('what cannot be done now stays, with the reason; what has no place is not there', async () => {
  await userEvent.keyboard('выгрузить')
  await expect.poll(shown).toEqual(['Выгрузить корпус Корпус выгружает проверяющий.'])
  await userEvent.keyboard('{Enter}')
  expect(ran).toEqual([])
  await userEvent.clear(page.getByRole('combobox'))
  await userEvent.keyboard('добавить статьи')
  await expect.element(page.getByText('Команды с такими словами нет.')).toBeVisible()
})
