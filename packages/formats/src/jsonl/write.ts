import { OffsetMap, type Content, type GoldAnnotation, type GoldArticle, type LabelSet, type Range } from '@tamga/model'
import { codeOf } from '../report.ts'
import { sortedJson } from './sorted-json.ts'

/** What a line says it is and counts in. Another meaning of any field is another version. */
export const version = 'tamga/1'
export const unit = 'code point'

/** One article as one line of JSON, without the line break: code units become code points, nothing else changes. */
export function lineOf(article: GoldArticle, labels: LabelSet): string {
  const map = new OffsetMap(article.text)
  const toPoints = ([start, end]: Range): Range => [map.toPoints(start), map.toPoints(end)]
  return sortedJson({
    ...article,
    format: version,
    unit,
    tokens: article.tokens.map(toPoints),
    sentences: article.sentences.map(toPoints),
    annotations: article.annotations.map((annotation) => record(annotation, labels, toPoints)),
  })
}

/** An annotation flat, with its label's code beside the id and its attributes as an object. */
function record({ content, ...rest }: GoldAnnotation, labels: LabelSet, toPoints: (range: Range) => Range) {
  const attributes = Object.fromEntries(content.attributes)
  return { ...rest, ...content, ...placeOf(content, toPoints), attributes, code: codeOf(labels, content.label) }
}

const placeOf = (content: Content, toPoints: (range: Range) => Range) =>
  content.kind === 'span' ? { ranges: content.ranges.map(toPoints) } : {}
