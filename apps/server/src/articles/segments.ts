import type { Language, ProblemCode, ProblemDetails } from '@tamga/model'
import type { Draft } from './draft.ts'

/** Tokens and sentences of a text, each a flat array: start and end in code units, start and end, … */
export interface Segments {
  readonly tokens: Uint32Array
  readonly sentences: Uint32Array
}

/** An article on its way in, with its tokens and sentences. */
export interface Prepared extends Segments {
  readonly draft: Draft
}

/** What the thread is asked: to read the bytes of a file or a line and to cut its text, or to cut a text at hand. */
export type SegmentRequest =
  | { readonly kind: 'text' | 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly text: string; readonly language: Language | null }

/**
 * What it answers: the article that it read, if it read one, and the ranges of its text in code units, in one array: the
 * number of tokens, then start and end of each token, then start and end of each sentence.
 */
export type SegmentAnswer =
  | { readonly draft: Draft | null; readonly ranges: Uint32Array }
  | { readonly problem: { readonly code: ProblemCode; readonly details: ProblemDetails } }
  | { readonly fault: string }
