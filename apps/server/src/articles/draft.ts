import { codePointLength, faultOfText, Problem, sha256Hex, type ArticleMeta, type Language } from '@tamga/model'
import { SEGMENTER_VERSION, sentences, tokens, type Range } from '@tamga/language'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
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

/**
 * All rows of a new article: its first revision cut into chunks, tokens and sentences, and an empty shared layer. Takes
 * about a quarter of a second for the longest text there may be; call it outside a transaction.
 */
export function rowsOf(draft: Draft, project: string, importId: string): ArticleRows {
  const { externalId, text, meta, ...about } = draft
  const [article, revision, layer] = [newId(), newId(), newId()]
  return {
    article: { ...about, id: article, project, external_id: externalId, meta: json(meta), import: importId },
    revision: {
      id: revision,
      article,
      no: 1,
      sha256: sha256Hex(text),
      body: text,
      code_points: codePointLength(text),
      tokens: json(tokens(text)),
      sentences: json(sentencesOf(text, draft.language)),
      segmenter: SEGMENTER_VERSION,
    },
    chunks: chunksOf(text).map((body, no) => ({ revision, no, body })),
    layer: { id: layer, revision, owner: null },
  }
}

/** Sentences in code units; a text in no language of ours is cut by the rules that all share. */
export const sentencesOf = (text: string, language: Language | null): Range[] => sentences(text, language ?? 'en')

const CHUNK = 4096

/** Pieces of 4,096 code points each, as the database's slices expect them; the last one is shorter. */
export function chunksOf(text: string): string[] {
  const chunks: string[] = []
  for (let start = 0; start < text.length;) {
    let end = start
    for (let points = 0; points < CHUNK && end < text.length; points++) end += text.codePointAt(end)! > 0xffff ? 2 : 1
    chunks.push(text.slice(start, end))
    start = end
  }
  return chunks
}
