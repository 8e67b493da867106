import { readKey, readRecord } from '@tamga/collab'
import { labelById, quotesOf, readRanges, say, type AttributeValue, type Content, type LabelSet } from '@tamga/model'
import { attributeType, type Locale, type Plain } from '@tamga/model'
import { t } from '../i18n/index.svelte.ts'
import { quoteOf, shorten } from './quote.ts'

/** An edit as a reader understands it. */
export interface Wanted {
  /** The words in the text that it is about; '' where the text is not at hand. */
  readonly quote: string
  /** The id of the label that the annotation would have, or has. */
  readonly label: string | null
  /** What was wanted: «label: PER». */
  readonly words: string
}

interface Ground {
  /** Null where the text is not at hand, or is another one than the offsets are of. */
  readonly text: string | null
  readonly labels: LabelSet
  readonly locale: Locale
  /** What the annotation says now, if it is there. */
  readonly now: Content | null
}

const NOTHING = { quote: '', label: null }

/** An edit in words, from its key and value; a value of null is a key that was to go. */
export function wantedOf(key: string, value: readonly [Plain] | null, ground: Ground): Wanted {
  const field = readKey(key)?.field
  if (field === undefined || !value) return { ...NOTHING, words: t('asides.want_unknown') }
  const [wanted] = value
  if (field === null) return wantedRecord(wanted, ground)
  const { now } = ground
  const about = { quote: now ? quoteIn(now, ground) : '', label: now?.label ?? null }
  if (field === 'label') {
    const label = String(wanted)
    return { ...about, label, words: t('asides.want_label', { code: codeOf(label, ground) }) }
  }
  if (field === 'ranges') return { ...about, words: wordsOfRanges(wanted, ground) }
  if (field === 'gone') return { ...about, words: t(wanted === true ? 'asides.want_remove' : 'asides.want_restore') }
  if (field === 'unsure') return { ...about, words: t(wanted === true ? 'asides.want_unsure' : 'asides.want_sure') }
  if (field === 'from' || field === 'to') return { ...about, words: t('asides.want_ends') }
  return { ...about, words: wordsOfAttribute(field.slice(2), wanted, ground) }
}

function wantedRecord(value: Plain, ground: Ground): Wanted {
  const content = readRecord(value)?.content
  if (!content) return { ...NOTHING, words: t('asides.want_unknown') }
  const words = t('asides.want_add', { code: codeOf(content.label, ground) })
  return { quote: quoteIn(content, ground), label: content.label, words }
}

const quoteIn = (content: Content, { text }: Ground): string => (text === null ? '' : quoteOf(text, content, 80))

const codeOf = (label: string, { labels }: Ground): string => labelById(labels, label)?.code ?? label

function wordsOfRanges(value: Plain, { text }: Ground): string {
  const ranges = readRanges(value)
  if (!ranges || text === null) return t('asides.want_edges')
  return t('asides.want_ranges', { quote: shorten(quotesOf(text, ranges).join(' … '), 60) })
}

function wordsOfAttribute(id: string, value: Plain, { labels, locale }: Ground): string {
  const attribute = labels.attributes.find((one) => one.id === id)
  const name = attribute ? say(attribute.name, locale) || attribute.code : id
  if (value === null) return t('asides.want_attributeGone', { name })
  const told = attribute ? attributeType(attribute.type).toText(value as AttributeValue) : ''
  const choice = attribute?.choices?.find((one) => one.id === value)
  return t('asides.want_attribute', { name, value: shorten(choice ? say(choice.name, locale) : told, 40) })
}
