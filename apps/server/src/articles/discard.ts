import type { Db } from '../db/open.ts'
import { deleteDiscarded, markDiscarded } from './import-store.ts'

const PORTION = 200

/** Discards a staged import, or one file of it; its articles, which nobody has seen, are deleted in short steps. */
export async function discard(db: Db, id: string): Promise<void> {
  await markDiscarded(db, id)
  while ((await deleteDiscarded(db, PORTION)) > 0);
}
