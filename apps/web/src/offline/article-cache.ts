import type { Annotation } from '@tamga/model'
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Article } from '../text/article.ts'

/** An article with all that its page needs without a server. */
export interface Taken {
  readonly article: Article
  readonly annotations: readonly Annotation[]
  /** The name of its project. */
  readonly project: string
}

/** What a list says of a taken article. */
export interface TakenLine {
  readonly id: string
  readonly title: string
  readonly language: Article['language']
  readonly project: string
  readonly projectName: string
  readonly bytes: number
  /** Milliseconds of the browser's clock, to be shown. */
  readonly at: number
  /** Counts what is taken: the order of taking, whatever the clock did. */
  readonly turn: number
  /** Taken along by hand: it stays until it is removed by hand. */
  readonly kept: boolean
}

interface PantryBase extends DBSchema {
  lines: { key: string; value: TakenLine }
  articles: { key: string; value: Taken }
}

/** Of what was merely opened, the last so many stay, and no more bytes than these. */
export interface Bounds {
  readonly articles: number
  readonly bytes: number
}

/** The articles that one account has in this browser. Whoever opens it closes it. */
export class ArticleCache {
  readonly #db: IDBPDatabase<PantryBase>

  private constructor(db: IDBPDatabase<PantryBase>) {
    this.#db = db
  }

  /** Throws what the browser says where it keeps nothing. */
  static async open(account: string): Promise<ArticleCache> {
    const db = await openDB<PantryBase>(nameOf(account), 1, {
      upgrade(fresh) {
        fresh.createObjectStore('lines', { keyPath: 'id' })
        fresh.createObjectStore('articles')
      },
      // another tab signs out and takes all of it away
      blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
    })
    return new ArticleCache(db)
  }

  /** Takes away all that an account has here. */
  static remove(account: string): Promise<void> {
    return deleteDB(nameOf(account))
  }

  /** Takes away what all accounts but one have here; `known` are those that this browser may not list by itself. */
  static async removeOthers(account: string | null, known: readonly string[]): Promise<void> {
    const listed = await indexedDB.databases?.().catch(() => [])
    const names = new Set([...(listed ?? []).map(({ name }) => name ?? ''), ...known.map(nameOf)])
    const others = [...names].filter(
      (name) => name.startsWith(PREFIX) && (account === null || name !== nameOf(account)),
    )
    await Promise.all(others.map((name) => deleteDB(name)))
  }

  close(): void {
    this.#db.close()
  }

  /** All of it, what was taken last first. */
  async lines(): Promise<TakenLine[]> {
    return (await this.#db.getAll('lines')).sort((a, b) => b.turn - a.turn)
  }

  async read(article: string): Promise<Taken | null> {
    return (await this.#db.get('articles', article)) ?? null
  }

  /**
   * Puts an article in, or a newer copy of it. `kept` leaves what was said before if it is left out. What was merely
   * opened longest ago goes where it is more than the bounds.
   */
  async put(taken: Taken, at: number, bounds: Bounds, kept?: boolean): Promise<void> {
    const { id } = taken.article
    const bytes = sizeOf(taken)
    const trx = this.#db.transaction(['lines', 'articles'], 'readwrite')
    const [lines, articles] = [trx.objectStore('lines'), trx.objectStore('articles')]
    const others = await lines.getAll()
    const before = others.find((line) => line.id === id)
    const turn = Math.max(0, ...others.map((line) => line.turn)) + 1
    const line = lineOf(taken, { bytes, at, turn, kept: kept ?? before?.kept ?? false })
    const gone = beyond([...others.filter((other) => other.id !== id), line], bounds)
    await Promise.all([
      lines.put(line),
      articles.put(taken, id),
      ...gone.flatMap((one) => [lines.delete(one), articles.delete(one)]),
      trx.done,
    ])
  }

  /** Says that one stays until it is removed by hand, or goes with those merely opened. */
  async keep(article: string, kept: boolean): Promise<void> {
    const trx = this.#db.transaction('lines', 'readwrite')
    const line = await trx.store.get(article)
    await Promise.all([line && trx.store.put({ ...line, kept }), trx.done])
  }

  async remove(articles: readonly string[]): Promise<void> {
    const trx = this.#db.transaction(['lines', 'articles'], 'readwrite')
    const both = [trx.objectStore('lines'), trx.objectStore('articles')]
    await Promise.all([...articles.flatMap((id) => both.map((store) => store.delete(id))), trx.done])
  }
}

const PREFIX = 'tamga-taken-'
const nameOf = (account: string) => PREFIX + account

const sizeOf = (taken: Taken): number => new TextEncoder().encode(JSON.stringify(taken)).length

const lineOf = ({ article, project }: Taken, rest: Pick<TakenLine, 'bytes' | 'at' | 'turn' | 'kept'>): TakenLine => ({
  id: article.id,
  title: article.title,
  language: article.language,
  project: article.project,
  projectName: project,
  ...rest,
})

/** What goes: of those merely opened, all after the newest that are within the bounds. The newest itself stays. */
export function beyond(lines: readonly TakenLine[], { articles, bytes }: Bounds): string[] {
  const opened = lines.filter(({ kept }) => !kept).sort((a, b) => b.turn - a.turn)
  let room = bytes
  return opened
    .filter((line, i) => {
      room -= line.bytes
      return i > 0 && (i >= articles || room < 0)
    })
    .map(({ id }) => id)
}
