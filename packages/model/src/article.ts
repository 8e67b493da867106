import { z } from './zod.ts'
import { requestLimits } from './limits.ts'
import { checkTitle } from './names.ts'
import { isPlain, loneSurrogate } from './plain.ts'
import type { ProblemCode } from './problem.ts'
import { codePointLength } from './text.ts'

/** Languages that articles are written in. */
export const languages = ['kk', 'ru', 'en'] as const
export const Language = z.enum(languages)
export type Language = z.infer<typeof Language>

/** Limits: code points of an article, bytes of a plain-text file, of a JSON Lines file, of one line; code units of metadata as JSON. */
export const limits = {
  articleCodePoints: 1_000_000,
  plainTextBytes: 8 * 1024 * 1024,
  jsonLinesBytes: 2 * 1024 * 1024 * 1024,
  lineBytes: 16 * 1024 * 1024,
  metaUnits: 1_000_000,
} as const

const Line = z.string().max(requestLimits.line)

/** What is known of an article beside its text. */
export const ArticleMeta = z.object({
  title: Line.trim().min(1).superRefine(checkTitle),
  language: Language.nullable(),
  date: z.iso.date().nullable(),
  source: Line.nullable(),
  licence: Line.nullable(),
  /** Articles of one group are translations of each other or near copies: they stay together in every split. */
  group: Line.nullable(),
  meta: z.record(z.string(), z.unknown()),
})
export type ArticleMeta = z.infer<typeof ArticleMeta>

/** One line of a JSON Lines import; fields it does not name are kept as metadata. */
export const ArticleLine = z.looseObject({
  text: z.string(),
  id: z.union([Line, z.number()]).optional(),
  title: Line.superRefine(checkTitle).optional(),
  language: Language.optional(),
  date: z.iso.date().optional(),
  source: Line.optional(),
  licence: Line.optional(),
  group: Line.optional(),
})
export type ArticleLine = z.infer<typeof ArticleLine>

/** Where and why a text cannot be an article: offset in code units, or null when it is the whole. */
export interface TextFault {
  readonly code: Extract<ProblemCode, 'text_empty' | 'text_nul' | 'text_surrogate' | 'text_too_long'>
  readonly offset: number | null
}

/** What keeps a text from being an article's, or null: nothing in it, NUL, a lone surrogate, too long. */
export function faultOfText(text: string): TextFault | null {
  if (text.trim() === '') return { code: 'text_empty', offset: null }
  const nul = text.indexOf('\0')
  if (nul >= 0) return { code: 'text_nul', offset: nul }
  const lone = loneSurrogate(text)
  if (lone >= 0) return { code: 'text_surrogate', offset: lone }
  if (text.length > limits.articleCodePoints && codePointLength(text) > limits.articleCodePoints)
    return { code: 'text_too_long', offset: null }
  return null
}

/** True if metadata can be stored as JSON in Postgres: no NUL, no lone surrogate, not deep. */
export function isStorable(value: unknown, depth = 0): boolean {
  if (Array.isArray(value)) return depth < 16 && value.every((item) => isStorable(item, depth + 1))
  if (typeof value === 'object' && value !== null)
    return depth < 16 && Object.entries(value).every(([key, item]) => isPlain(key) && isStorable(item, depth + 1))
  return isPlain(value)
}

const TITLE_LENGTH = 120

/** A working title: the first line that is not blank, cut at a word to 120 code units. */
export function titleFrom(text: string): string {
  const line = text
    .trim()
    .split(/[\r\n\u2028\u2029]/, 1)[0]!
    .trim()
  if (line.length <= TITLE_LENGTH) return line
  const cut = line.slice(0, TITLE_LENGTH).replace(/[\uD800-\uDBFF]$/, '')
  return cut.replace(/\s+\S*$/, '') + '…'
}
