import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import Field from './Field.svelte'

beforeEach(() => setLocale('kk'))

const box = () => page.getByLabelText('Құпиясөз').element() as HTMLInputElement

test('what the browser will not send is told at the field, in the language of the page', async () => {
  await render(Field, { label: 'Құпиясөз', value: '', type: 'password', required: true, minlength: 10 })
  let bubble = true
  box().addEventListener('invalid', (event) => (bubble = !event.defaultPrevented))
  box().reportValidity()
  expect(bubble).toBe(false)
  await expect.element(page.getByText('Осы өрісті толтырыңыз.')).toBeVisible()
  await expect.element(page.getByLabelText('Құпиясөз')).toHaveAccessibleDescription('Осы өрісті толтырыңыз.')

  await userEvent.type(page.getByLabelText('Құпиясөз'), 'қысқа')
  expect(page.getByText('Осы өрісті толтырыңыз.').elements()).toEqual([])
  expect(box().getAttribute('aria-invalid')).toBe(null)
  box().reportValidity()
  await expect.element(page.getByText('Тым қысқа: кемінде 10 таңба керек.')).toBeVisible()
  setLocale('ru')
  await expect.element(page.getByText('Слишком коротко: нужно не меньше 10 знаков.')).toBeVisible()
})

test('an address that is none is told', async () => {
  await render(Field, { label: 'Құпиясөз', value: 'aigerim', type: 'email' })
  box().reportValidity()
  await expect.element(page.getByText('Пошта мекенжайы былай жазылады: name@example.org.')).toBeVisible()
})
