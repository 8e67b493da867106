import { isId, isPlain, Problem, type Annotation, type AttributeValue } from '@tamga/model'
import type { Content, Plain, ProblemCode, Range, Rules } from '@tamga/model'
import * as Y from 'yjs'
import { isCorrectionClient } from './client-ids.ts'
import { attributeOfField, copy, fieldKey, fieldOf, readAnnotation, readKey, ROOT } from './record.ts'
import { sameValue, toRecord, withField, type Field } from './record.ts'
import { contentWithoutDefaults, faultOfField, faultOfMaking, withoutDefault } from './rules.ts'

/** What an act did, for the sentence "undo: …". An act of several verbs is named by the caller or by its first verb. */
export type ActName = 'add' | 'ranges' | 'label' | 'attribute' | 'ends' | 'remove' | 'restore' | 'unsure'

/** One field that an act changed. `made` is the annotation if the act made it: its making changes `gone` from true to false. */
export interface Change {
  readonly id: string
  readonly field: Field
  readonly before: Plain
  readonly after: Plain
  readonly made: Annotation | null
}

export interface Act {
  readonly name: ActName
  readonly changes: readonly Change[]
}

/** What a layer holds: what parses and may stand, and the keys that do not, each with its reason. */
export interface LayerSnapshot {
  readonly annotations: Annotation[]
  readonly broken: { readonly key: string; readonly code: ProblemCode }[]
}

export type LayerListener = (changed: ReadonlySet<string>, local: boolean) => void

/**
 * The annotations of one layer over a Y.Doc: verbs write, `read` and `snapshot` return plain copies, `observe` says which
 * annotations changed. Verbs throw a Problem (and write nothing) when what they would write may not stand; no verb ever
 * deletes a key. Ranges are UTF-16 code units.
 */
export class LayerDoc {
  readonly doc: Y.Doc
  readonly #map: Y.Map<unknown>
  readonly #rules: () => Rules
  // the attributes that have an override key, by annotation
  readonly #overridden = new Map<string, Set<string>>()
  readonly #ids = new Set<string>()
  readonly #listeners = new Set<LayerListener>()
  readonly #actListeners = new Set<(act: Act) => void>()
  // what was there before this object, and the client ids that its own acts used since
  #start: ReadonlyMap<number, number>
  readonly #own = new Set<number>()
  // keys under which somebody else's write stood since one's own
  readonly #others = new Set<string>()
  #open: { name: ActName | null; readonly changes: Change[] } | null = null

