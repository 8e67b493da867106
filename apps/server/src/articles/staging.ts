import { Problem } from '@tamga/model'
import type { Db } from '../db/open.ts'
import { rowsOf } from './article-rows.ts'
import { stagingImport, takenIds, type FileReport, type Refusal } from './import-store.ts'
import type { Prepared } from './segments.ts'
import { insertArticles, type ArticleRows } from './store.ts'

const LISTED = 100
const BATCH_ARTICLES = 100
const BATCH_UNITS = 100_000

/** Where articles are staged: the row of one file of an import. */
export interface Place {
  readonly project: string
  readonly import: string
  readonly file: string
}

interface Staged {
  readonly line: number | null
  readonly rows: ArticleRows
}

/**
 * Takes the articles of one file as they are found and writes them in short statements, unseen by anybody until the
 * import is published. Holds one batch at a time, and counts what is refused.
 */
export class Staging {
  readonly #db: Db
  readonly #place: Place
  #batch: Staged[] = []
  #units = 0
  #articles = 0
  #refused = 0
  readonly #refusals: Refusal[] = []

  constructor(db: Db, place: Place) {
    this.#db = db
    this.#place = place
  }

  /** Takes an article and answers the id it will have. */
  async add(prepared: Prepared, line: number | null): Promise<string> {
    const rows = rowsOf(prepared, this.#place.project, this.#place.file)
    this.#batch.push({ line, rows })
    this.#units += prepared.draft.text.length + String(rows.article.meta).length
    if (this.#batch.length >= BATCH_ARTICLES || this.#units >= BATCH_UNITS) await this.#write()
    return rows.article.id
  }

  refuse({ code, details }: Problem, line: number | null): void {
    this.#refused++
    if (this.#refusals.length < LISTED) this.#refusals.push({ line, code, details })
  }

  /** Writes what is left and tells how the file fared. */
  async end(name: string, kind: string | null): Promise<FileReport> {
    await this.#write()
    const refusals = this.#refusals.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    return { name, kind, whole: true, articles: this.#articles, refused: this.#refused, refusals }
  }

  async #write(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#units = 0
    const fresh = await this.#withoutTaken(batch)
    if (fresh.length === 0) return
    // dropped while it is read: what is left of it need not be written to be deleted
    if (!(await stagingImport(this.#db, this.#place.file))) throw new Problem('import_gone')
    await insertArticles(this.#db, fresh).catch(async (error: unknown) => {
      // its articles were deleted between two statements: what hangs on them cannot be written
      throw (await stagingImport(this.#db, this.#place.file)) ? error : new Problem('import_gone')
    })
    this.#articles += fresh.length
  }

  /** Refuses each article whose outside id stands elsewhere: in the project, or earlier in this import. */
  async #withoutTaken(batch: readonly Staged[]): Promise<ArticleRows[]> {
    const ids = batch.flatMap(({ rows }) => rows.article.external_id ?? [])
    const taken = ids.length === 0 ? [] : await takenIds(this.#db, this.#place.project, this.#place.import, ids)
    const codes = new Map(taken.map(({ id, mine }) => [id!, mine ? 'id_twice' : 'article_exists'] as const))
    return batch.flatMap(({ line, rows }) => {
      const id = rows.article.external_id
      if (!id) return [rows]
      const code = codes.get(id)
      if (code) this.refuse(new Problem(code, { id }), line)
      codes.set(id, code ?? 'id_twice')
      return code ? [] : [rows]
    })
  }
}
