import { readKey, readRecord, sameValue, withField, type Field } from '@tamga/collab'
import type { Annotation, Plain } from '@tamga/model'
import type * as Y from 'yjs'

/** A document's map, to read: what writes it is the verbs of `LayerDoc`, updates, and the server's edits of `apply.ts`. */
export type DocumentMap = Omit<Y.Map<unknown>, 'set' | 'delete' | 'clear'>

/** What was accepted of a layer so far: the document's map, the values by key, the annotations they make, whose they are. */
export interface Accepted {
  readonly map: DocumentMap
  readonly values: Map<string, Plain>
  readonly annotations: Map<string, Annotation>
  readonly creators: Map<string, string>
  readonly editors: Map<string, string>
}

/** One key whose accepted value changed. `undefined` is a key that is not there. */
export interface KeyChange {
  readonly id: string
  readonly field: Field | null
  readonly before: Plain | undefined
  readonly after: Plain | undefined
}

/** Takes a change into what was accepted, and answers it. */
export function accept(accepted: Accepted, change: KeyChange, account: string): KeyChange | null {
  const { values, annotations, creators, editors } = accepted
  const { id, field, before, after } = change
  if (after === undefined || sameValue(before, after)) return null
  values.set(field === null ? id : `${id}/${field}`, after)
  const next = field === null ? madeFrom(id, after) : withField(annotations.get(id)!, field, after)
  annotations.set(id, next!)
  if (field === null) creators.set(id, account)
  if (field !== 'gone' && field !== 'unsure') editors.set(id, account)
  return change
}

function madeFrom(id: string, value: Plain): Annotation {
  const { content, via } = readRecord(value)!
  return { id, content, via, unsure: false, gone: false }
}

/** Records what first, relations after what they lead to, fields last: each rule finds what it asks for. */
export function inOrder(map: Pick<DocumentMap, 'get'>, keys: ReadonlySet<string | null> = new Set()): string[] {
  const rank = (key: string) => {
    if (key.includes('/')) return 2
    const record = map.get(key)
    return Array.isArray(record) && record[0] === 'relation' ? 1 : 0
  }
  return [...keys].filter((key) => key !== null).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** Takes what `write` does to the document as accepted: another process committed it in this account's name. */
export function takeAs(accepted: Accepted, account: string, write: () => void): void {
  const watch = new KeyWatch(accepted)
  try {
    write()
  } finally {
    watch.stop()
  }
  watch.accept(account)
}

/** The keys that change from now on. */
export class KeyWatch {
  readonly #accepted: Accepted
  readonly #keys = new Set<string>()

  constructor(accepted: Accepted) {
    this.#accepted = accepted
    accepted.map.observe(this.#note)
  }

  stop(): void {
    this.#accepted.map.unobserve(this.#note)
  }

  /** Takes the values that these keys have now into what was accepted. */
  accept(account: string): KeyChange[] {
    const { map, values } = this.#accepted
    return inOrder(map, this.#keys).flatMap((key) => {
      const { id, field } = readKey(key)!
      const change = { id, field, before: values.get(key), after: map.get(key) as Plain | undefined }
      return accept(this.#accepted, change, account) ?? []
    })
  }

  readonly #note = (event: Y.YMapEvent<unknown>): void => {
    for (const key of event.keysChanged) this.#keys.add(key as string)
  }
}
