import { Problem, type Annotation } from '@tamga/model'
import { fieldOf, readKey, sameValue } from './record.ts'
import type { Act, ActName, Change, LayerDoc } from './layer-doc.ts'

/** What undo or redo would touch, for the sentence on the page. */
export interface Step {
  readonly act: ActName
  readonly annotations: readonly string[]
}

/** What undo or redo did: the annotations it changed back, and those that somebody changed since and it left alone. */
export interface Undone extends Step {
  readonly left: readonly string[]
}

const KEPT_ACTS = 500

/**
 * Undo of my own acts in this tab, one act a step, as their inverse. A change is taken back only where the field still
 * says what I wrote and nobody wrote the same over it, and an annotation of mine is removed only while it is as I made it: what anybody did since stays.
 * Entries name annotations and values, not positions in a document, so they survive a new one (`attach`).
 */
export class OwnUndo {
  #layer!: LayerDoc
  #detach: () => void = () => undefined
  #undo: Act[] = []
  #redo: Act[] = []
  #replaying = false

  constructor(layer: LayerDoc) {
    this.attach(layer)
  }

  /** Goes on with another document of the same layer. */
  attach(layer: LayerDoc): void {
    this.#detach()
    this.#layer = layer
    this.#detach = layer.onAct((act) => this.#remember(act))
  }

  dispose(): void {
    this.#detach()
  }

  get canUndo(): boolean {
    return this.#undo.length > 0
  }

  get canRedo(): boolean {
    return this.#redo.length > 0
  }

  /** What the next undo would take back, or null. */
  top(): Step | null {
    return stepOf(this.#undo.at(-1))
  }

  /** What the next redo would do again, or null. */
  topRedo(): Step | null {
    return stepOf(this.#redo.at(-1))
  }

  /** Takes back my last act, whole. Null if there is none. */
  undo(): Undone | null {
    return this.#revert(this.#undo, this.#redo)
  }

  /** Does again what I took back last. Null if there is nothing. */
  redo(): Undone | null {
    return this.#revert(this.#redo, this.#undo)
  }

  /** Forgets entries of a key that the server refused (message 121); a refused record takes all of its annotation. */
  refused(key: string): void {
    const { id, field } = readKey(key) ?? {}
    const keep = (change: Change) => change.id !== id || (field !== null && change.field !== field)
    const filter = (acts: readonly Act[]) =>
      acts.map((act) => ({ ...act, changes: act.changes.filter(keep) })).filter((act) => act.changes.length > 0)
    this.#undo = filter(this.#undo)
    this.#redo = filter(this.#redo)
  }

  /** Runs verbs that are no new acts of mine: what is written again is remembered already, or was never this tab's. */
  unremembered(run: () => void): void {
    this.#replaying = true
    try {
      run()
    } finally {
      this.#replaying = false
    }
  }

  #remember(act: Act): void {
    if (this.#replaying) return
    this.#undo = [...this.#undo, act].slice(-KEPT_ACTS)
    this.#redo = []
  }

  #revert(from: Act[], to: Act[]): Undone | null {
    const act = from.pop()
    if (!act) return null
    const { done, left } = this.#replay(act)
    // in the order of doing, so that the way back starts at the end again
    if (done.length > 0) to.push({ name: act.name, changes: done })
    return { act: act.name, annotations: idsOf(done), left }
  }

  #replay(act: Act): { done: Change[]; left: string[] } {
    const done: Change[] = []
    const left = new Set<string>()
    this.#replaying = true
    try {
      this.#layer.act(() => {
        for (const change of act.changes.toReversed()) {
          if (this.#takeBack(change)) done.push({ ...change, before: change.after, after: change.before })
          else left.add(change.id)
        }
      }, act.name)
    } finally {
      this.#replaying = false
    }
    return { done, left: [...left] }
  }

  #takeBack({ id, field, before, after, made }: Change): boolean {
    const now = this.#layer.read(id)
    if (
      !now ||
      this.#layer.isOthers(id, field) ||
      !sameValue(fieldOf(now, field), after) ||
      (made && !asMade(now, made))
    )
      return false
    try {
      this.#layer.set(id, field, before)
    } catch (error) {
      // the value may no longer stand: its label became a group, its choice was taken away
      if (error instanceof Problem) return false
      throw error
    }
    return true
  }
}

const stepOf = (act: Act | undefined): Step | null => (act ? { act: act.name, annotations: idsOf(act.changes) } : null)

const idsOf = (changes: readonly Change[]): string[] => [...new Set(changes.map((change) => change.id))]

const asMade = (now: Annotation, made: Annotation): boolean =>
  now.unsure === made.unsure && sameValue(now.content, made.content)
