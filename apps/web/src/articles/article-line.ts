import { collate } from '@tamga/language'
import type { Locale } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

type Answer = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['articles']['$get']>>>
/** An article in the project's list: what is known of it, its progress, hits of the search, who is in it. */
export type ArticleLine = Answer['articles'][number]

export interface ArticleQuery {
  readonly project: string
  readonly q: string
  readonly exact: boolean
  readonly withdrawn: boolean
}

/** The articles of a project; with a query those that have it in title or text. */
export function loadArticles({ project, q, exact, withdrawn }: ArticleQuery): Promise<Answer> {
  const query = {
    ...(q && { q }),
    ...(exact && { exact: '1' as const }),
    ...(withdrawn && { withdrawn: '1' as const }),
  }
  return ask(api.projects[':project'].articles.$get({ param: { project }, query }))
}

/** How far an article is, as the server tells it when that changes. */
export type Progress = Pick<ArticleLine, 'annotated' | 'waiting' | 'approved'> & { readonly article: string }

/** The list with an article as far as it is now. */
export const progressed = (
  list: readonly ArticleLine[],
  { article, annotated, waiting, approved }: Progress,
): ArticleLine[] => list.map((line) => (line.id === article ? { ...line, annotated, waiting, approved } : line))

export const orders = ['date', 'title', 'waiting', 'progress'] as const
export type Order = (typeof orders)[number]

/** The list in an order; titles by the alphabet of the reader's language (ә after а, ұ after у for a Kazakh reader). */
export function sorted(list: readonly ArticleLine[], order: Order, locale: Locale): ArticleLine[] {
  const byTitle = collate(locale)
  const titles = (a: ArticleLine, b: ArticleLine) => byTitle(a.title, b.title)
  const compare: Record<Order, (a: ArticleLine, b: ArticleLine) => number> = {
    title: titles,
    date: (a, b) => (b.date ?? '9999').localeCompare(a.date ?? '9999') || titles(a, b),
    waiting: (a, b) => b.waiting - a.waiting || titles(a, b),
    progress: (a, b) => shareOf(a) - shareOf(b) || titles(a, b),
  }
  return list.toSorted(compare[order])
}

const shareOf = ({ approved, annotated }: ArticleLine) => (annotated === 0 ? 0 : approved / annotated)

export type ArticleState = 'erased' | 'withdrawn' | 'closed' | 'untouched' | 'waiting' | 'decided'

/** Where an article stands on its way: the first that holds. */
export function stateOfArticle({ erased, withdrawn, closed, annotated, waiting }: ArticleLine): ArticleState {
  if (erased !== null) return 'erased'
  if (withdrawn !== null) return 'withdrawn'
  if (closed) return 'closed'
  if (annotated === 0) return 'untouched'
  return waiting > 0 ? 'waiting' : 'decided'
}

/** Articles that are translations of one another, each group in the list's order; a group of one is none. */
export function groupsOf(list: readonly ArticleLine[]): ArticleLine[][] {
  const groups = new Map<string, ArticleLine[]>()
  for (const article of list)
    if (article.group !== null && article.withdrawn === null)
      groups.set(article.group, [...(groups.get(article.group) ?? []), article])
  return [...groups.values()].filter((group) => group.length > 1)
}
