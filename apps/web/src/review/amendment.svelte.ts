import {
  attributesOf,
  withAttribute,
  type Attribute,
  type AttributeValue,
  type Range,
  type SpanContent,
} from '@tamga/model'
import { moved, type Edge, type Unit } from '../editor/edges.ts'
import { t } from '../i18n/index.svelte.ts'
import type { Reading } from '../text/reading.svelte.ts'

/** A correction of a span while it is made: nobody else sees it before it is approved. */
export class Amendment {
  content = $state.raw() as SpanContent
  readonly #reading: Reading

  constructor(reading: Reading, content: SpanContent) {
    this.#reading = reading
    this.content = content
  }

  /** Attributes of the label it has now. */
  get attributes(): readonly Attribute[] {
    return attributesOf(this.#reading.room.article.labelSet.set, this.content.label)
  }

  moveEdge(edge: Edge, out: boolean, unit: Unit): void {
    const ranges = moved(this.#reading.room.text, this.content.ranges, edge, out, unit)
    if (ranges) this.setRanges(ranges)
    else this.#reading.say(t('review.said_noRoom'))
  }

  setRanges(ranges: readonly Range[]): void {
    this.content = { ...this.content, ranges }
    this.#reading.say(t('review.said_edges', { quote: this.#reading.quote(this.content) }))
  }

  setLabel(label: string): void {
    this.content = { ...this.content, label }
    this.#reading.say(t('review.said_label', { code: this.#reading.codeOf(label) }))
  }

  setAttribute(attribute: string, value: AttributeValue | null): void {
    this.content = { ...this.content, attributes: withAttribute(this.content.attributes, attribute, value) }
  }
}
