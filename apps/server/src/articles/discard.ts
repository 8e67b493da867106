import type { Db } from '../db/open.ts'
import { deleteStaged, markDiscarded } from './import-store.ts'

const PORTION = 100

/** Discards a staged import, or one file of it, with its articles. */
export async function discard(db: Db, id: string): Promise<void> {
  await markDiscarded(db, id)
  await empty(db, id)
}

/** Deletes the articles of a staged import, or of one file of it, which nobody has seen, in short steps. */
export async function empty(db: Db, id: string): Promise<void> {
  while (await deleteStaged(db, id, PORTION));
}
