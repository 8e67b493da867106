import { ROOT, toRecord } from '@tamga/collab'
import type { Annotation } from '@tamga/model'
import * as Y from 'yjs'

/** A document of its own with the annotations that were taken along: it has no past, and is never synced. */
export function takenDoc(annotations: readonly Annotation[]): Y.Doc {
  const filled = new Y.Doc()
  const map = filled.getMap<unknown>(ROOT)
  filled.transact(() => {
    for (const { id, content, via, unsure, gone } of annotations) {
      map.set(id, toRecord(content, via))
      if (unsure) map.set(`${id}/unsure`, true)
      if (gone) map.set(`${id}/gone`, true)
    }
  })
  // as from elsewhere, so that none of it counts as an edit of this page
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(filled))
  filled.destroy()
  return doc
}
