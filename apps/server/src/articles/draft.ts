import { createHash } from 'node:crypto'
import { codePointLength, faultOfText, Problem, type ArticleMeta } from '@tamga/model'
import { SEGMENTER_VERSION } from '@tamga/language'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
import type { Prepared } from './segmenter.ts'
import type { ArticleRows } from './store.ts'

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

/** All rows of a new article: its first revision, the text and the ranges that its chunks hold, and an empty shared layer. */
export function rowsOf({ draft, tokens, sentences }: Prepared, project: string, importId: string): ArticleRows {
  const { externalId, text, meta, ...about } = draft
  const [article, revision, layer] = [newId(), newId(), newId()]
  return {
    article: { ...about, id: article, project, external_id: externalId, meta: json(meta), import: importId },
    revision: {
      id: revision,
      article,
      no: 1,
      sha256: createHash('sha256').update(text).digest('hex'),
      code_points: codePointLength(text),
      segmenter: SEGMENTER_VERSION,
    },
    body: { text, tokens, sentences },
    layer: { id: layer, revision, owner: null },
  }
}
