import type { Annotation } from '@tamga/model'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { articleOf } from '../text/line.fixture.ts'
import { lastKnown, remember } from './known.ts'
import { beyond, ArticleCache, type Taken } from './article-cache.ts'
import { takenAlong } from './taken.svelte.ts'

const city: Annotation = {
  id: 'aaaaaaaaaaaaaaaaaaaaaaaaaa',
  content: { kind: 'span', ranges: [[0, 8]], label: 'city', attributes: [['base', 'Ақтөбе']] },
  via: null,
  unsure: true,
  gone: false,
}
const takenOf = (id: string, annotations: readonly Annotation[] = []): Taken => ({
  article: articleOf({ id, title: `Article ${id}` }),
  annotations,
  project: 'News',
})
const wide = { articles: 20, bytes: 1e9 }
const NOW = Date.UTC(2026, 0, 1)

const me = { id: 'me', name: 'Айгерім Сәрсенбай', colour: 3 }

let cache: ArticleCache
beforeEach(async () => {
  await takenAlong.of(null)
  await Promise.all(['me', 'other'].map((account) => ArticleCache.remove(account)))
  cache = await ArticleCache.open('me')
})
afterEach(() => cache.close())

const ids = async () => (await cache.lines()).map(({ id }) => id)

test('an article comes out as it went in, and the list says what it is', async () => {
  const taken = takenOf('a', [city])
  await cache.put(taken, NOW, wide)
  expect(await cache.read('a')).toEqual(taken)
  expect(await cache.lines()).toEqual([
    {
      id: 'a',
      title: 'Article a',
      language: 'kk',
      project: 'project',
      projectName: 'News',
      bytes: new TextEncoder().encode(JSON.stringify(taken)).length,
      at: NOW,
      turn: 1,
      kept: false,
    },
  ])
  expect(await cache.read('b')).toBeNull()
})

test('another account has nothing of it, and taking all away of one leaves the other alone', async () => {
  await cache.put(takenOf('a'), NOW, wide)
  const other = await ArticleCache.open('other')
  expect(await other.lines()).toEqual([])
  await other.put(takenOf('b'), NOW, wide)
  other.close()
  await ArticleCache.remove('other')
  expect(await ids()).toEqual(['a'])
})

test('those merely opened go when newer ones come, in the order of taking though the clock runs back', async () => {
  const two = { articles: 2, bytes: 1e9 }
  await cache.put(takenOf('by hand'), NOW, two, true)
  for (const [i, id] of ['a', 'b', 'c'].entries()) await cache.put(takenOf(id), NOW - i * 1000, two)
  expect(await ids()).toEqual(['c', 'b', 'by hand'])
  await cache.put(takenOf('b', [city]), NOW - 9000, two)
  await cache.put(takenOf('d'), NOW - 9999, two)
  expect(await ids()).toEqual(['d', 'b', 'by hand'])
  expect(await cache.read('c')).toBeNull()
  expect((await cache.read('b'))?.annotations).toEqual([city])
})

test('a newer copy of what was taken by hand stays by hand', async () => {
  await cache.put(takenOf('a'), NOW, wide, true)
  await cache.put(takenOf('a', [city]), NOW, wide)
  expect((await cache.lines())[0]).toMatchObject({ kept: true })
  await cache.keep('a', false)
  expect((await cache.lines())[0]).toMatchObject({ kept: false })
})

test('what is removed is gone, list and all', async () => {
  for (const id of ['a', 'b', 'c']) await cache.put(takenOf(id), NOW, wide)
  await cache.remove(['a', 'c'])
  expect(await ids()).toEqual(['b'])
  expect(await cache.read('a')).toBeNull()
})

const line = (id: string, turn: number, bytes: number, kept = false) => ({
  ...{ id, turn, bytes, kept, at: NOW },
  ...{ title: '', language: null, project: '', projectName: '' },
})

test.each([
  ['within both bounds', [line('a', 1, 10), line('b', 2, 10)], []],
  ['too many', [line('a', 1, 1), line('c', 3, 1), line('d', 4, 1), line('b', 2, 1)], ['a']],
  ['too many bytes', [line('a', 1, 60), line('b', 2, 60), line('c', 3, 30)], ['a']],
  ['the newest alone is too big', [line('a', 1, 1), line('b', 2, 500)], ['a']],
  ['what was taken by hand counts for nothing', [line('a', 1, 500, true), line('b', 2, 60)], []],
])('what goes: %s', (_, lines, gone) => {
  expect(beyond(lines, { articles: 3, bytes: 100 })).toEqual(gone)
})

test('the page sees the account that is signed in and nothing of the one before', async () => {
  await remember(me)
  await takenAlong.of('me')
  await takenAlong.put(takenOf('a'), true)
  expect(takenAlong.isKept('a')).toBe(true)
  await takenAlong.of('other')
  expect(takenAlong.lines).toEqual([])
  expect(await takenAlong.read('a')).toBeNull()
  await takenAlong.of('me')
  expect(takenAlong.has('a')).toBe(true)
})

test('a sign-out takes all of it away, though another tab has it open', async () => {
  await remember(me)
  await takenAlong.of('me')
  await takenAlong.put(takenOf('a'))
  await takenAlong.clearOthers(null)
  expect(takenAlong.lines).toEqual([])
  cache = await ArticleCache.open('me')
  expect(await ids()).toEqual([])
})

test('what another tab took away while this one keeps on is there again with the next copy', async () => {
  await remember(me)
  await takenAlong.of('me')
  await takenAlong.put(takenOf('a'))
  await ArticleCache.remove('me')
  await takenAlong.put(takenOf('b'))
  await takenAlong.put(takenOf('c'))
  expect(takenAlong.has('c')).toBe(true)
  expect(takenAlong.refused).toBe(false)
})

test('who was here last is known until nobody is', async () => {
  await remember(me)
  expect(await lastKnown()).toEqual(me)
  await remember(null)
  expect(await lastKnown()).toBeNull()
})

test('nothing is put in for somebody whom another tab signed out, or whom another person followed', async () => {
  for (const next of [null, { ...me, id: 'other' }]) {
    await remember(me)
    await takenAlong.of('me')
    await remember(next)
    await takenAlong.put(takenOf('a'))
    expect(takenAlong.lines).toEqual([])
  }
  await takenAlong.of(null)
})

test('another person’s sign-in takes away what everybody else has here', async () => {
  for (const account of ['me', 'other', 'third']) {
    const one = await ArticleCache.open(account)
    await one.put(takenOf('a', [city]), NOW, wide, true)
    one.close()
  }
  cache.close()
  await takenAlong.clearOthers('other')
  const left = (await indexedDB.databases()).flatMap(({ name }) => (name?.startsWith('tamga-taken-') ? [name] : []))
  expect(left).toEqual(['tamga-taken-other'])
  await takenAlong.clearOthers(null)
  cache = await ArticleCache.open('me')
})
