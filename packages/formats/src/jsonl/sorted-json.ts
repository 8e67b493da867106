/**
 * JSON on one line with the keys of every object sorted by UTF-16 code units, without blanks, so that equal values are
 * equal bytes. Entries of `undefined` are left out. U+0085, U+2028 and U+2029 are escaped: some readers break lines there.
 */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return escapeBreaks(JSON.stringify(value ?? null))
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const members = entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${sortedJson(key)}:${sortedJson(item)}`)
  return `{${members.join(',')}}`
}

const escapeBreaks = (json: string): string =>
  json.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
