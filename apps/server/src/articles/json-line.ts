import { ArticleLine, isStorable, limits, Problem, titleFrom } from '@tamga/model'
import { detectLanguage } from '@tamga/language'
import { checkText, type Draft } from './draft.ts'
import { decodeUtf8 } from './utf8.ts'

const named = new Set<string>(Object.keys(ArticleLine.shape))

/**
 * One line of JSON Lines as an article. `text` is needed; `id`, `title`, `language`, `date`, `source`, `licence` and
 * `group` are known (null counts as absent); every other field is kept as metadata. Throws `text_utf8`, `line_not_json`,
 * `line_no_text`, `line_field` with the field's name, `line_meta_too_large`, or what is wrong with the text.
 */
export function draftFromLine(bytes: Uint8Array): Draft {
  const entries = Object.entries(parseObject(decodeUtf8(bytes))).filter(([, value]) => value !== null)
  const known = Object.fromEntries(entries.filter(([name]) => named.has(name)))
  const meta = Object.fromEntries(entries.filter(([name]) => !named.has(name)))
  if (typeof known.text !== 'string') throw new Problem('line_no_text')
  checkText(known.text)
  const { text, ...about } = readKnown(known)
  for (const [name, value] of Object.entries({ ...about, ...meta }))
    if (!isStorable([name, value])) throw new Problem('line_field', { field: printable(name) })
  if (JSON.stringify(meta).length > limits.metaUnits) throw new Problem('line_meta_too_large', { limit: '1 MB' })
  return {
    externalId: about.id === undefined || about.id === '' ? null : String(about.id),
    title: about.title?.trim() || titleFrom(text),
    language: about.language ?? detectLanguage(text),
    date: about.date ?? null,
    source: about.source ?? null,
    licence: about.licence ?? null,
    group: about.group ?? null,
    meta,
    text,
  }
}

function parseObject(line: string): object {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Problem('line_not_json')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Problem('line_not_json')
  return value
}

function readKnown(known: object) {
  const read = ArticleLine.safeParse(known)
  if (read.success) return read.data
  throw new Problem('line_field', { field: printable(String(read.error.issues[0]?.path[0] ?? '')) })
}

/** A field's name as a sentence can show it. */
const printable = (name: string) => name.replace(/[\0\p{Cs}]/gu, '\ufffd').slice(0, 100)
