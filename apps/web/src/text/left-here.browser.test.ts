import type { Unsent } from '@tamga/collab'
import { deleteDB } from 'idb'
import { beforeEach, expect, test } from 'vitest'
import { knownNames, noteSignOut, remember, signedOutHere } from '../offline/known.ts'
import { leftHere } from './left-here.ts'
import { outboxOf } from './outbox.ts'

const anna = { id: 'left-anna', name: 'Анна', colour: 1 }
const bolat = { id: 'left-bolat', name: 'Болат', colour: 2 }
const edit = (n: number) =>
  ({ tab: 'ended', n, article: 'a', title: 'T', layer: 'l', key: `${n}`, quote: '', label: '' }) as unknown as Unsent

beforeEach(async () => {
  await deleteDB('tamga-known')
  for (const { id } of [anna, bolat]) await outboxOf(id).drop([edit(1), edit(2)])
})

test('the sign-in page hears whose edits wait here, by name, and how many', async () => {
  await remember(anna)
  await outboxOf(anna.id).put([edit(1), edit(2)])
  await remember(bolat)
  await remember(null)
  expect(await leftHere(null)).toEqual([{ ...anna, n: 2 }])
})

test('a name of which no edit is left is forgotten, but for who is here', async () => {
  await remember(anna)
  await remember(bolat)
  await leftHere(bolat.id)
  expect(await knownNames()).toEqual([bolat])
  await leftHere(null)
  expect(await knownNames()).toEqual([])
})

test('the name goes once the edits went out', async () => {
  await remember(anna)
  await outboxOf(anna.id).put([edit(1)])
  await leftHere(null)
  expect(await knownNames()).toEqual([anna])
  await outboxOf(anna.id).drop([edit(1)])
  await leftHere(null)
  expect(await knownNames()).toEqual([])
})

test('a sign-out that the server is yet to be told of is known to every tab', () => {
  noteSignOut(true)
  expect([signedOutHere(), localStorage.getItem('tamga.signed-out')]).toEqual([true, '1'])
  noteSignOut(false)
  expect([signedOutHere(), localStorage.getItem('tamga.signed-out')]).toEqual([false, null])
})
