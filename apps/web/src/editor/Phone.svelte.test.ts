import '../styles/base.css'
import '../styles/tokens.css'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import { articleOf, Line } from '../text/line.fixture.ts'
import { Room } from '../text/room.svelte.ts'
import { Editing } from './editing.svelte.ts'
import Phone from './Phone.svelte'

let room: Room
let editing: Editing

beforeEach(async () => {
  await page.viewport(390, 844)
  setLocale('kk')
  room = new Room(articleOf({ role: 'owner' }), {
    me: 'me',
    reload: async () => articleOf(),
    socket: new Line().Socket,
  })
  editing = new Editing(room)
})
afterEach(() => room.dispose())

test('a state is told whole, however long the words of the language are', async () => {
  editing.select({ anchor: 0, head: 8, exact: false, range: [0, 8] })
  editing.putLabel('city')
  const screen = await render(Phone, { editing })
  const state = screen.getByText('әлі сақталмаған').element() as HTMLElement
  const links = screen.getByRole('button', { name: 'Толығырақ' }).element()
  expect(state.scrollWidth).toBeLessThanOrEqual(state.clientWidth || state.getBoundingClientRect().width)
  for (const { right } of [state.getBoundingClientRect(), links.getBoundingClientRect()])
    expect(right).toBeLessThanOrEqual(document.documentElement.clientWidth)
})
