import { afterEach, beforeEach, expect, test } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import { articleOf, Line, text } from '../text/line.fixture.ts'
import { Room } from '../text/room.svelte.ts'
import { Editing } from './editing.svelte.ts'
import LabelBar from './LabelBar.svelte'

let room: Room
let editing: Editing

beforeEach(() => {
  setLocale('ru')
  room = new Room(articleOf(), { me: 'me', reload: async () => articleOf(), socket: new Line().Socket })
  editing = new Editing(room)
})
afterEach(() => room.dispose())

test('shows each label with both caps and its code, retired ones and groups not', async () => {
  const screen = await render(LabelBar, { editing })
  await expect.element(screen.getByRole('button', { name: 'A·Ф PER per по-русски' })).toBeVisible()
  await expect.element(screen.getByRole('button', { name: 'BARE' })).toBeVisible()
  expect(screen.getByRole('button', { name: 'OLD' }).query()).toBeNull()
  expect(screen.getByRole('button', { name: 'VALUES' }).query()).toBeNull()
})

test('a click marks the selection, presses the key in, and tells what the label means', async () => {
  const screen = await render(LabelBar, { editing })
  editing.select({ anchor: 0, head: 8, exact: false, range: [0, 8] })
  await screen.getByRole('button', { name: 'CITY' }).click()
  expect(room.annotations.spans.map((span) => text.slice(...span.content.ranges[0]!))).toEqual(['Ақтөбеде'])
  editing.select(null)
  editing.choose(room.annotations.spans[0]!.id)
  await expect.element(screen.getByRole('button', { name: 'CITY' })).toHaveAttribute('aria-pressed', 'true')
  await expect.element(screen.getByText('What city means')).toBeVisible()
})
