import type { Ctx } from '../auth/guard.ts'
import { readableOf } from './store.ts'

/**
 * Of articles that a browser keeps copies of, those that this account may not have any more: erased, withdrawn, of a
 * project that is not theirs, or absent. One statement.
 */
export async function goneCopies({ services, account }: Ctx, articles: readonly string[]): Promise<string[]> {
  const readable = new Set(await readableOf(services.db, account, articles))
  return articles.filter((id) => !readable.has(id))
}
