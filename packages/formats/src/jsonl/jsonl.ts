import type { Format } from '../format.ts'
import about from './FORMAT.md?raw'
import { readLines } from './read.ts'
import { lineOf } from './write.ts'

/**
 * Tamga's own JSON Lines: one article a line with all that is known of it (FORMAT.md beside this file). Loses nothing;
 * `read` gives back exactly what was written. `labels.json` goes along, so that ids and attributes can be understood.
 *
 *     {"annotations":[…],"closed":null,"format":"tamga/1",…,"text":"Ақтөбеде…","tokens":[[0,8],…],"unit":"code point"}
 */
export const jsonl = {
  id: 'jsonl',
  title: 'JSON Lines (Tamga)',
  about,
  extension: 'jsonl',
  loses: [],
  policies: ['refuse'],
  training: false,
  writer: ({ labels }) => ({
    head: [{ file: 'labels.json', text: JSON.stringify(labels, null, 2) + '\n' }],
    article: (article) => ({
      pieces: [{ file: 'corpus.jsonl', text: lineOf(article, labels) + '\n' }],
      fates: article.annotations.map(({ id }) => ({ outcome: 'kept', annotation: id })),
      levels: 1,
      notes: { attributes: 0, joined: 0, rewritten: 0 },
    }),
  }),
  read: readLines,
} as const satisfies Format
