import { labelById, readContent, readRanges, say, type AttributeValue, type LabelSet, type Locale } from '@tamga/model'
import { attributeType } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'
import { t } from '../i18n/index.svelte.ts'
import { shorten } from '../text/quote.ts'

const load = (article: string, annotation: string) =>
  api.articles[':article'].history[':annotation'].$get({ param: { article, annotation } })

/** One thing that happened to a span: who, when, which field from what to what, or a verdict. */
export type Entry = AnswerOf<Awaited<ReturnType<typeof load>>>['entries'][number]

/** One entry with what a field said before it, as far as earlier entries tell. */
export interface Told {
  readonly entry: Entry
  readonly before: unknown
  readonly after: unknown
}

/** All that happened to a span, the latest first. @throws Problem */
export async function loadHistory(article: string, annotation: string): Promise<Told[]> {
  const { entries } = await ask(load(article, annotation))
  return withBefore(entries).toReversed()
}

/** Values come each in a list of one, null where there was none: a first change of a field replaces what was made. */
function withBefore(entries: readonly Entry[]): Told[] {
  const made = readContent(contentOf(entries.find(({ key }) => key === '')?.after?.[0]))
  return entries.map((entry) => {
    const before: unknown = entry.before ? entry.before[0] : entry.key === 'label' ? (made?.label ?? null) : null
    return { entry, before, after: entry.after?.[0] ?? null }
  })
}

/** The first record of a span as the document keeps it: kind, ranges, label, attributes, change set. */
function contentOf(record: unknown): unknown {
  const [kind, ranges, label] = Array.isArray(record) ? (record as unknown[]) : []
  return { kind, ranges, label }
}

/** What an entry's sentence is made from. */
interface Ground {
  readonly text: string
  readonly labels: LabelSet
  readonly locale: Locale
}

/** An entry as a few words: «label: PER → ORG». */
export function wordsOf({ entry, before, after }: Told, ground: Ground): string {
  if (entry.kind === 'decision') return wordsOfVerdict(entry)
  const { key } = entry
  if (key === '' || key === null) return t('editor.past_made')
  if (key === 'ranges') return t('editor.past_ranges', { quote: quoteOfRanges(after, ground.text) })
  if (key === 'label') return t('editor.past_label', { before: codeOf(before, ground), after: codeOf(after, ground) })
  if (key === 'gone') return t(after === true ? 'editor.past_removed' : 'editor.past_restored')
  if (key === 'unsure') return t(after === true ? 'editor.past_unsure' : 'editor.past_sure')
  return wordsOfAttribute(key.replace(/^a\//, ''), after, ground)
}

function wordsOfVerdict({ verdict, reason }: Entry): string {
  if (verdict === 'carried') return t('editor.past_carried')
  if (verdict !== 'reject') return t('editor.past_approve')
  return t('editor.past_reject', (reason ? { reason: t(`editor.why_${reason}`) } : {}) as { reason: string })
}

function quoteOfRanges(value: unknown, text: string): string {
  const ranges = readRanges(value) ?? []
  return shorten(ranges.map(([start, end]) => text.slice(start, end)).join(' … '), 40)
}

const codeOf = (value: unknown, { labels }: Ground): string => labelById(labels, String(value))?.code ?? String(value)

function wordsOfAttribute(id: string, value: unknown, { labels, locale }: Ground): string {
  const attribute = labels.attributes.find((attribute) => attribute.id === id)
  const name = attribute ? say(attribute.name, locale) || attribute.code : id
  if (value === null || value === undefined) return t('editor.past_attributeGone', { name })
  const choice = attribute?.choices?.find((choice) => choice.id === value)
  const after = choice
    ? say(choice.name, locale)
    : attribute
      ? attributeType(attribute.type).toText(value as AttributeValue)
      : ''
  return t('editor.past_attribute', { name, after: shorten(after, 40) })
}
