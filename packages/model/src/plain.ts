/** What the shared document may hold: no objects, no functions, no `undefined`, nothing deep. */
export type Plain = null | boolean | number | string | readonly Plain[]

const MAX_DEPTH = 8

/**
 * True if `value` can live in the shared document: null, boolean, finite number, well-formed string without NUL,
 * or an array of those at most eight deep. Objects are refused whole: lib0 decodes `__proto__` as a real prototype.
 */
export function isPlain(value: unknown, depth = 0): value is Plain {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return isWellFormed(value) && !value.includes('\0')
  if (!Array.isArray(value) || depth >= MAX_DEPTH) return false
  return value.every((item) => isPlain(item, depth + 1))
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

/** Where the first surrogate stands that lacks its other half (code units), or -1. */
export const loneSurrogate = (text: string): number => text.search(LONE_SURROGATE)

/** True if every surrogate of the string has its other half. */
export const isWellFormed = (text: string): boolean => loneSurrogate(text) < 0
