import type { GoldAnnotation, GoldArticle, LabelSet } from '@tamga/model'
import { noNotes, type ClipReason, type DropReason, type Fate, type Notes, type Written } from './format.ts'
import type { Policy } from './policy.ts'

/** What an export carries and what not. Every annotation of every written article is kept, clipped or dropped. */
export interface ExportReport {
  /** The gold cut that was walked. */
  readonly cut: number
  readonly format: string
  readonly policy: Policy
  readonly include: Include
  /** True if the policy is to refuse and something would be lost or clipped: then there is no file. */
  readonly refused: boolean
  /** How many articles were written. */
  readonly articles: number
  /** Nesting levels of the deepest article: tag columns under the policy `columns`. */
  readonly levels: number
  /** How many annotations go out with exactly their ranges and label. */
  readonly kept: number
  readonly clipped: readonly Clipped[]
  readonly dropped: readonly Dropped[]
  /** Articles kept out of a training file because somebody still has to decide or sign. */
  readonly left: readonly Left[]
  /** Articles that are in the file though they may not train: in a training file by explicit choice. */
  readonly unclosed: readonly Left[]
  readonly notes: Notes
}

/** Which articles a training file takes: those signed off with nothing undecided, or all. */
export const includes = ['closed', 'all'] as const
export type Include = (typeof includes)[number]

/** An annotation by the words a person finds it with. `label` is a code; the quotes of several ranges are joined by ` … `. */
interface Named {
  readonly article: string
  readonly annotation: string
  readonly quote: string
  readonly label: string
}

/** A span that went out with other edges: `became` is the text it covers in the file. */
export interface Clipped extends Named {
  readonly reason: ClipReason
  readonly became: string
}

/** An annotation that did not go out; `inside` and `insideLabel` are the one that stands instead, by id and code. */
export interface Dropped extends Named {
  readonly reason: DropReason
  readonly inside: string | null
  readonly insideLabel: string | null
}

/** An article that is no training data yet: not signed off, or signed off but something became undecided. */
export interface Left {
  readonly article: string
  readonly title: string
  readonly undecided: number
  readonly annotations: number
  readonly reason: 'not_closed' | 'undecided'
}

/** Why an article may not train, or null if it may. */
export function leftOf({ id, title, undecided, annotations, closed }: GoldArticle): Left | null {
  if (closed && undecided === 0) return null
  const reason = closed ? 'undecided' : 'not_closed'
  return { article: id, title, undecided, annotations: annotations.length, reason }
}

/** Adds up one walk. A report grows by what is lost, not by what is kept. */
export class Tally {
  readonly #labels: LabelSet
  #articles = 0
  #levels = 1
  #kept = 0
  #notes = noNotes
  readonly #clipped: Clipped[] = []
  readonly #dropped: Dropped[] = []
  readonly #left: Left[] = []
  readonly #unclosed: Left[] = []

  constructor(labels: LabelSet) {
    this.#labels = labels
  }

  leave(left: Left): void {
    this.#left.push(left)
  }

  /** Counts one written article. Throws if its fates are not exactly its annotations, each once: a format's bug. */
  add(article: GoldArticle, { fates, levels, notes }: Written): void {
    const all = new Map(article.annotations.map((annotation) => [annotation.id, annotation]))
    const annotations = new Map(all)
    for (const fate of fates) {
      const annotation = annotations.get(fate.annotation)
      if (!annotation)
        throw new Error(`article ${article.id}: ${fate.annotation} is ${fate.outcome} twice, or not its own`)
      annotations.delete(fate.annotation)
      this.#count(fate, this.#name(article, annotation), all)
    }
    if (annotations.size > 0)
      throw new Error(`article ${article.id} lost silently: ${[...annotations.keys()].join(', ')}`)
    this.#articles += 1
    this.#levels = Math.max(this.#levels, levels)
    this.#notes = sum(this.#notes, notes)
  }

  /** Remembers that an article which may not train was written all the same. */
  admit(left: Left): void {
    this.#unclosed.push(left)
  }

  report({ cut, format, policy, include }: Pick<ExportReport, 'cut' | 'format' | 'policy' | 'include'>): ExportReport {
    return {
      cut,
      format,
      policy,
      include,
      refused: policy === 'refuse' && this.#clipped.length + this.#dropped.length > 0,
      articles: this.#articles,
      levels: this.#levels,
      kept: this.#kept,
      clipped: this.#clipped,
      dropped: this.#dropped,
      left: this.#left,
      unclosed: this.#unclosed,
      notes: this.#notes,
    }
  }

  #count(fate: Fate, named: Named, all: ReadonlyMap<string, GoldAnnotation>): void {
    if (fate.outcome === 'kept') this.#kept += 1
    else if (fate.outcome === 'clipped') this.#clipped.push({ ...named, reason: fate.reason, became: fate.became })
    else {
      const other = fate.inside === null ? undefined : all.get(fate.inside)
      const insideLabel = other ? codeOf(this.#labels, other.content.label) : null
      this.#dropped.push({ ...named, reason: fate.reason, inside: fate.inside, insideLabel })
    }
  }

  #name(article: GoldArticle, { id, quotes, content }: GoldAnnotation): Named {
    return {
      article: article.id,
      annotation: id,
      quote: quotes.join(' … '),
      label: codeOf(this.#labels, content.label),
    }
  }
}

/** The code of a label or relation type, retired or not; the id itself where the set does not know it. */
export function codeOf(labels: LabelSet, id: string): string {
  const known =
    labels.labels.find((label) => label.id === id) ?? labels.relations.find((relation) => relation.id === id)
  return known?.code ?? id
}

const sum = (a: Notes, b: Notes): Notes => ({
  attributes: a.attributes + b.attributes,
  joined: a.joined + b.joined,
  rewritten: a.rewritten + b.rewritten,
})
