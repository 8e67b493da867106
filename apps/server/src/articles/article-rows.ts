import { createHash } from 'node:crypto'
import { SEGMENTER_VERSION } from '@tamga/language'
import { codePointLength } from '@tamga/model'
import { json } from '../db/json.ts'
import { newId } from '../services.ts'
import type { Prepared } from './segments.ts'
import type { ArticleRows } from './store.ts'

/** All rows of a new article: its first revision, the text and the ranges that its chunks hold, and an empty shared layer. */
export function rowsOf({ draft, tokens, sentences }: Prepared, project: string, importId: string): ArticleRows {
  const { externalId, text, meta, ...about } = draft
  const [article, revision, layer] = [newId(), newId(), newId()]
  return {
    article: { ...about, id: article, project, external_id: externalId, meta: json(meta), import: importId },
    revision: {
      id: revision,
      article,
      no: 1,
      sha256: createHash('sha256').update(text).digest('hex'),
      code_points: codePointLength(text),
      segmenter: SEGMENTER_VERSION,
    },
    body: { text, tokens, sentences },
    layer: { id: layer, revision, owner: null },
  }
}
