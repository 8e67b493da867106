import { z } from './zod.ts'
import { attributeType, attributeTypeIds } from './attributes/index.ts'
import { Colour } from './colour.ts'
import { requestLimits } from './limits.ts'
import { cleanName, nameFault } from './names.ts'
import type { ProblemCode, ProblemDetails } from './problem.ts'

/** The languages of the interface and of definitions. */
export const locales = ['en', 'ru', 'kk'] as const
export type Locale = (typeof locales)[number]

/** One text in the interface's languages; an empty one falls back to another. */
export const Words = z.strictObject({
  en: z.string().max(requestLimits.definition).default(''),
  ru: z.string().max(requestLimits.definition).default(''),
  kk: z.string().max(requestLimits.definition).default(''),
})
export type Words = z.infer<typeof Words>

/** A name in the interface's languages, each empty or good (names.ts); blanks at the ends are left out. */
const Name = Words.overwrite((words) => ({
  en: cleanName(words.en),
  ru: cleanName(words.ru),
  kk: cleanName(words.kk),
})).superRefine((words, ctx) => {
  for (const locale of locales) {
    const fault = words[locale] === '' ? null : nameFault(words[locale], Infinity)
    if (fault) ctx.addIssue({ code: 'custom', params: fault, message: fault.code, path: [locale] })
  }
})

/** The text in a language, else in the first of ru, en, kk that has one. */
export const say = (words: Words, locale: Locale): string => words[locale] || words.ru || words.en || words.kk

/** An id that a person may read: a letter or digit, then letters, digits, `_` and `-`; so never `__proto__`. */
export const NameId = z
  .string()
  .max(requestLimits.id)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/)

/** `event.code` of the letters and digits: the range that belongs to labels; commands keep to other keys. */
export const LabelKey = z
  .string()
  .max(requestLimits.id)
  .regex(/^(Key[A-Z]|Digit[0-9])$/)

/** The kind of thing a label names: gives the hue and the glyph, so that hue is never the only channel. */
export const families = ['person', 'organization', 'place', 'time', 'amount', 'event', 'text', 'other'] as const
export const Family = z.enum(families)
export type Family = z.infer<typeof Family>

const LARGEST = Number.MAX_SAFE_INTEGER
const LabelIds = z.array(NameId).max(requestLimits.labels).default([])
const Examples = z.array(z.string().max(requestLimits.example)).max(requestLimits.examples).default([])

export const Label = z.strictObject({
  id: NameId,
  /** What stands in the text: unique ignoring case. */
  code: z.string().max(requestLimits.code),
  name: Name,
  definition: Words.prefault({}),
  examples: z.strictObject({ en: Examples, ru: Examples, kk: Examples }).prefault({}),
  borderline: Words.prefault({}),
  key: LabelKey.nullable().default(null),
  colour: Colour,
  family: Family.default('other'),
  /** The id of the group it stands under, or null. */
  parent: NameId.nullable().default(null),
  /** A group orders labels and cannot be chosen itself. */
  group: z.boolean().default(false),
  /** Ids of labels expected inside it: a hint, never a refusal. */
  holds: LabelIds,
  /** A label in use is retired, never deleted: what carries it keeps it, nobody may choose it anew. */
  retired: z.boolean().default(false),
})
export type Label = z.infer<typeof Label>

export const Attribute = z.strictObject({
  id: NameId,
  code: z.string().max(requestLimits.code),
  name: Name,
  definition: Words.prefault({}),
  type: z.enum(attributeTypeIds),
  /** Ids of the labels that carry it. */
  labels: LabelIds,
  choices: z
    .array(z.strictObject({ id: NameId, name: Name }))
    .max(requestLimits.choices)
    .optional(),
  multiple: z.boolean().optional(),
  /** What absence means; never written. */
  default: z
    .union([z.string().max(requestLimits.defaultValue), z.number().min(-LARGEST).max(LARGEST), z.boolean()])
    .optional(),
  retired: z.boolean().default(false),
})
export type Attribute = z.infer<typeof Attribute>

export const RelationType = z.strictObject({
  id: NameId,
  code: z.string().max(requestLimits.code),
  name: Name,
  definition: Words.prefault({}),
  from: LabelIds,
  to: LabelIds,
  retired: z.boolean().default(false),
})
export type RelationType = z.infer<typeof RelationType>

export const LabelSet = z.strictObject({
  labels: z.array(Label).max(requestLimits.labels),
  attributes: z.array(Attribute).max(requestLimits.attributes).default([]),
  relations: z.array(RelationType).max(requestLimits.relations).default([]),
})
export type LabelSet = z.infer<typeof LabelSet>

export const emptyLabelSet: LabelSet = { labels: [], attributes: [], relations: [] }

export const labelById = (set: LabelSet, id: string): Label | undefined => set.labels.find((label) => label.id === id)

/** The labels a person can choose today, in the order of the set. */
export const choosable = (set: LabelSet): Label[] => set.labels.filter((label) => !label.group && !label.retired)

/** The attributes that a label carries, retired ones left out. */
export const attributesOf = (set: LabelSet, label: string): Attribute[] =>
  set.attributes.filter((attribute) => !attribute.retired && attribute.labels.includes(label))

