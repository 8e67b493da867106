import type { Reason, Ruling } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

/** A decision with what a page says of it beside the state: why, and when (an ISO instant). */
export interface StatedRuling extends Ruling {
  readonly reason: Reason | null
  readonly at: string
}

const load = (article: string) => api.articles[':article'].$get({ param: { article } })

/** An article as its pages load it. `at` says, by scope, up to which fact this is; the socket goes on after it. */
export type Article = AnswerOf<Awaited<ReturnType<typeof load>>>

/** Somebody of the project, or who left it and did something here. */
export type Colleague = Article['members'][number]

/** The sign-off of an article: who has read it to the end, and when. */
export type Closing = NonNullable<Article['closing']>

/** Loads an article. @throws Problem */
export const loadArticle = (article: string): Promise<Article> => ask(load(article))