  /** `rules` is asked at each use, so that a label set that grows meanwhile counts at once. */
  constructor(doc: Y.Doc, rules: () => Rules) {
    this.doc = doc
    this.#rules = rules
    this.#map = doc.getMap(ROOT)
    this.#start = Y.decodeStateVector(Y.encodeStateVector(doc))
    for (const key of this.#map.keys()) this.#index(key)
    this.#map.observe(this.#onChange)
  }

  /** Stops observing the document, which is the caller's to destroy. */
  dispose(): void {
    this.#map.unobserve(this.#onChange)
    this.#listeners.clear()
    this.#actListeners.clear()
  }

  /** Makes an annotation. `id` is fresh (`idFrom`); attributes that equal their default are not written. */
  add(content: Content, { id, via = null }: { id: string; via?: string | null }): void {
    if (!isId(id) || this.#map.has(id)) throw new Problem('annotation_exists', { id })
    const rules = this.#rules()
    const own = contentWithoutDefaults(rules.labels, content)
    refuse(faultOfMaking(own, rules))
    if (own.kind === 'relation' && !(this.has(own.from) && this.has(own.to))) throw new Problem('annotation_gone')
    this.act(() => {
      this.#put(id, toRecord(own, via))
      this.#note('add', { id, field: 'gone', before: true, after: false, made: this.read(id) })
    })
  }

  setRanges(id: string, ranges: readonly Range[]): void {
    this.set(id, 'ranges', ranges)
  }

  setLabel(id: string, label: string): void {
    this.set(id, 'label', label)
  }

  /** Gives an attribute a value; null, or its default, takes it away. */
  setAttribute(id: string, attribute: string, value: AttributeValue | null): void {
    this.set(id, `a/${attribute}`, value)
  }

  /** Lets a relation start from, or lead to, another annotation. */
  setEnd(id: string, end: 'from' | 'to', other: string): void {
    this.set(id, end, other)
  }

  /** Removes an annotation, or brings it back: its content stays. */
  setGone(id: string, gone: boolean): void {
    this.set(id, 'gone', gone)
  }

  setUnsure(id: string, unsure: boolean): void {
    this.set(id, 'unsure', unsure)
  }

  /** Changes one field; what it says already is not written. Throws `annotation_gone` if there is no such annotation. */
  set(id: string, field: Field, value: Plain): void {
    const now = this.read(id)
    if (!now || !readKey(fieldKey(id, field))) throw new Problem('annotation_gone', { id })
    const rules = this.#rules()
    const attribute = attributeOfField(field)
    const own = attribute === null ? value : withoutDefault(rules.labels, attribute, value as AttributeValue | null)
    const before = fieldOf(now, field)
    if (sameValue(before, own)) return
    const next = isPlain(own) ? withField(now, field, own) : null
    refuse(next ? faultOfField(next, field, rules) : 'annotation_malformed')
    if ((field === 'from' || field === 'to') && !this.has(own as string)) throw new Problem('annotation_gone')
    this.act(() => {
      this.#put(fieldKey(id, field), copy(own))
      this.#note(nameOf(field, own), { id, field, before, after: copy(own), made: null })
    })
  }

  /**
   * Runs several verbs as one act: one transaction, one step of undo. If `run` throws, what its verbs wrote before stands
   * and is still one act.
   */
  act<T>(run: () => T, name: ActName | null = null): T {
    if (this.#open) return run()
    this.#open = { name, changes: [] }
    try {
      return Y.transact(this.doc, run, this)
    } finally {
      const { name: first, changes } = this.#open
      this.#open = null
      if (first && changes.length > 0) for (const listener of this.#actListeners) listener({ name: first, changes })
    }
  }

  has(id: string): boolean {
    return this.#map.has(id)
  }

  /** The ids of all records, those that do not parse included. */
  ids(): readonly string[] {
    return [...this.#ids]
  }

  /** One annotation as it stands, gone or not, or null if it is not there or does not parse. */
  read(id: string): Annotation | null {
    return readAnnotation(id, (key) => this.#map.get(key), this.#overridden.get(id) ?? [])
  }

  /**
   * Counts what is there now as the beginning: the document has just been filled with what the server keeps, so none of
   * it was written by somebody else meanwhile.
   */
  begin(): void {
    this.#start = Y.decodeStateVector(Y.encodeStateVector(this.doc))
    this.#others.clear()
  }

  /**
   * True if somebody else wrote what stands under this field's key, since this object began to look. A correction of the
   * server is nobody's: it says again what was accepted before, or what was written here and lost to a refused write. So
   * what counts under it is whether somebody else's write was seen to stand since the last of one's own.
   */
  isOthers(id: string, field: Field): boolean {
    const item = this.#map._map.get(fieldKey(id, field))
    if (!item || this.#own.has(item.id.client)) return false
    if (isCorrectionClient(item.id.client)) return this.#others.has(fieldKey(id, field))
    return item.id.clock >= (this.#start.get(item.id.client) ?? 0)
  }

  /** All that parses and may stand by the rules, gone ones included, and the keys of what does not. */
  snapshot(): LayerSnapshot {
    const annotations: Annotation[] = []
    const broken: LayerSnapshot['broken'] = []
    const rules = this.#rules()
    for (const id of this.#ids) {
      const annotation = this.read(id)
      const code = annotation ? faultOfMaking(annotation.content, rules) : 'annotation_malformed'
      if (annotation && !code) annotations.push(annotation)
      else if (code) broken.push({ key: id, code })
    }
    for (const key of this.#map.keys()) {
      const { id } = readKey(key) ?? { id: null }
      if (id === null || !this.#ids.has(id)) broken.push({ key, code: 'annotation_malformed' })
    }
    return { annotations, broken }
  }

  /** Calls back after each transaction with the annotations it changed. Returns what ends it. */
  observe(listener: LayerListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls back after each act of this object's own verbs. Returns what ends it. */
  onAct(listener: (act: Act) => void): () => void {
    this.#actListeners.add(listener)
    return () => this.#actListeners.delete(listener)
  }

  #put(key: string, value: Plain): void {
    if (!isPlain(value)) throw new Problem('annotation_malformed')
    this.#own.add(this.doc.clientID)
    this.#others.delete(key)
    this.#map.set(key, value)
    this.#index(key)
  }

  #note(name: ActName, change: Change): void {
    const open = this.#open!
    open.name ??= name
    open.changes.push(change)
  }

  readonly #onChange = (event: Y.YMapEvent<unknown>): void => {
    const changed = new Set<string>()
    for (const key of event.keysChanged as Set<string>) {
      this.#index(key)
      if (!event.transaction.local) this.#noteOthers(key)
      const parts = readKey(key)
      if (parts) changed.add(parts.id)
    }
    if (changed.size > 0) for (const listener of this.#listeners) listener(changed, event.transaction.local)
  }

  #noteOthers(key: string): void {
    const { id, deleted } = this.#map._map.get(key)!
    // what is deleted was refused
    if (!deleted && !this.#own.has(id.client) && !isCorrectionClient(id.client)) this.#others.add(key)
  }

  #index(key: string): void {
    const { id, field } = readKey(key) ?? { id: null, field: null }
    if (id === null) return
    if (field === null) {
      if (this.#map.has(key)) this.#ids.add(id)
      else this.#ids.delete(id)
      return
    }
    const attribute = attributeOfField(field)
    if (attribute === null) return
    const known = this.#overridden.get(id)
    if (known) known.add(attribute)
    else this.#overridden.set(id, new Set([attribute]))
  }
}

function refuse(code: ProblemCode | null): void {
  if (code) throw new Problem(code)
}

function nameOf(field: Field, value: Plain): ActName {
  switch (field) {
    case 'ranges':
    case 'label':
    case 'unsure':
      return field
    case 'from':
    case 'to':
      return 'ends'
    case 'gone':
      return value === true ? 'remove' : 'restore'
    default:
      return 'attribute'
  }
}
