import type { Refusal } from '@tamga/collab'
import { Problem, type Plain, type ProblemCode, type ProblemDetails } from '@tamga/model'
import { api, ask } from '../api.ts'
import type { LostHere, Outbox } from './outbox.ts'

/** An edit that was not let stand, or could not be sent. It waits here for a word. */
export interface Aside {
  readonly id: string
  /** Who keeps it: the server, or this browser alone. */
  readonly kept: 'server' | 'browser'
  /** Whose edit it was. */
  readonly account: string
  /** The text that its offsets are of. */
  readonly layer: string
  readonly key: string
  /** What was wanted, alone in a list; null if a key was to go. */
  readonly value: readonly [Plain] | null
  readonly code: ProblemCode
  readonly details: ProblemDetails
  /** The words that it was about, where this browser remembers them. */
  readonly quote?: string
  /** An ISO instant. */
  readonly at: string
  /** When it was handed to the reviewers, or null. */
  readonly handedAt: string | null
}

/** The same as the server lists it. */
export type StoredAside = Omit<Aside, 'kept'>

/** The server's side of the list. */
export interface AsideDesk {
  list(article: string): Promise<readonly StoredAside[]>
  keep(article: string, aside: Aside): Promise<unknown>
  hand(id: string): Promise<unknown>
  resolve(id: string, how: 'again' | 'dropped'): Promise<unknown>
}

const atServer: AsideDesk = {
  async list(article) {
    const { asides } = await ask(api.articles[':article'].asides.$get({ param: { article } }))
    // a value is plain: nothing else is kept
    return asides as readonly StoredAside[]
  },
  keep: (article, { id, key, value, code, details }) =>
    ask(
      api.articles[':article'].asides.$post({
        param: { article },
        json: { id, key, value: value?.[0] ?? null, code, details: { ...details } },
      }),
    ),
  hand: (id) => ask(api.asides[':id'].hand.$post({ param: { id } })),
  resolve: (id, how) => ask(api.asides[':id'].resolve.$post({ param: { id }, json: { how } })),
}

interface Place {
  readonly article: string
  /** The account of who is here. */
  readonly me: string
  readonly outbox: Outbox
  readonly desk?: AsideDesk | undefined
}

/**
 * What of an article was not let stand: my own, on the server or in this browser, and for reviewers what others handed
 * over. Nothing leaves the list but by a word: written once more, or dropped.
 */
export class Asides {
  /** The oldest first. */
  list = $state.raw<readonly Aside[]>([])
  readonly #place: Place
  readonly #desk: AsideDesk
  #here: readonly LostHere[] = []
  #stored: readonly StoredAside[] = []
  #turn = 0

  constructor(place: Place) {
    this.#place = place
    this.#desk = place.desk ?? atServer
  }

  /** Asks browser and server anew. What cannot be had stays as it was. */
  async load(): Promise<void> {
    const turn = ++this.#turn
    await this.loadHere()
    try {
      const stored = await this.#desk.list(this.#place.article)
      // whoever asked later knows more
      if (turn === this.#turn) this.#stored = stored
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
    this.#show()
  }

  /** The browser's part alone. */
  async loadHere(): Promise<void> {
    const { outbox, article } = this.#place
    const before = new Set(this.#here)
    const here = await outbox.lostOf(article)
    // what was added meanwhile may be too young for what was read
    const since = this.#here.filter((lost) => !before.has(lost) && !here.some(({ id }) => id === lost.id))
    if (outbox.works) this.#here = [...here, ...since]
    this.#show()
  }

  /** Takes what could not be written; the outbox has it. */
  add(lost: readonly LostHere[]): void {
    if (lost.length === 0) return
    this.#here = [...this.#here, ...lost]
    this.#show()
  }

  /** The server did not let an edit stand; `edit` is what it was, if that is known. */
  refused(refusal: Refusal, edit: LostHere | null): void {
    if (refusal.aside === null) {
      if (!edit) return
      void this.#place.outbox.exchange([], [], [edit])
      return this.add([edit])
    }
    if (edit) {
      const { layer, key, value, code, details, at } = edit
      const account = this.#place.me
      const stored = { id: refusal.aside, account, layer, key, code, details, at, handedAt: null }
      this.#stored = [...this.#stored, { ...stored, value: [value] }]
      this.#show()
    }
    void this.load()
  }

  /** It was written once more. @throws Problem */
  done(aside: Aside): Promise<void> {
    return this.#resolve(aside, 'again')
  }

  /** Nobody wants it. @throws Problem */
  drop(aside: Aside): Promise<void> {
    return this.#resolve(aside, 'dropped')
  }

  /** Gives it to the reviewers. @throws Problem */
  async hand(aside: Aside): Promise<void> {
    const { article, outbox } = this.#place
    if (aside.kept === 'browser') await this.#desk.keep(article, aside)
    await this.#desk.hand(aside.id)
    if (aside.kept === 'browser') await outbox.forget(aside.id)
    this.#here = this.#here.filter(({ id }) => id !== aside.id)
    await this.load()
  }

  async #resolve({ id, kept }: Aside, how: 'again' | 'dropped'): Promise<void> {
    if (kept === 'server') await this.#desk.resolve(id, how)
    else await this.#place.outbox.forget(id)
    // what is being asked has gone by; the fact of it asks again
    this.#turn++
    this.#here = this.#here.filter((one) => one.id !== id)
    this.#stored = this.#stored.filter((one) => one.id !== id)
    this.#show()
  }

  #show(): void {
    const stored = new Map(this.#stored.map((one): [string, Aside] => [one.id, { ...one, kept: 'server' }]))
    const here = this.#here.filter(({ id }) => !stored.has(id)).map((lost) => asideOf(lost, this.#place.me))
    this.list = [...stored.values(), ...here].sort((a, b) => (a.at < b.at ? -1 : 1))
  }
}

/** A lost edit of this browser as the list shows it. */
export const asideOf = ({ id, layer, key, value, quote, code, details, at }: LostHere, account: string): Aside => ({
  ...{ id, account, layer, key, quote, code, details, at },
  kept: 'browser',
  value: [value],
  handedAt: null,
})
