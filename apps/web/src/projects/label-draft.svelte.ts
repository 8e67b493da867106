import {
  emptyLabelSet,
  faultsOfLabelSet,
  faultsOfRevision,
  LabelSet,
  nextColour,
  Problem,
  type Attribute,
  type Label,
  type LabelSetFault,
  type RelationType,
} from '@tamga/model'

export const lists = ['labels', 'attributes', 'relations'] as const
/** The three lists of a label set. */
export type ListName = (typeof lists)[number]
type Item = Label | Attribute | RelationType

const words = () => ({ en: '', ru: '', kk: '' })
const examples = () => ({ en: [], ru: [], kk: [] })

/** Letters that say nothing and cannot be mistaken for one another; 32⁸ ids are enough for a label set. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => ALPHABET[byte & 31]).join('')

/** A label set while it is being edited: the draft, the revision it comes from, and all that is wrong with it. */
export class LabelDraft {
  set = $state<LabelSet>(emptyLabelSet)
  saved = $state.raw<LabelSet>(emptyLabelSet)
  no = $state(0)
  used = $state.raw<ReadonlySet<string>>(new Set())
  /** Ids of new items whose code nobody has been at yet. */
  #untouched = $state.raw<ReadonlySet<string>>(new Set())
  readonly faults: readonly LabelSetFault[] = $derived([
    ...faultsOfLabelSet(this.set),
    ...faultsOfRevision(this.saved, this.set, this.used),
  ])
  /** The faults that somebody could know of: that a new item has no code is none before its field was left. */
  readonly told: readonly LabelSetFault[] = $derived(this.faults.filter(({ at }) => !this.#isAwaited(at)))
  readonly changed: boolean = $derived(JSON.stringify(this.set) !== JSON.stringify(this.saved))

  /** Begins anew from a saved revision. */
  open(no: number, set: LabelSet, used: readonly string[]) {
    this.no = no
    this.saved = set
    this.used = new Set(used)
    this.set = structuredClone(set)
  }

  /** Goes back to the revision. */
  discard() {
    this.set = structuredClone(this.saved)
  }

  /** What was just saved is the revision from now on. */
  keep(no: number) {
    this.no = no
    this.saved = $state.snapshot(this.set)
  }

  /**
   * Replaces the draft by a file's content.
   * @throws Problem `label_set_form` with the place of the first fault
   */
  load(text: string) {
    const read = LabelSet.safeParse(parsed(text))
    if (!read.success) throw new Problem('label_set_form', { at: read.error.issues[0]?.path.join('/') || 'JSON' })
    this.set = read.data
  }

  replace(set: LabelSet) {
    this.set = structuredClone(set)
  }

  /** The text of the draft as a file. */
  file(): string {
    return JSON.stringify(this.set, null, 2) + '\n'
  }

  /** The code of an item was left: from now on it is told when it is missing. */
  touch(id: string) {
    this.#untouched = new Set([...this.#untouched].filter((other) => other !== id))
  }

  /** Tells of everything that keeps the draft from being saved. */
  tellAll() {
    this.#untouched = new Set()
  }

  #isAwaited(at: string): boolean {
    const [list, i, field] = at.split('/')
    const item = field === 'code' ? this.set[list as ListName][Number(i)] : undefined
    return item?.code === '' && this.#untouched.has(item.id)
  }

  /** What is told of a field, by its path: `labels/3/key`. */
  faultAt(path: string): LabelSetFault | undefined {
    return this.told.find(({ at }) => at === path)
  }

  isFaulty(list: ListName, id: string): boolean {
    const i = this.set[list].findIndex((item: Item) => item.id === id)
    return this.told.some(({ at }) => at.startsWith(`${list}/${i}/`))
  }

  /** Was it there in the saved revision? Then its type is fixed. */
  wasSaved(list: ListName, id: string): boolean {
    return this.saved[list].some((item: Item) => item.id === id)
  }

  addLabel(parent: string | null, group: boolean): Label {
    const above = this.set.labels.find((label) => label.id === parent)
    const family = above?.family ?? 'other'
    const colours = this.set.labels.filter((label) => !label.group).map((label) => label.colour)
    const label: Label = {
      id: newId(),
      code: '',
      name: words(),
      definition: words(),
      examples: examples(),
      borderline: words(),
      key: null,
      colour: nextColour(family, colours),
      family,
      parent,
      group,
      holds: [],
      retired: false,
    }
    this.set.labels.push(label)
    this.#untouched = new Set([...this.#untouched, label.id])
    return label
  }

  addAttribute(): Attribute {
    const attribute: Attribute = {
      id: newId(),
      code: '',
      name: words(),
      definition: words(),
      type: 'text',
      labels: [],
      retired: false,
    }
    this.set.attributes.push(attribute)
    this.#untouched = new Set([...this.#untouched, attribute.id])
    return attribute
  }

  addRelation(): RelationType {
    const relation: RelationType = {
      id: newId(),
      code: '',
      name: words(),
      definition: words(),
      from: [],
      to: [],
      retired: false,
    }
    this.set.relations.push(relation)
    this.#untouched = new Set([...this.#untouched, relation.id])
    return relation
  }

  addChoice(attribute: Attribute) {
    attribute.choices = [...(attribute.choices ?? []), { id: newId(), name: words() }]
  }

  /** Takes an item out, and every mention of a label with it. */
  remove(list: ListName, id: string) {
    if (list === 'attributes') this.set.attributes = without(this.set.attributes, id)
    else if (list === 'relations') this.set.relations = without(this.set.relations, id)
    else this.#removeLabel(id)
  }

  #removeLabel(id: string) {
    const but = (ids: readonly string[]) => ids.filter((other) => other !== id)
    this.set.labels = without(this.set.labels, id)
    for (const label of this.set.labels) {
      label.holds = but(label.holds)
      if (label.parent === id) label.parent = null
    }
    for (const attribute of this.set.attributes) attribute.labels = but(attribute.labels)
    for (const relation of this.set.relations) [relation.from, relation.to] = [but(relation.from), but(relation.to)]
  }
}

const without = <T extends Item>(list: readonly T[], id: string): T[] => list.filter((item) => item.id !== id)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A label with how deep it stands, in the order of the tree: each group before what it holds. */
export interface Branch {
  readonly label: Label
  readonly depth: number
}

export function treeOf({ labels }: LabelSet): Branch[] {
  const seen = new Set<string>()
  const grow = (parent: string | null, depth: number): Branch[] =>
    labels
      .filter((label) => label.parent === parent && !seen.has(label.id))
      .flatMap((label) => {
        seen.add(label.id)
        return [{ label, depth }, ...grow(label.id, depth + 1)]
      })
  const rooted = grow(null, 0)
  // what hangs in a circle or on an unknown parent must stay reachable, or its fault could not be mended
  return [...rooted, ...labels.filter((label) => !seen.has(label.id)).map((label) => ({ label, depth: 0 }))]
}
