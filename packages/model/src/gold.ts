import type { Content } from './annotation.ts'
import type { Language } from './article.ts'
import type { Range } from './span.ts'

/** A decision beside a gold annotation, as an export tells it. People are pseudonyms or names, as the export says. */
export interface GoldDecision {
  readonly verdict: 'approve' | 'reject' | 'carried'
  readonly by: string
  readonly at: string
  readonly digest: string
  readonly labelSet: number
}

/** One approved annotation as it leaves: content in code units of its article's text. */
export interface GoldAnnotation {
  readonly id: string
  readonly content: Content
  readonly quotes: readonly string[]
  readonly digest: string
  readonly author: string
  readonly lastEditor: string
  /** Who made the same annotation independently; the author is the first. */
  readonly supporters: readonly string[]
  readonly decisions: readonly GoldDecision[]
}

/** One article with its gold at a cut: what every format writes from. Offsets are UTF-16 code units. */
export interface GoldArticle {
  readonly id: string
  readonly title: string
  readonly language: Language | null
  readonly date: string | null
  readonly source: string | null
  readonly licence: string | null
  readonly group: string | null
  readonly meta: Readonly<Record<string, unknown>>
  readonly revision: number
  readonly sha256: string
  readonly text: string
  readonly tokens: readonly Range[]
  readonly sentences: readonly Range[]
  /** Signed off ("read to the end, nothing undecided"), or null. */
  readonly closed: { readonly by: string; readonly at: string } | null
  /** How many annotations still wait for a decision: in a training file each would become a wrong O. */
  readonly undecided: number
  readonly annotations: readonly GoldAnnotation[]
}
