import { fold } from '@tamga/language'
import type { Search } from './store.ts'

/** One place where a search hit, with the words around it, to the letter. */
export interface Hit {
  readonly before: string
  readonly hit: string
  readonly after: string
}

const CONTEXT = 40
const MOST = 3

/** The first three hits of a search in a text. Folding keeps every code unit in its place, so offsets are the text's. */
export function hitsIn(text: string, { q, exact }: Search): Hit[] {
  const alike = exact ? lower : fold
  const [there, sought] = [alike(text), alike(q)]
  const hits: Hit[] = []
  for (let at = there.indexOf(sought); at >= 0 && hits.length < MOST; at = there.indexOf(sought, at + sought.length)) {
    const end = at + q.length
    const before = text.slice(Math.max(0, at - CONTEXT), at).replace(/^[\uDC00-\uDFFF]/, '')
    const after = text.slice(end, end + CONTEXT).replace(/[\uD800-\uDBFF]$/, '')
    hits.push({ before, hit: text.slice(at, end), after })
  }
  return hits
}

/** Small letters without a change of length, as the database makes them. */
const lower = (text: string) => text.replaceAll('Σ', 'σ').replaceAll('İ', 'i').toLowerCase()
