import { createRawSnippet } from 'svelte'
import { expect, test } from 'vitest'
import { render } from 'vitest-browser-svelte'
import '../styles/base.css'
import LongList from './LongList.svelte'

const items = [...Array(2000).keys()].map((n) => ({ id: `row ${n}` }))
const row = createRawSnippet((item: () => { id: string }) => ({
  render: () => `<button style="display:block;height:26px">${item().id}</button>`,
}))

async function list(current: string | null) {
  const target = document.createElement('div')
  target.style.cssText = 'display:flex;flex-direction:column;height:400px'
  document.body.append(target)
  const screen = await render(LongList, { props: { items, row, current }, target })
  return { screen, target }
}

const rows = (target: HTMLElement) => [...target.querySelectorAll('li')]

test('of a long list only the rows near the screen are there, and each says which of how many it is', async () => {
  const { target } = await list(null)
  await expect.poll(() => rows(target).length).toBeLessThan(120)
  expect(rows(target)[3]?.getAttribute('aria-posinset')).toBe('4')
  expect(rows(target)[3]?.getAttribute('aria-setsize')).toBe('2000')
})

test('the current row comes on the screen, wherever it stands', async () => {
  const { screen, target } = await list('row 1200')
  const shown = () => screen.getByRole('button', { name: 'row 1200' }).element().getBoundingClientRect()
  await expect.element(screen.getByRole('button', { name: 'row 1200' })).toBeInTheDocument()
  const place = target.getBoundingClientRect()
  await expect.poll(() => shown().top >= place.top && shown().bottom <= place.bottom + 1).toBe(true)
  await screen.rerender({ current: 'row 1999' })
  await expect.element(screen.getByRole('button', { name: 'row 1999' })).toBeInTheDocument()
})
