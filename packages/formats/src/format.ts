import type { GoldArticle, LabelSet, Problem } from '@tamga/model'
import type { Policy } from './policy.ts'

/**
 * A format: one value in a folder of its own, and one line in the list in `index.ts`. Menus, the API, the report and the
 * law tests follow from the list.
 */
export interface Format {
  readonly id: string
  readonly title: string
  /** The page that says what each field means: the FORMAT.md of its folder. It goes along with every export. */
  readonly about: string
  /** Of its corpus file, without the dot. */
  readonly extension: string
  /** What it cannot carry. Of spans the report tells which; the rest is true of every file of this format. */
  readonly loses: readonly Lost[]
  /** How it may settle spans that exclude each other; the first is the default. */
  readonly policies: readonly Policy[]
  /** True if models learn from it as it is: then an undecided span would become a wrong O, and only closed articles go in. */
  readonly training: boolean
  writer(options: WriterOptions): Writer
  /** Reads what `writer` wrote, line by line; formats that only go out have none. */
  read?(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<ReadLine>
}

export type Lost =
  | 'nested'
  | 'crossing'
  | 'discontinuous'
  | 'relations'
  | 'article_labels'
  | 'attributes'
  | 'metadata'
  | 'authors'
  | 'blanks'

export interface WriterOptions {
  readonly policy: Policy
  /** Gives codes to label ids, retired ones included, and by its order the priority of labels. */
  readonly labels: LabelSet
  /** How many nesting levels the deepest article of this export takes: a table keeps one width throughout. */
  readonly levels: number
}

/** Writes one export, article by article; nothing is kept between two articles. */
export interface Writer {
  /** What goes out before the first article. */
  readonly head: readonly Piece[]
  article(article: GoldArticle): Written
}

/** Some text for a file. Pieces of one file follow each other; a new name begins the next file. */
export interface Piece {
  readonly file: string
  readonly text: string
}

/** One article as it goes out, and what became of each of its annotations: every id in exactly one fate. */
export interface Written {
  readonly pieces: readonly Piece[]
  readonly fates: readonly Fate[]
  /** Nesting levels that this article takes; 1 where the format has no levels. */
  readonly levels: number
  readonly notes: Notes
}

export type Fate =
  | { readonly outcome: 'kept'; readonly annotation: string }
  | { readonly outcome: 'clipped'; readonly annotation: string; readonly reason: ClipReason; readonly became: string }
  | {
      readonly outcome: 'dropped'
      readonly annotation: string
      readonly reason: DropReason
      readonly inside: string | null
    }

/** Why a span goes out with other edges: an edge inside a token (moved outwards), or in blank space (moved inwards). */
export type ClipReason = 'inside_token' | 'blank_edge'

/**
 * Why an annotation does not go out: its kind or its gaps, no token under it, or another span that stands instead (the
 * loss names it): one that holds it, one that it holds, one that crosses it, one on the same tokens.
 */
export type DropReason =
  'relation' | 'article_label' | 'discontinuous' | 'no_token' | 'nested' | 'holds' | 'crossing' | 'same_tokens'

/** What a file says otherwise than the corpus without losing a span, counted. */
export interface Notes {
  /** Annotations written without the attribute values they have. */
  readonly attributes: number
  /** Sentence breaks left out because a span that is written runs over them. */
  readonly joined: number
  /** Tokens in which a blank, a control character or a word of the format itself had to be replaced. */
  readonly rewritten: number
}

export const noNotes: Notes = { attributes: 0, joined: 0, rewritten: 0 }

/** One line read back: an article, or what is wrong with the line. Lines count from 1; blank ones are passed over. */
export type ReadLine =
  { readonly line: number; readonly article: GoldArticle } | { readonly line: number; readonly problem: Problem }
