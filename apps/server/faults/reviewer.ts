import { digestOf, readContent, type Content } from '@tamga/model'
import type { Desk } from './editor.ts'
import { TEXT, type Person } from './ground.ts'
import type { Act } from './plan.ts'

/** A decision that was answered with success: it must stand in the database. */
export interface Decided {
  readonly account: string
  readonly annotation: string
  readonly verdict: 'approve' | 'reject'
  readonly digest: string
}

/** Somebody who decides over HTTP, and asks again whenever the answer is no answer. */
export class Reviewer {
  readonly decided: Decided[] = []
  readonly #person: Person
  readonly #desk: Pick<Desk, 'article' | 'dial' | 'ledger' | 'refusesValues'>
  readonly #asking = new Set<Promise<void>>()
  #over = false

  constructor(person: Person, desk: Pick<Desk, 'article' | 'dial' | 'ledger' | 'refusesValues'>) {
    this.#person = person
    this.#desk = desk
  }

  /** Decides one annotation of those on somebody's page. */
  act({ a, b }: Act, values: ReadonlyMap<string, unknown>): void {
    const shown = contentsOf(values)
    const one = shown[Math.floor(a * shown.length)]
    if (!one) return
    const asking = this.#decide(one.id, one.content, b < 0.75 ? 'approve' : 'reject').finally(() =>
      this.#asking.delete(asking),
    )
    this.#asking.add(asking)
  }

  /** A backup was put back: what was decided since is gone. */
  keepOnly(isThere: (decided: Decided) => boolean): void {
    for (const [i, one] of [...this.decided.entries()].reverse()) if (!isThere(one)) this.decided.splice(i, 1)
  }

  /** Waits for the answers that are due; what is asked again and again is given up then. */
  async settled(ms: number): Promise<void> {
    const late = setTimeout(() => (this.#over = true), ms)
    await Promise.all(this.#asking)
    clearTimeout(late)
  }

  async #decide(annotation: string, shown: Content, verdict: 'approve' | 'reject'): Promise<void> {
    const item = { annotation, verdict, shown, reason: verdict === 'reject' ? 'label' : null }
    for (;;) {
      const status = await this.#ask({ items: [item] })
      if (status === 200) {
        const digest = digestOf(shown, TEXT)
        this.decided.push({ account: this.#person.id, annotation, verdict, digest })
      }
      // what changed meanwhile, or is not stored yet, is not asked for again
      if (status !== null && [200, 404, 409].includes(status)) return
      const tellsOfValues = status === 400 && this.#desk.refusesValues()
      if (status !== null && status < 500 && !tellsOfValues)
        return this.#desk.ledger.note(`a decision was answered with ${status}`)
      if (this.#over) return
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  }

  async #ask(body: object): Promise<number | null> {
    const { port, server } = this.#desk.dial()
    const origin = `http://127.0.0.1:${port}`
    const headers = { cookie: this.#person.cookie(server), origin, 'content-type': 'application/json' }
    try {
      const response = await fetch(`${origin}/api/articles/${this.#desk.article.id}/decisions`, {
        ...{ method: 'POST', headers, body: JSON.stringify(body) },
        signal: AbortSignal.timeout(5000),
      })
      await response.arrayBuffer()
      return response.status
    } catch {
      return null
    }
  }
}

/** What a page shows of a document: the annotations that are not gone, from their records and what overrides them. */
function contentsOf(values: ReadonlyMap<string, unknown>): { id: string; content: Content }[] {
  const shown: { id: string; content: Content }[] = []
  for (const id of [...values.keys()].filter((key) => !key.includes('/')).sort()) {
    const record = values.get(id)
    if (!Array.isArray(record) || values.get(`${id}/gone`) === true) continue
    const [kind, ranges, label, attributes] = record as [string, unknown, unknown, [string, unknown][]]
    const note = values.has(`${id}/a/note`)
      ? values.get(`${id}/a/note`)
      : attributes.find(([name]) => name === 'note')?.[1]
    const content = readContent({
      kind,
      ranges: values.get(`${id}/ranges`) ?? ranges,
      label: values.get(`${id}/label`) ?? label,
      attributes: note === undefined || note === null ? [] : [['note', note]],
    })
    if (content) shown.push({ id, content })
  }
  return shown
}
