import { Problem } from '@tamga/model'
import { api, ask } from '../api.ts'
import { loadArticle } from '../text/article.ts'
import { nameOfProject } from '../text/project-name.ts'
import { ArticleCache, type Bounds, type Taken, type TakenLine } from './article-cache.ts'
import { knownNames, lastKnown } from './known.ts'
import { persistence } from './persistence.svelte.ts'

/** Copies that are asked for at once. */
const CHECKED = 200
const BOUNDS: Bounds = { articles: 20, bytes: 50 * 1024 * 1024 }

/** What the account that is signed in has here, for the whole page and in step with its other tabs. */
class TakenAlong {
  /** What was taken last comes first. */
  lines = $state.raw<readonly TakenLine[]>([])
  /** The browser lets nothing be kept: private windows, a full disk. */
  refused = $state(false)
  readonly bytes = $derived(this.lines.reduce((sum, line) => sum + line.bytes, 0))
  readonly #tabs = new BroadcastChannel('tamga-taken')
  #account: string | null = null
  #cache: Promise<ArticleCache | null> = Promise.resolve(null)

  constructor() {
    this.#tabs.onmessage = () => void this.#look()
  }

  /** From now on it is this account's, or (null) nobody's: nothing of another's is seen. */
  async of(account: string | null): Promise<void> {
    if (account === this.#account) return
    const before = this.#cache
    this.#account = account
    this.lines = []
    this.#cache = account === null ? Promise.resolve(null) : this.#open(account)
    ;(await before)?.close()
    await this.#look()
  }

  /** Takes away what all accounts but one have here: somebody else signed in, or (null) nobody is signed in any more. */
  async clearOthers(account: string | null): Promise<void> {
    if (account !== this.#account) await this.of(null)
    const known = (await knownNames()).map(({ id }) => id)
    await ArticleCache.removeOthers(account, known).catch(() => {})
    this.#tabs.postMessage(null)
  }

  has(article: string): boolean {
    return this.lines.some(({ id }) => id === article)
  }

  isKept(article: string): boolean {
    return this.lines.some(({ id, kept }) => id === article && kept)
  }

  /** Asks the server which of the copies may not stay (erased, withdrawn, no longer mine), and drops those. */
  async check(): Promise<void> {
    const account = this.#account
    const ids = this.lines.map(({ id }) => id)
    for (let i = 0; i < ids.length; i += CHECKED) {
      const some = ids.slice(i, i + CHECKED)
      const answer = await ask(api.copies.$post({ json: { articles: some } })).catch(() => null)
      // without an answer they stay: the next contact asks again
      if (!answer || account !== this.#account) return
      if (answer.gone.length > 0) await this.remove(answer.gone)
    }
  }

  /** An article as it was when it was taken, or null. */
  async read(article: string): Promise<Taken | null> {
    return (await (await this.#cache)?.read(article).catch(() => null)) ?? null
  }

  /** Puts an open article in as it is now, or only marks it as taken along by hand. */
  async put(taken: Taken, kept?: boolean): Promise<void> {
    // another tab may have signed out or somebody else in, and taken all of it away
    if ((await lastKnown())?.id !== this.#account) return
    await this.#change((cache) => cache.put(taken, Date.now(), BOUNDS, kept))
  }

  /** Fetches an article and takes it along. @throws Problem */
  async fetch(article: string): Promise<void> {
    await this.put(await fetchTaken(article), true)
  }

  async keep(article: string, kept: boolean): Promise<void> {
    await this.#change((cache) => cache.keep(article, kept))
  }

  async remove(articles: readonly string[]): Promise<void> {
    await this.#change((cache) => cache.remove(articles))
  }

  async #open(account: string): Promise<ArticleCache | null> {
    try {
      return await ArticleCache.open(account)
    } catch {
      this.refused = true
      return null
    }
  }

  async #change(act: (cache: ArticleCache) => Promise<void>): Promise<void> {
    const cache = await this.#cache
    if (!cache) return
    try {
      await act(cache)
      this.refused = false
      void persistence.ask()
    } catch {
      // full, or forbidden meanwhile: the next one tries anew
      this.refused = true
      cache.close()
      if (this.#account !== null) this.#cache = this.#open(this.#account)
    }
    await this.#look()
    this.#tabs.postMessage(null)
  }

  async #look(): Promise<void> {
    const account = this.#account
    const lines = (await (await this.#cache)?.lines().catch(() => [])) ?? []
    if (account === this.#account) this.lines = lines
  }
}

export const takenAlong = new TakenAlong()

async function fetchTaken(id: string): Promise<Taken> {
  const article = await loadArticle(id)
  const { annotations } = await ask(api.articles[':article'].annotations.$get({ param: { article: id } }))
  return { article, annotations, project: await nameOfProject(article.project) }
}

/** True for a refusal after which a copy may not stay: the article is gone, or not this account's to see any more. */
export const forbidsCopy = ({ code }: Problem): boolean =>
  ['not_found', 'forbidden', 'article_withdrawn', 'article_erased'].some((other) => other === code)
