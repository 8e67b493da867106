import { choosable, labelById, type Content, type Label } from '@tamga/model'
import type { ShownSpan } from './annotations.svelte.ts'
import { isSpanShown } from './annotations.svelte.ts'
import { quoteOf } from './quote.ts'
import type { Room } from './room.svelte.ts'
import type { Surface } from './Surface.ts'

// The colour of a change that nobody here owns up to.
const NOBODY = 8

/**
 * Somebody at an open article: the words for what stands in it, and what the page says aloud. Marking and reviewing
 * are each more than that.
 */
export class Reading {
  readonly room: Room
  surface = $state.raw<Surface | null>(null)
  /** The last thing that happened, in words, for those who hear the page. */
  said = $state('')
  /** Labels that can be put on, in the order of the set. */
  readonly labels: readonly Label[] = $derived.by(() => choosable(this.room.article.labelSet.set))

  constructor(room: Room) {
    this.room = room
  }

  label(id: string): Label | undefined {
    return labelById(this.room.article.labelSet.set, id)
  }

  codeOf(label: string): string {
    return this.label(label)?.code ?? label
  }

  quote(content: Content, length = 60): string {
    return quoteOf(this.room.text, content, length)
  }

  /** An account's name; '' for one that is not known. */
  nameOf(account: string): string {
    return this.room.article.members.find((member) => member.account === account)?.name ?? ''
  }

  say(words: string): void {
    // The same words twice are said twice only if something differs: a blank that nobody hears.
    this.said = this.said === words ? `${words}\u00a0` : words
  }

  /** A span as it is shown, by its id or a twin's; gone ones too. */
  protected spanAt(id: string | null): ShownSpan | null {
    const { byId } = this.room.annotations
    const shown = id === null ? undefined : byId.get(id)
    const first = shown && (byId.get(shown.twins[0] ?? shown.id) ?? shown)
    return first && isSpanShown(first) ? first : null
  }

  /** Shows what somebody else just changed, in their colour if it can be told. */
  showRemote(changed: ReadonlySet<string>): void {
    for (const id of changed) this.surface?.flash([id], this.changerOf(id)?.colour ?? NOBODY)
  }

  /** Who just changed an annotation, as far as it can be told: who is at it, or the only other one here. */
  protected changerOf(id: string) {
    const { presence } = this.room
    return presence.at(id) ?? (presence.others.size === 1 ? [...presence.others.values()][0]! : null)
  }
}
