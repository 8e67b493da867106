import { readSharedPresence, type Presence as Own, type SharedPresence } from '@tamga/collab'
import { SvelteMap } from 'svelte/reactivity'
import type { Awareness } from 'y-protocols/awareness'

// The server takes ten a second.
const PAUSE = 150

/** Where the others are, one entry a person; what I do is told to them. Name and colour are the server's word. */
export class Presence {
  /** By account, oneself left out. */
  readonly others = new SvelteMap<string, SharedPresence>()
  readonly #me: string
  readonly #nameOf: (account: string) => string | undefined
  #awareness: Awareness | null = null
  #own: Own = { at: null, chosen: null }
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `nameOf` is what the article's page calls somebody, told apart from others of the same name; undefined if unknown. */
  constructor(me: string, nameOf: (account: string) => string | undefined = () => undefined) {
    this.#me = me
    this.#nameOf = nameOf
  }

  /** Speaks and listens on another connection from now on. */
  attach(awareness: Awareness): void {
    this.#awareness?.off('change', this.#changed)
    this.#awareness = awareness
    awareness.setLocalState({ ...this.#own })
    awareness.on('change', this.#changed)
    this.#changed()
  }

  /**
   * The connection broke. A client id is only heard under a later clock than before: so the others are forgotten
   * wholly, to be heard again as they are, and I come back under a later one.
   */
  part(): void {
    const awareness = this.#awareness
    if (!awareness) return
    const { meta, clientID } = awareness
    for (const client of [...meta.keys()]) if (client !== clientID) meta.delete(client)
    awareness.setLocalState({ ...this.#own })
  }

  /** Tells the others what I have selected and chosen; at most one message each 150 ms, the last always goes out. */
  tell(own: Partial<Own>): void {
    this.#own = { ...this.#own, ...own }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#awareness?.setLocalState({ ...this.#own })
    }, PAUSE)
  }

  /** Who seems to be at work on an annotation: who chose it. */
  at(annotation: string): SharedPresence | null {
    return [...this.others.values()].find(({ chosen }) => chosen === annotation) ?? null
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#awareness?.off('change', this.#changed)
  }

  readonly #changed = (): void => {
    const now = this.#read()
    for (const account of this.others.keys()) if (!now.has(account)) this.others.delete(account)
    for (const [account, presence] of now)
      if (JSON.stringify(this.others.get(account)) !== JSON.stringify(presence)) this.others.set(account, presence)
  }

  /** Of several tabs of one person the one that has something selected speaks. */
  #read(): Map<string, SharedPresence> {
    const now = new Map<string, SharedPresence>()
    for (const [client, state] of this.#awareness?.getStates() ?? []) {
      const presence = client === this.#awareness?.clientID ? null : readSharedPresence(state)
      if (!presence || presence.account === this.#me) continue
      const name = this.#nameOf(presence.account) ?? presence.name
      if (!now.get(presence.account)?.at) now.set(presence.account, { ...presence, name })
    }
    return now
  }
}
