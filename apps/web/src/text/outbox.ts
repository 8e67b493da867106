import { inOrderOfActs, type LostEdit, type Unsent } from '@tamga/collab'
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb'
import { persistence } from '../offline/persistence.svelte.ts'
import { tabsHere, type Tabs } from './tabs.ts'

/** An edit that cannot be sent as it is, and waits for a word of its writer. */
export interface LostHere extends LostEdit {
  readonly id: string
  readonly article: string
  readonly title: string
  readonly layer: string
  /** The words that it is about and the code of its label. */
  readonly quote: string
  readonly label: string
  /** An ISO instant. */
  readonly at: string
}

/** How many edits of an article wait in this browser with no page at work on them. */
export interface Left {
  readonly article: string
  readonly title: string
  readonly n: number
  /** Of them, those that wait for a word of their writer. */
  readonly lost: number
}

interface Stores extends DBSchema {
  edits: { key: [tab: string, n: number]; value: Unsent; indexes: { article: string } }
  lost: { key: string; value: LostHere; indexes: { article: string } }
}
type Store = 'edits' | 'lost'
type Act<T> = (trx: IDBPTransaction<Stores, Store[], 'readwrite'>) => Promise<T>

const VERSION = 1
const open = (account: string) =>
  openDB<Stores>(`tamga-edits-${account}`, VERSION, {
    upgrade(db) {
      db.createObjectStore('edits', { keyPath: ['tab', 'n'] }).createIndex('article', 'article')
      db.createObjectStore('lost', { keyPath: 'id' }).createIndex('article', 'article')
    },
  })

/**
 * What one account has written in this browser and the server is not known to have, and what it could not send: kept over
 * reloads, crashes and sign-outs, never read for another account. Where the browser keeps nothing, `works` turns false
 * and all calls do nothing.
 */
export class Outbox {
  works = true
  readonly #tabs: Tabs
  readonly #opened: Promise<void>
  readonly #channel: BroadcastChannel
  readonly #listeners = new Set<() => void>()
  #db: IDBPDatabase<Stores> | null = null

  constructor(account: string, { tabs = tabsHere(), opening = open } = {}) {
    this.#tabs = tabs
    this.#channel = new BroadcastChannel(`tamga-edits-${account}`)
    this.#channel.onmessage = () => this.#tell()
    this.#opened = opening(account).then(
      (db) => void (this.#db = db),
      () => this.#fail(),
    )
  }

  /** Says that a tab is at work: what it wrote is its own to send. Returns what ends that. */
  hold(tab: string): () => void {
    const end = this.#tabs.hold(tab)
    return () => {
      end()
      this.#changed()
    }
  }

  /** Keeps edits, in the order of the calls. */
  put(edits: readonly Unsent[]): Promise<void> {
    return this.exchange([], edits, [])
  }

  /** Forgets edits: the server has them. */
  drop(edits: readonly Pick<Unsent, 'tab' | 'n'>[]): Promise<void> {
    return this.exchange(edits, [], [])
  }

