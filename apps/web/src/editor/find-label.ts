import { fold } from '@tamga/language'
import { locales, type Label } from '@tamga/model'

/** A label that was found, and the word that was, if it is not in its shown name. */
export interface Found {
  readonly label: Label
  readonly by: string | null
}

/**
 * Labels whose code or name, in any language, has a word that begins with the query (Kazakh letters may be typed as
 * Russian ones), codes first. An empty query finds all: those used last first, then in the order of the set.
 */
export function findLabels(
  labels: readonly Label[],
  query: string,
  recent: readonly string[],
  shown: (label: Label) => string,
): Found[] {
  const wanted = fold(query.trim())
  if (wanted === '') return byUse(labels, recent).map((label) => ({ label, by: null }))
  const found = labels.flatMap((label) => {
    const by = wordIn(label, wanted, shown(label))
    return by === undefined ? [] : [{ label, by }]
  })
  const isByCode = ({ label }: Found) => fold(label.code).startsWith(wanted)
  return [...found.filter(isByCode), ...found.filter((one) => !isByCode(one))]
}

const byUse = (labels: readonly Label[], recent: readonly string[]): Label[] => [
  ...recent.flatMap((id) => labels.find((label) => label.id === id) ?? []),
  ...labels.filter(({ id }) => !recent.includes(id)),
]

/** Null if the code or the shown name has it, the word of another name that has it, undefined if none has. */
function wordIn(label: Label, wanted: string, shown: string): string | null | undefined {
  const begins = (text: string) =>
    fold(text)
      .split(/[^\p{L}\p{N}]+/u)
      .some((word) => word.startsWith(wanted))
  if (begins(label.code) || begins(shown)) return null
  return locales.map((locale) => label.name[locale]).find(begins)
}
