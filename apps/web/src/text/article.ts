import type { Language, LabelSet, Reason, Role, Ruling, Settings } from '@tamga/model'
import { api, ask } from '../api.ts'

/** A decision with what a page says of it beside the state: why, and when (an ISO instant). */
export interface StatedRuling extends Ruling {
  readonly reason: Reason | null
  readonly at: string
}

/** Somebody of the project, as their name stands on the page. Colour 1 to 8. */
export interface Colleague {
  readonly account: string
  readonly name: string
  readonly colour: number
}

/** The sign-off of an article: who has read it to the end, and when. */
export interface Closing {
  readonly by: string
  readonly at: string
}

/** An article as its pages load it. `at` says, by scope, up to which fact this is; the socket goes on after it. */
export interface Article {
  readonly id: string
  readonly project: string
  readonly title: string
  readonly language: Language | null
  readonly date: string | null
  readonly source: string | null
  readonly licence: string | null
  readonly withdrawn: string | null
  readonly siblings: readonly { readonly id: string; readonly title: string; readonly language: Language | null }[]
  readonly revision: { readonly id: string; readonly no: number; readonly sha256: string; readonly text: string }
  readonly layer: { readonly id: string; readonly epoch: number }
  readonly labelSet: { readonly no: number; readonly set: LabelSet }
  readonly role: Role
  readonly settings: Settings
  readonly members: readonly Colleague[]
  readonly rulings: readonly (StatedRuling & { readonly annotation: string })[]
  readonly closing: Closing | null
  readonly at: Readonly<Record<string, number>>
  readonly previous: string | null
  readonly next: string | null
  /** Its place among the project's articles, counted from 1, and how many there are. */
  readonly position: readonly [place: number, all: number]
}

/** Loads an article. @throws Problem */
export const loadArticle = (article: string): Promise<Article> =>
  ask(api.articles[':article'].$get({ param: { article } }))
