import type { Language } from '@tamga/model'
import { api, ask } from '../api.ts'

/** What is known of an article beside its text, as far as it can be corrected by hand. */
export interface ArticleChange {
  title?: string
  language?: Language | null
  date?: string | null
}

export const changeArticle = (article: string, json: ArticleChange) =>
  ask(api.articles[':article'].$patch({ param: { article }, json }))

export const withdrawArticle = (article: string, reason: string) =>
  ask(api.articles[':article'].withdraw.$post({ param: { article }, json: { reason } }))

/** Erases its text for good; `reason` is kept with the act. */
export const eraseArticle = (article: string, reason: string) =>
  ask(api.articles[':article'].erase.$post({ param: { article }, json: { reason } }))

export const restoreArticle = (article: string) => ask(api.articles[':article'].restore.$post({ param: { article } }))

/** Makes an article a translation of another one, or (null) takes it out of its translations. */
export const groupArticle = (article: string, other: string | null) =>
  ask(api.articles[':article'].group.$post({ param: { article }, json: { with: other } }))
