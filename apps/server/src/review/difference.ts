import { digestOf, faultOfPlace, Problem, shownName, type Content } from '@tamga/model'
import type { Db } from '../db/open.ts'
import type { Row } from '../db/tables.ts'
import { editorsSince, type Bench } from './store.ts'

/** Why an act of a reviewer was not written: what was shown is not what stands. */
export interface Difference {
  readonly annotation: string
  readonly shown: Content
  /** What stands now, or null: removed. */
  readonly now: Content | null
  /** Who changed it last. */
  readonly by: { readonly account: string; readonly name: string } | null
}

/** True if an annotation stands exactly as it was shown. What cannot stand on the text is not hashed: that has no bound. */
export const standsAsShown = ({ gone_at, digest }: Row<'annotation'>, shown: Content, { text }: Bench): boolean =>
  gone_at === null && faultOfPlace(shown, text) === null && digest === digestOf(shown, text)

/** What became of an annotation since it was shown, and by whom. */
export async function differenceOf(db: Db, bench: Bench, shown: Content, row: Row<'annotation'>): Promise<Difference> {
  const editor = await editorsSince(db, bench.layer, row.id)
  const by = editor ? { account: editor.id, name: shownName(editor.name) } : null
  return { annotation: row.id, shown, now: row.gone_at === null ? row.content : null, by }
}

/** The refusal that carries a difference. */
export const changedMeanwhile = (difference: Difference): Problem =>
  new Problem(
    'changed_meanwhile',
    { name: difference.by?.name ?? null, removed: difference.now === null ? 1 : 0 },
    difference,
  )

/** All that say the same as an annotation: an act of a reviewer is about each of them. */
export const twinsOf = (annotations: readonly Row<'annotation'>[], digest: string): Row<'annotation'>[] =>
  annotations.filter((annotation) => annotation.digest === digest && annotation.gone_at === null)