  /** In one step: forgets some, keeps others, and some as lost. */
  async exchange(
    gone: readonly Pick<Unsent, 'tab' | 'n'>[],
    edits: readonly Unsent[],
    lost: readonly LostHere[],
  ): Promise<void> {
    if (gone.length + edits.length + lost.length === 0) return
    if (edits.length > 0) void persistence.ask()
    await this.#run((trx) => {
      const store = trx.objectStore('edits')
      const done = Promise.all([
        ...edits.map((edit) => store.put(edit)),
        ...gone.map(({ tab, n }) => store.delete([tab, n])),
        ...lost.map((one) => trx.objectStore('lost').put(one)),
      ])
      // said at once, so that it is kept though the page goes now
      trx.commit()
      return done
    })
    this.#changed()
  }

  /** Makes the edits of an article whose tabs have ended this tab's own, each with a number of it; in their order. */
  async adopt(article: string, tab: string, number: () => number): Promise<Unsent[]> {
    const ended = await this.#endedTabs((await this.#edits(article)).filter((edit) => edit.tab !== tab))
    if (ended.size === 0) return []
    const adopted = await this.#run(async (trx) => {
      const store = trx.objectStore('edits')
      const left = (await store.index('article').getAll(article)).filter((edit) => ended.has(edit.tab))
      const own = left.sort(inOrderOfActs).map((edit) => ({ ...edit, tab, n: number() }))
      for (const edit of left) void store.delete([edit.tab, edit.n])
      for (const edit of own) void store.put(edit)
      return own
    })
    if (adopted && adopted.length > 0) this.#changed()
    return adopted ?? []
  }

  /** What of an article waits for a word, the oldest first. */
  async lostOf(article: string): Promise<LostHere[]> {
    const lost = await this.#run((trx) => trx.objectStore('lost').index('article').getAll(article))
    return (lost ?? []).sort((a, b) => (a.at < b.at ? -1 : 1))
  }

  /** The edits of an article whose tabs have ended, in their order: for pages that can only show them. */
  async leftOf(article: string): Promise<Unsent[]> {
    const edits = await this.#edits(article)
    const ended = await this.#endedTabs(edits)
    return edits.filter(({ tab }) => ended.has(tab)).sort(inOrderOfActs)
  }

  async forget(lost: string): Promise<void> {
    await this.#run((trx) => trx.objectStore('lost').delete(lost))
    this.#changed()
  }

  /** How many edits are kept here, those of pages at work among them. */
  async count(): Promise<number> {
    const counts = await this.#run((trx) =>
      Promise.all([trx.objectStore('edits').count(), trx.objectStore('lost').count()]),
    )
    return (counts ?? []).reduce((sum, n) => sum + n, 0)
  }

  /** What waits with no page at work on it, by article. */
  async left(): Promise<Left[]> {
    const edits = (await this.#run((trx) => trx.objectStore('edits').getAll())) ?? []
    const lost = (await this.#run((trx) => trx.objectStore('lost').getAll())) ?? []
    const ended = await this.#endedTabs(edits)
    const waiting = edits.filter(({ tab }) => ended.has(tab))
    const byArticle = new Map<string, Left>()
    for (const one of [...waiting, ...lost]) {
      const { article, title } = one
      const known = byArticle.get(article) ?? { article, title, n: 0, lost: 0 }
      byArticle.set(article, { ...known, n: known.n + 1, lost: known.lost + ('id' in one ? 1 : 0) })
    }
    return [...byArticle.values()]
  }

  /** Calls back when something was kept or forgotten, in whatever tab. Returns what ends it. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #edits(article: string): Promise<Unsent[]> {
    return (await this.#run((trx) => trx.objectStore('edits').index('article').getAll(article))) ?? []
  }

  #endedTabs(edits: readonly Unsent[]): Promise<ReadonlySet<string>> {
    const named = [...new Set(edits.map(({ tab }) => tab))]
    return named.length === 0 ? Promise.resolve(new Set()) : this.#tabs.ended(named)
  }

  async #run<T>(act: Act<T>): Promise<T | undefined> {
    if (!this.#db && this.works) await this.#opened
    if (!this.#db) return undefined
    try {
      const trx = this.#db.transaction(['edits', 'lost'], 'readwrite')
      const [result] = await Promise.all([act(trx), trx.done])
      return result
    } catch {
      this.#fail()
      return undefined
    }
  }

  #fail(): void {
    this.works = false
    this.#tell()
  }

  #changed(): void {
    this.#channel.postMessage(null)
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

const outboxes = new Map<string, Outbox>()

/** The outbox of an account in this browser. */
export function outboxOf(account: string): Outbox {
  const outbox = outboxes.get(account) ?? new Outbox(account)
  outboxes.set(account, outbox)
  return outbox
}
