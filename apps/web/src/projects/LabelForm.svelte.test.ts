import { LabelSet } from '@tamga/model'
import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import news from '../../../../seeds/labels.json'
import { setLocale } from '../i18n/index.svelte.ts'
import { LabelDraft, treeOf } from './label-draft.svelte.ts'
import LabelForm from './LabelForm.svelte'

const set = LabelSet.parse(news)
let draft: LabelDraft

beforeEach(() => {
  setLocale('ru')
  draft = new LabelDraft()
  draft.open(3, set, ['per'])
})

const show = (id: string) => render(LabelForm, { draft, id, ongone: () => {} })

test('a key that is taken is refused at its field, by the name of who has it', async () => {
  await show('org')
  await userEvent.selectOptions(page.getByLabelText('Клавиша'), 'KeyA')
  await expect.element(page.getByText('Клавиша A·Ф занята типом PER.', { exact: false })).toBeVisible()
  await expect.element(page.getByLabelText('Клавиша')).toHaveAttribute('aria-invalid', 'true')
  await userEvent.selectOptions(page.getByLabelText('Клавиша'), 'KeyQ')
  expect(draft.faults).toEqual([])
})

test('a code that is taken or malformed is refused at its field', async () => {
  await show('org')
  await userEvent.fill(page.getByLabelText('Код'), 'per')
  await expect.element(page.getByText('Код per занят, он у PER.', { exact: false })).toBeVisible()
  await userEvent.fill(page.getByLabelText('Код'), 'орг')
  await expect.element(page.getByText('Код начинается с латинской буквы', { exact: false })).toBeVisible()
})

test('that a new label has no code is told when its field was left, not before', async () => {
  const { id } = draft.addLabel(null, false)
  await show(id)
  const code = page.getByLabelText('Код')
  const sentence = page.getByText('Код начинается с латинской буквы', { exact: false })
  expect(draft.faults).toHaveLength(1)
  expect(draft.told).toEqual([])
  expect(sentence.elements()).toEqual([])
  await userEvent.click(code)
  await userEvent.click(page.getByLabelText('Название, English'))
  await expect.element(sentence).toBeVisible()
  expect(draft.isFaulty('labels', id)).toBe(true)
})

test('whoever saves is told of every new item without a code', () => {
  draft.addAttribute()
  draft.addRelation()
  expect(draft.told).toEqual([])
  draft.tellAll()
  expect(draft.told.map(({ at }) => at)).toEqual([
    `attributes/${set.attributes.length}/code`,
    `relations/${set.relations.length}/code`,
  ])
})

test('what stands in an article can be retired but not deleted', async () => {
  await show('per')
  expect(page.getByRole('button', { name: 'Удалить' }).elements()).toHaveLength(0)
  await userEvent.click(page.getByRole('button', { name: 'Вывести из употребления' }))
  expect(draft.set.labels.find(({ id }) => id === 'per')?.retired).toBe(true)
})

test('a deleted label leaves no mention of itself', () => {
  draft.remove('labels', 'ctry')
  expect(JSON.stringify(draft.set)).not.toContain('"ctry"')
  expect(draft.faults).toEqual([])
})

test('a group becomes what its labels stand under, and a circle stays in sight', () => {
  expect(treeOf(set).slice(0, 3)).toMatchObject([
    { depth: 0, label: { id: 'people' } },
    { depth: 1, label: { id: 'per' } },
    { depth: 1, label: { id: 'prof' } },
  ])
  const people = draft.set.labels.find(({ id }) => id === 'people')!
  people.parent = 'people'
  expect(treeOf(draft.set)).toHaveLength(draft.set.labels.length)
})

test('a file that is no label set changes nothing and is told by its place', () => {
  const place = (text: string): unknown => {
    try {
      draft.load(text)
    } catch (problem) {
      return (problem as { details: unknown }).details
    }
    return null
  }
  expect(place('{')).toEqual({ at: 'JSON' })
  expect(place('{"labels":[{"id":"a"}]}')).toEqual({ at: 'labels/0/code' })
  expect(draft.changed).toBe(false)
  expect(place(draft.file())).toBe(null)
})
