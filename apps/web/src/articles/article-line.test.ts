import { expect, test } from 'vitest'
import { groupsOf, progressed, sorted, stateOfArticle, type ArticleLine } from './article-line.ts'

const none = { source: null, size: 0, hits: [], here: [], language: 'kk', date: null, group: null } as const
const article = (title: string, more: Partial<ArticleLine> = {}): ArticleLine => ({
  ...none,
  ...{
    id: title,
    title,
    hits: [],
    here: [],
    annotated: 0,
    waiting: 0,
    approved: 0,
    closed: false,
    withdrawn: null,
    erased: null,
  },
  ...more,
})
const titles = (list: readonly ArticleLine[]) => list.map(({ title }) => title)

test('titles follow the Kazakh alphabet for a Kazakh reader', () => {
  const list = ['Яғни', 'Әлем', 'Арал', 'Қала', 'Кітап', 'Бала'].map((title) => article(title))
  expect(titles(sorted(list, 'title', 'kk'))).toEqual(['Арал', 'Әлем', 'Бала', 'Кітап', 'Қала', 'Яғни'])
})

test('the newest comes first, and what has no date before it', () => {
  const list = [article('a', { date: '2025-01-02' }), article('b', { date: '2025-03-01' }), article('c')]
  expect(titles(sorted(list, 'date', 'en'))).toEqual(['c', 'b', 'a'])
})

test.each<[string, Partial<ArticleLine>]>([
  ['untouched', {}],
  ['waiting', { annotated: 5, waiting: 2, approved: 3 }],
  ['decided', { annotated: 5, approved: 5 }],
  ['closed', { annotated: 5, approved: 5, closed: true }],
  ['withdrawn', { annotated: 5, closed: true, withdrawn: 'twice' }],
  ['erased', { annotated: 5, withdrawn: '', erased: '2026-12-01T00:00:00Z' }],
])('an article is %s', (state, more) => expect(stateOfArticle(article('a', more))).toBe(state))

test('translations are told together; one alone, or one withdrawn, is no group', () => {
  const list = [article('a', { group: 'g' }), article('b', { group: 'g' }), article('c', { group: 'h' })]
  expect(groupsOf(list).map(titles)).toEqual([['a', 'b']])
  expect(groupsOf([list[0]!, { ...list[1]!, withdrawn: 'why' }])).toEqual([])
})

test('an article moves on where it stands, the others stay as they are', () => {
  const list = [article('a', { annotated: 1, waiting: 1 }), article('b')]
  const moved = progressed(list, { article: 'a', annotated: 2, waiting: 0, approved: 2 })
  expect(moved).toEqual([{ ...list[0], annotated: 2, waiting: 0, approved: 2 }, list[1]])
  expect(moved[1]).toBe(list[1])
})
