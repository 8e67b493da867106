import type { FactMessage } from '@tamga/collab'
import type { Verdict } from '@tamga/model'
import { SvelteMap } from 'svelte/reactivity'
import type { Article, Closing, StatedRuling } from './article.ts'

interface Decided extends StatedRuling {
  readonly article: string
  readonly annotation: string
  readonly verdict: Verdict
}

/**
 * How an article stands with its reviewers: decisions by annotation and the sign-off, begun from what was loaded and
 * carried on by facts. A fact that is known already changes nothing.
 */
export class Standing {
  /** In the order of decision. */
  readonly rulings = new SvelteMap<string, readonly StatedRuling[]>()
  closing = $state.raw<Closing | null>(null)
  readonly #article: string
  readonly #at = new Map<string, number>()
  /** What was told of this article since it was loaded. */
  #told: readonly FactMessage[] = []

  constructor(article: Article) {
    this.#article = article.id
    this.restart(article)
  }

  /** Begins from what was loaded, whatever was told before: the database was put back to an earlier state. */
  begin(article: Article): void {
    this.#at.clear()
    this.#told = []
    this.restart(article)
  }

  /** Takes what was loaded anew. What was told while it was on its way stands. */
  restart({ rulings, closing, at }: Article): void {
    const byAnnotation = new Map<string, StatedRuling[]>()
    for (const { annotation, ...ruling } of rulings.toSorted((a, b) => a.order - b.order))
      byAnnotation.set(annotation, [...(byAnnotation.get(annotation) ?? []), ruling])
    for (const annotation of this.rulings.keys()) if (!byAnnotation.has(annotation)) this.rulings.delete(annotation)
    for (const [annotation, list] of byAnnotation) this.rulings.set(annotation, list)
    this.closing = closing
    for (const [scope, n] of Object.entries(at)) this.#at.set(scope, Math.max(n, this.position(scope)))
    this.#told = this.#told.filter(({ scope, n }) => n > (at[scope] ?? 0))
    for (const fact of this.#told) this.#follow(fact)
  }

  /** The number of the last fact known of a scope. */
  position(scope: string): number {
    return this.#at.get(scope) ?? 0
  }

  /** Takes one fact. Returns the annotation whose decisions changed, or null; false if the fact was known. */
  take(fact: FactMessage): string | null | false {
    const { scope, n, payload } = fact
    if (n <= this.position(scope)) return false
    this.#at.set(scope, n)
    const about = payload as { readonly article?: string }
    if (about.article !== this.#article) return null
    this.#told = [...this.#told, fact]
    return this.#follow(fact)
  }

  #follow({ kind, payload }: FactMessage): string | null {
    if (kind === 'closed') this.closing = payload as Closing
    if (kind === 'opened') this.closing = null
    return kind === 'decided' ? this.#decide(payload as Decided) : null
  }

  #decide({ annotation, account, verdict, digest, reason, order, own, at }: Decided): string {
    const ruling: StatedRuling = { account, verdict, digest, reason, order, own, at }
    const known = this.rulings.get(annotation) ?? []
    // what is loaded is read after its position: it may have what is told behind that
    if (known.every((one) => one.order !== order)) this.rulings.set(annotation, [...known, ruling])
    return annotation
  }
}
