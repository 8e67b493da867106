import { faultOfText, Problem, type ArticleMeta } from '@tamga/model'

/** An article on its way in: its text to the letter, and what is known of it. */
export interface Draft extends Readonly<ArticleMeta> {
  /** The id it has outside, or null. Unique within a project. */
  readonly externalId: string | null
  readonly text: string
}

/** Refuses a text that cannot be an article's: `text_empty`, `text_nul`, `text_surrogate`, `text_too_long`. */
export function checkText(text: string): void {
  const fault = faultOfText(text)
  if (fault) throw new Problem(fault.code, fault.offset === null ? {} : { offset: fault.offset })
}
