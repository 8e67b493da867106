import { editsOf, showIn, writeAgain, type Act, type LayerDoc, type LostEdit, type Unsent } from '@tamga/collab'
import { ID_BYTES, idFrom, type ProblemCode } from '@tamga/model'
import type { Article } from './article.ts'
import type { LostHere, Outbox } from './outbox.ts'

const newId = () => idFrom(crypto.getRandomValues(new Uint8Array(ID_BYTES)))

type Described = Pick<Unsent, 'quote' | 'label'>
/** What an annotation is about, in words that stand for themselves. */
type Description = (id: string) => Described

/**
 * The edits of one open article that are not known to be durable, in order: those that the present document holds, and
 * those that wait to be written into it (from before it began, or of a tab that ended). Each is in the outbox too.
 */
export class OwnEdits {
  readonly tab = newId()
  readonly #outbox: Outbox
  readonly #article: () => Article
  readonly #describe: Description
  readonly #changed: () => void
  readonly #release: () => void
  #written: readonly Unsent[] = []
  #waiting: readonly Unsent[] = []
  // while edits are written again, what that makes of them
  #again: Unsent[] | null = null
  // what a document that is never sent shows already
  readonly #shown = new Set<Unsent>()
  #showing = false
  #n = 0
  #last = 0

  constructor(outbox: Outbox, article: () => Article, describe: Description, changed: () => void) {
    this.#outbox = outbox
    this.#article = article
    this.#describe = describe
    this.#changed = changed
    this.#release = outbox.hold(this.tab)
  }

  /** Leaves them in the outbox, for whoever opens the article next. */
  dispose(): void {
    this.#release()
  }

  /** What the present document holds and the server is not known to have. */
  get written(): readonly Unsent[] {
    return this.#written
  }

  /** What the present document lacks. */
  get waiting(): readonly Unsent[] {
    return this.#waiting
  }

  /** Notes what an act wrote into the present document. `clock` is its client's after the act. */
  record(act: Act, client: number, clock: number): void {
    if (this.#showing) return
    const edits = editsOf(act)
    const own = edits.map((edit, i) =>
      this.#made({ ...edit, ...this.#describe(edit.key.slice(0, 16)), client, clock: clock - edits.length + 1 + i }),
    )
    this.#written = [...this.#written, ...own]
    if (this.#again) this.#again.push(...own)
    else void this.#outbox.put(own)
    this.#changed()
  }

  /** Forgets what the server has. */
  settle(isDurable: (edit: Unsent) => boolean): void {
    const durable = [...this.#waiting, ...this.#written].filter(isDurable)
    if (durable.length > 0) this.#forget(durable)
  }

  /** The present document is given up: all is to be written into the next. */
  startAgain(): void {
    this.#waiting = [...this.#waiting, ...this.#written]
    this.#written = []
  }

  /** Takes over what ended tabs left of this article. Answers what has no place in its text any more. */
  async adopt(): Promise<LostHere[]> {
    const adopted = await this.#outbox.adopt(this.#article().id, this.tab, () => this.#n++)
    if (adopted.length === 0) return []
    this.#last = Math.max(this.#last, ...adopted.map(({ at }) => at))
    const { layer } = this.#article()
    const astray = adopted.filter((edit) => edit.layer !== layer.id)
    this.#waiting = [...adopted.filter((edit) => edit.layer === layer.id), ...this.#waiting]
    const lost = astray.map((edit) => this.#lost({ ...edit, code: 'text_corrected', details: {} }, edit.layer))
    if (astray.length > 0) void this.#outbox.exchange(astray, [], lost)
    this.#changed()
    return lost
  }

  /** Writes what waits into the document, as one step of the outbox. Answers what could not be written. */
  writeInto(layer: LayerDoc): LostHere[] {
    const waiting = this.#waiting
    if (waiting.length === 0) return []
    this.#waiting = []
    this.#again = []
    const known = new Map(waiting.map((edit) => [edit.key, edit]))
    const lost = writeAgain(layer, waiting).map((edit) => this.#lost({ ...known.get(edit.key)!, ...edit }))
    void this.#outbox.exchange(waiting, this.#again, lost)
    this.#again = null
    this.#changed()
    return lost
  }

  /**
   * Shows what waits in a document that is never sent. It waits on: what a copy says is no proof of what the server has,
   * neither for an edit nor against it.
   */
  showIn(layer: LayerDoc): void {
    const fresh = this.#waiting.filter((edit) => !this.#shown.has(edit))
    for (const edit of fresh) this.#shown.add(edit)
    this.#showing = true
    showIn(layer, fresh)
    this.#showing = false
  }

  /** Gives all up for good, for one reason: answers them as lost. */
  giveUp(code: ProblemCode): LostHere[] {
    const all = [...this.#waiting, ...this.#written]
    const lost = all.map((edit) => this.#lost({ ...edit, code, details: {} }))
    void this.#outbox.exchange(all, [], lost)
    this.#forget(all, false)
    return lost
  }

  /** Takes one edit off, unsent. */
  forget(edit: Pick<Unsent, 'tab' | 'n'>): void {
    this.#forget([...this.#waiting, ...this.#written].filter((one) => one.tab === edit.tab && one.n === edit.n))
  }

  /** An edit of mine under this key as a lost one, the last if there are several; null if there is none. */
  lostUnder(key: string, code: ProblemCode, details: LostEdit['details']): LostHere | null {
    const edit = this.#written.findLast((one) => one.key === key)
    return edit ? this.#lost({ ...edit, code, details }) : null
  }

  #made(edit: Omit<Unsent, 'article' | 'title' | 'layer' | 'revision' | 'epoch' | 'tab' | 'n' | 'at'>): Unsent {
    const { id, title, layer, revision } = this.#article()
    this.#last = Math.max(this.#last, Date.now())
    const place = { article: id, title, layer: layer.id, revision: revision.id, epoch: layer.epoch }
    return { ...edit, ...place, tab: this.tab, n: this.#n++, at: this.#last }
  }

  #lost(
    { key, before, value, quote, label, code, details }: LostEdit & Described,
    layer = this.#article().layer.id,
  ): LostHere {
    const { id: article, title } = this.#article()
    const at = new Date().toISOString()
    return { id: newId(), article, title, layer, key, before, value, quote, label, code, details, at }
  }

  #forget(edits: readonly Unsent[], inOutbox = true): void {
    const gone = new Set(edits)
    this.#waiting = this.#waiting.filter((edit) => !gone.has(edit))
    this.#written = this.#written.filter((edit) => !gone.has(edit))
    if (inOutbox) void this.#outbox.drop(edits)
    this.#changed()
  }
}