/** One thing that keeps a label set from being saved. `at` is the path of the field for the page: `labels/3/key`. */
export interface LabelSetFault {
  readonly at: string
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

type LabelsById = ReadonlyMap<string, Label>

const CODE = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/

/**
 * All that is wrong with a label set by itself: codes malformed or taken (ignoring case), keys taken (the fault names who
 * has it), parents that are no group or lead in a circle, unknown ids in `holds` and `labels`, attributes without
 * choices. Empty means it may be saved.
 */
export function faultsOfLabelSet(set: LabelSet): LabelSetFault[] {
  const byId: LabelsById = new Map(set.labels.map((label) => [label.id, label]))
  return [
    ...codeFaults('labels', set.labels),
    ...codeFaults('attributes', set.attributes),
    ...codeFaults('relations', set.relations),
    ...keyFaults(set.labels),
    ...treeFaults(set, byId),
    ...set.attributes.flatMap((attribute, i) => attributeFaults(byId, attribute, `attributes/${i}`)),
    ...set.relations.flatMap((relation, i) =>
      unknownLabels(byId, [...relation.from, ...relation.to], `relations/${i}`),
    ),
  ]
}

function codeFaults(list: string, items: readonly { id: string; code: string }[]): LabelSetFault[] {
  const faults: LabelSetFault[] = []
  const seen = new Map<string, string>()
  const ids = new Set<string>()
  for (const [i, { id, code }] of items.entries()) {
    const at = `${list}/${i}/code`
    if (!CODE.test(code)) faults.push({ at, code: 'label_code_form', details: { code } })
    const other = seen.get(code.toLowerCase())
    if (other !== undefined && code !== '') faults.push({ at, code: 'label_code_taken', details: { code, other } })
    if (ids.has(id)) faults.push({ at: `${list}/${i}/id`, code: 'label_code_taken', details: { code: id, other: id } })
    seen.set(code.toLowerCase(), code)
    ids.add(id)
  }
  return faults
}

function keyFaults(labels: readonly Label[]): LabelSetFault[] {
  const faults: LabelSetFault[] = []
  const holders = new Map<string, Label>()
  for (const [i, label] of labels.entries()) {
    if (label.key === null || label.retired) continue
    const other = holders.get(label.key)
    const at = `labels/${i}/key`
    if (label.group) faults.push({ at, code: 'label_group_chosen', details: { code: label.code } })
    if (other)
      faults.push({ at, code: 'label_key_taken', details: { key: label.key, code: label.code, other: other.code } })
    else holders.set(label.key, label)
  }
  return faults
}

function treeFaults(set: LabelSet, byId: LabelsById): LabelSetFault[] {
  return set.labels.flatMap((label, i) => {
    const faults = unknownLabels(byId, label.holds, `labels/${i}/holds`)
    const parent = label.parent === null ? null : byId.get(label.parent)
    const at = `labels/${i}/parent`
    const details = { code: label.code }
    const above = parentsOf(byId, label)
    if (parent === undefined || (parent && !parent.group) || above === 'circle')
      faults.push({ at, code: 'label_parent', details })
    else if (above === 'many')
      faults.push({ at, code: 'label_depth', details: { ...details, most: requestLimits.parents } })
    return faults
  })
}

/** Whether a label stands under groups as it may: not within itself, and not under too many. */
function parentsOf(byId: LabelsById, label: Label): 'few' | 'many' | 'circle' {
  const seen = new Set([label.id])
  for (let at = label.parent; at !== null; at = byId.get(at)?.parent ?? null) {
    if (seen.has(at)) return 'circle'
    seen.add(at)
  }
  return seen.size > requestLimits.parents + 1 ? 'many' : 'few'
}

const unknownLabels = (byId: LabelsById, ids: readonly string[], at: string): LabelSetFault[] =>
  ids.filter((id) => !byId.has(id)).map((id) => ({ at, code: 'label_unknown', details: { code: id } }))

function attributeFaults(byId: LabelsById, attribute: Attribute, at: string): LabelSetFault[] {
  const faults = unknownLabels(byId, attribute.labels, `${at}/labels`)
  const details = { code: attribute.code }
  const choices = new Set(attribute.choices?.map((c) => c.id))
  if (attribute.type === 'choice' && (choices.size === 0 || choices.size !== attribute.choices?.length))
    faults.push({ at: `${at}/choices`, code: 'attribute_choices', details })
  const shape = { choices: attribute.choices, multiple: false }
  if (attribute.default !== undefined && !attributeType(attribute.type).accepts(attribute.default, shape))
    faults.push({ at: `${at}/default`, code: 'attribute_value', details })
  return faults
}

/**
 * What a new revision may not do to the one before: change an attribute's type, or drop a label, attribute or relation
 * that is in use (retire it instead). `used` holds ids that any annotation carries or ever carried.
 */
export function faultsOfRevision(before: LabelSet, after: LabelSet, used: ReadonlySet<string>): LabelSetFault[] {
  const faults: LabelSetFault[] = []
  for (const list of ['labels', 'attributes', 'relations'] as const) {
    const kept = new Set(after[list].map((item) => item.id))
    for (const item of before[list])
      if (used.has(item.id) && !kept.has(item.id))
        faults.push({ at: list, code: 'label_in_use', details: { code: item.code } })
  }
  for (const [i, attribute] of after.attributes.entries()) {
    const old = before.attributes.find((a) => a.id === attribute.id)
    if (old && old.type !== attribute.type)
      faults.push({ at: `attributes/${i}/type`, code: 'attribute_type_fixed', details: { code: attribute.code } })
  }
  return faults
}
