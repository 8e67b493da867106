import { fold } from '@tamga/language'
import { locales, type Label } from '@tamga/model'

/** A label that was found, and the name it was found by, if that is not the shown one. */
export interface Found {
  readonly label: Label
  readonly by: string | null
}

/**
 * Labels whose code or name, in any language, has words that begin with the words of the query (Kazakh letters may be
 * typed as Russian ones), codes first. An empty query finds all: those used last first, then in the order of the set.
 */
export function findLabels(
  labels: readonly Label[],
  query: string,
  recent: readonly string[],
  shown: (label: Label) => string,
): Found[] {
  const wanted = wordsOf(query)
  if (wanted.length === 0) return byUse(labels, recent).map((label) => ({ label, by: null }))
  const found = labels.flatMap((label) => {
    const by = nameWith(label, wanted, shown(label))
    return by === undefined ? [] : [{ label, by }]
  })
  const isByCode = ({ label }: Found) => begins(label.code, wanted)
  return [...found.filter(isByCode), ...found.filter((one) => !isByCode(one))]
}

const byUse = (labels: readonly Label[], recent: readonly string[]): Label[] => [
  ...recent.flatMap((id) => labels.find((label) => label.id === id) ?? []),
  ...labels.filter(({ id }) => !recent.includes(id)),
]

/** Null if the code or the shown name has the words, else the name that has them, undefined if none has. */
function nameWith(label: Label, wanted: readonly string[], shown: string): string | null | undefined {
  if (begins(label.code, wanted) || begins(shown, wanted)) return null
  return locales.map((locale) => label.name[locale]).find((name) => begins(name, wanted))
}

const begins = (text: string, wanted: readonly string[]): boolean =>
  wanted.every((word) => wordsOf(text).some((other) => other.startsWith(word)))

const wordsOf = (text: string): string[] =>
  fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
