import { Problem, type Content } from '@tamga/model'
import { loadHistory, type Told } from '../editor/history.ts'
import type { Colleague } from '../text/article.ts'
import type { ShownSpan } from '../text/annotations.svelte.ts'
import { contentDecided } from './decided.ts'

/** One thing that happened to a span or to a twin of it. */
type Entry = Told & { readonly annotation: string }

// So many people marking the same are named; more make no difference to a reviewer.
const TWINS = 8

/** What happened to the span in question and its twins: who made it, who changed it last, what was decided. */
export class Past {
  /** Oldest first. */
  entries = $state.raw<readonly Entry[]>([])
  readonly #article: string
  #asked = 0

  constructor(article: string) {
    this.#article = article
  }

  /** Asks for the past of a span (null: of none). True if an answer came and is the latest asked for. */
  async recall(span: ShownSpan | null): Promise<boolean> {
    const asked = ++this.#asked
    const ids = span?.twins.slice(0, TWINS) ?? []
    if (!ids.includes(this.entries[0]?.annotation ?? '')) this.entries = []
    try {
      const lists = await Promise.all(ids.map((id) => this.#load(id)))
      if (asked !== this.#asked) return false
      this.entries = lists.flat().sort((a, b) => (a.entry.at < b.entry.at ? -1 : 1))
      return true
    } catch (error) {
      // Who made it is said when it can be; a decision does not wait for that.
      if (!(error instanceof Problem)) throw error
      return false
    }
  }

  /** Of these people, those who made the span. */
  makersAmong(people: readonly Colleague[]): readonly Colleague[] {
    const accounts = new Set(this.entries.filter(({ entry }) => entry.key === '').map(({ entry }) => entry.account))
    return people.filter(({ account }) => accounts.has(account))
  }

  /** The account that changed the span last, or null as long as that is not known. */
  get lastEditor(): string | null {
    return this.entries.findLast(({ entry }) => entry.kind === 'field')?.entry.account ?? null
  }

  /** The content that the last decision on one of the twins was about, or null. */
  decided(annotation: string): Content | null {
    return contentDecided(this.entries.filter((one) => one.annotation === annotation).map(({ entry }) => entry))
  }

  async #load(annotation: string): Promise<Entry[]> {
    const told = await loadHistory(this.#article, annotation)
    return told.toReversed().map((one) => ({ ...one, annotation }))
  }
}
