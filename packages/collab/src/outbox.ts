import { Problem, type Annotation, type Plain, type ProblemCode, type ProblemDetails } from '@tamga/model'
import type { Act, LayerDoc } from './layer-doc.ts'
import { fieldKey, fieldOf, readAnnotation, readKey, readRecord, sameValue, toRecord, withField } from './record.ts'
import type { Field } from './record.ts'

/** One edit as a value of its own: the key, what stood there before (null: nothing) and what was written. */
export interface Edit {
  readonly key: string
  readonly before: Plain
  readonly value: Plain
}

/** An own edit that is not known to be durable, as a browser keeps it until it is. */
export interface Unsent extends Edit {
  readonly tab: string
  /** Its place among the edits of its tab. */
  readonly n: number
  readonly article: string
  readonly title: string
  readonly layer: string
  readonly revision: string
  readonly epoch: number
  readonly client: number
  /** The client's clock right after this edit. */
  readonly clock: number
  /** The words that it is about and the code of its label, for pages that have neither the text nor the labels. */
  readonly quote: string
  readonly label: string
  /** Milliseconds; within a tab never less than before. */
  readonly at: number
}

/** An edit that could not be written again, with the reason. */
export interface LostEdit extends Edit {
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

/** The edits of an act, in order. */
export const editsOf = ({ changes }: Act): Edit[] =>
  changes.map(({ id, field, before, after, made }) =>
    made
      ? { key: id, before: null, value: toRecord(made.content, made.via) }
      : { key: fieldKey(id, field), before, value: after },
  )

/** Orders edits of several tabs as they were made; those of one tab keep their order whatever the clock did. */
export const inOrderOfActs = (a: Unsent, b: Unsent): number =>
  a.at - b.at || (a.tab < b.tab ? -1 : a.tab > b.tab ? 1 : a.n - b.n)

// half of what one update may hold, so that the document's own bytes never carry a part over it
const PART = 32 * 1024

/**
 * Writes edits again through the verbs, into a document that may have moved on: what it says already stays, a field is
 * written only where it still says what it said before, a record only where there is none. Answers what was not written,
 * one a key, with the last value that was wanted; a record that cannot stand carries what was changed of it since.
 */
export function writeAgain(layer: LayerDoc, edits: readonly Edit[]): LostEdit[] {
  const lost: Lost = new Map()
  for (const part of partsOf(edits)) layer.act(() => part.forEach((edit) => writeOne(layer, edit, lost)))
  return [...lost.values()].filter(({ removed }) => !removed).map(({ removed: _, ...edit }) => edit)
}

/** What could not be written, by key. A record that was removed again is not missed, unless it is brought back. */
type Lost = Map<string, LostEdit & { readonly removed?: boolean }>

/**
 * Shows edits in a document that is never sent, on a copy of who knows when: a record where there is none, a field
 * whatever it says. What may not stand is left out; the document that is sent will tell.
 */
export function showIn(layer: LayerDoc, edits: readonly Edit[]): void {
  for (const edit of edits) {
    const { id, field } = partsOfKey(edit.key)
    if (field === null) make(layer, id, edit)
    else problemOf(() => layer.set(id, field, edit.value))
  }
}

/** Writes one edit whatever stands there now, as its writer asks for once more. Throws a Problem if it may not stand. */
export function insist(layer: LayerDoc, { key, value }: Pick<Edit, 'key' | 'value'>): void {
  const { id, field } = partsOfKey(key)
  if (field !== null) return layer.set(id, field, value)
  const record = readRecord(value)
  if (!record) throw new Problem('annotation_malformed')
  const now = layer.read(id)
  if (!now) return layer.add(record.content, { ...record, id })
  layer.act(() => {
    layer.setGone(id, false)
    for (const [one, wanted] of fieldsOf(record.content)) layer.set(id, one, wanted)
  })
}

function fieldsOf(content: Annotation['content']): [Field, Plain][] {
  const attributes = content.attributes.map(([id, value]): [Field, Plain] => [`a/${id}`, value])
  const place: [Field, Plain][] =
    content.kind === 'span'
      ? [['ranges', content.ranges]]
      : content.kind === 'relation'
        ? [
            ['from', content.from],
            ['to', content.to],
          ]
        : []
  return [['label', content.label], ...place, ...attributes]
}

function writeOne(layer: LayerDoc, edit: Edit, lost: Lost): void {
  const { id, field } = partsOfKey(edit.key)
  const record = lost.get(id)
  if (field !== null && record) return foldIn(lost, record, id, field, edit.value)
  const problem = field === null ? make(layer, id, edit) : change(layer, id, field, edit)
  const earlier = lost.get(edit.key)
  if (problem)
    lost.set(edit.key, {
      ...edit,
      before: earlier ? earlier.before : edit.before,
      code: problem.code,
      details: problem.details,
    })
  else lost.delete(edit.key)
}

function make(layer: LayerDoc, id: string, { value }: Edit): Problem | null {
  if (layer.has(id)) return null
  const record = readRecord(value)
  if (!record) return new Problem('annotation_malformed')
  return problemOf(() => layer.add(record.content, { id, via: record.via }))
}

function change(layer: LayerDoc, id: string, field: Field, { before, value }: Edit): Problem | null {
  const now = layer.read(id)
  if (!now) return new Problem('annotation_gone')
  if (sameValue(fieldOf(now, field), value)) return null
  if (!sameValue(fieldOf(now, field), before)) return new Problem('edit_overtaken')
  return problemOf(() => layer.set(id, field, value))
}

/** What was changed of a record that could not be written belongs to it. */
function foldIn(lost: Lost, record: LostEdit, id: string, field: Field, value: Plain): void {
  const now = readAnnotation(id, (key) => (key === id ? record.value : undefined), [])
  const next = now && withField(now, field, value)
  if (!next) return
  const removed = field === 'gone' ? { removed: next.gone } : {}
  lost.set(id, { ...record, ...removed, value: toRecord(next.content, next.via) })
}

function problemOf(verb: () => void): Problem | null {
  try {
    verb()
    return null
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

function partsOfKey(key: string): { id: string; field: Field | null } {
  const parts = readKey(key)
  if (!parts) throw new Problem('annotation_malformed')
  return parts
}

function partsOf(edits: readonly Edit[]): Edit[][] {
  const parts: Edit[][] = []
  let room = 0
  for (const edit of edits) {
    const size = edit.key.length + 3 * JSON.stringify(edit.value).length
    if (parts.length === 0 || size > room) {
      parts.push([])
      room = PART
    }
    parts.at(-1)!.push(edit)
    room -= size
  }
  return parts
}
