import { z } from './zod.ts'

/**
 * What one request may hold: every text, list, map and number that a client sends has its bound here, in characters (UTF-16
 * code units), entries or value. What is more is refused as `over_limit`, by the name of the field, and changes nothing.
 */
export const requestLimits = {
  /** A JSON body: its bytes, and how deep lists and objects may be nested in it. */
  jsonBytes: 1024 * 1024,
  jsonDepth: 32,
  /** An id, of whatever kind: in a path, or where a request names something. */
  id: 64,
  /** A whole number: what a column of Postgres holds. */
  integer: 2 ** 31 - 1,
  /** An annotation's content as JSON: what fits into a body. What it costs to compare it is linear. */
  content: 1024 * 1024,
  /** One value of the document as JSON; whether it fits into the document is said by what keeps it. */
  value: 64 * 1024,
  /** Ids in one question. */
  ids: 200,
  /** Uses of links that are marked as read. */
  links: 100,
  decisions: 500,
  note: 2000,
  reason: 1000,
  search: 200,
  signIn: 200,
  password: 200,
  /** One line about an article: title, source, licence, group. */
  line: 1000,
  /** Languages of a project. */
  languages: 3,
  /** Corrections of languages in one request. */
  corrections: 1000,
  /** Files in one request, and the other fields beside them. */
  files: 1000,
  fields: 10,
  fileName: 1000,
  /** What the sentence of a refusal needs, as a browser sends it back. */
  details: 20,
  detail: 200,
  // label sets
  labels: 500,
  attributes: 200,
  relations: 200,
  choices: 200,
  examples: 20,
  example: 500,
  definition: 4000,
  code: 200,
  defaultValue: 1000,
  /** How many groups may stand over a label. */
  parents: 8,
} as const

/** Schemas whose bound cannot be read off their form, with what it is. */
export const ownBounds = z.registry<{ readonly most: number; readonly of: 'entries' | 'characters' }>()

/** An id as a request gives it; whether there is such a thing is found out later. */
export const GivenId = z.string().max(requestLimits.id)

/** A whole number from 0, as a column holds it. */
export const GivenCount = z.int().min(0).max(requestLimits.integer)

/** A map of at most so many entries. */
export function boundedRecord<V extends z.ZodType>(values: V, most: number) {
  return z
    .record(GivenId, values)
    .superRefine((value, context) => {
      if (Object.keys(value).length > most) context.addIssue(tooBig('map', most))
    })
    .register(ownBounds, { most, of: 'entries' })
}

/** Any JSON of at most so many characters. */
export function boundedJson(most: number) {
  return z
    .unknown()
    .superRefine((value, context) => {
      if ((JSON.stringify(value) ?? '').length > most) context.addIssue(tooBig('string', most))
    })
    .register(ownBounds, { most, of: 'characters' })
}

const tooBig = (origin: 'map' | 'string', maximum: number) =>
  ({ code: 'too_big', origin, maximum, inclusive: true, message: `at most ${maximum}` }) as const

/** How deep lists and objects are nested in a JSON text, without reading it: linear, and no deeper than it is asked. */
export function nestingOf(json: string, most = Infinity): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < json.length && deepest <= most; i++) {
    const character = json.charCodeAt(i)
    if (inString) {
      if (character === BACKSLASH) i++
      else if (character === QUOTE) inString = false
    } else if (character === QUOTE) inString = true
    else if (character === BRACKET || character === BRACE) deepest = Math.max(deepest, ++depth)
    else if (character === BRACKET + 2 || character === BRACE + 2) depth--
  }
  return deepest
}

const [QUOTE, BACKSLASH, BRACKET, BRACE] = ['"', '\\', '[', '{'].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
]
