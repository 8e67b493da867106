import {
  ArticleMeta,
  digestOf,
  faultOfRanges,
  faultOfText,
  isId,
  isStorable,
  OffsetMap,
  Problem,
  quotesOf,
  readContent,
  readRanges,
  sha256Hex,
  type Content,
  type GoldAnnotation,
  type GoldArticle,
  type GoldDecision,
  type Range,
} from '@tamga/model'
import type { ReadLine } from '../format.ts'
import { unit, version } from './write.ts'

/**
 * Reads lines that `writer` wrote (line breaks at their ends are allowed). Each gives its article or the problem that
 * names its field: `line_not_json`, `line_field {field}`, or what is wrong with the text. Quotes, digests and the text's
 * hash are checked, so a file that was edited by hand without them is refused and not believed.
 */
export async function* readLines(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<ReadLine> {
  let line = 0
  for await (const text of lines) {
    line += 1
    if (text.trim() !== '') yield readLine(text, line)
  }
}

function readLine(text: string, line: number): ReadLine {
  try {
    return { line, article: readArticle(parse(text)) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { line, problem: new Problem(error.code, { ...error.details, line }) }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('line_not_json')
  }
}

function readArticle(value: unknown): GoldArticle {
  const line = new Fields(value, '')
  line.require('format', line.value('format') === version)
  line.require('unit', line.value('unit') === unit)
  line.require('annotations', isStorable(line.value('annotations') ?? null))
  const text = readText(line)
  const map = new OffsetMap(text)
  const article = {
    id: line.string('id'),
    ...readMeta(line),
    revision: line.count('revision'),
    sha256: line.string('sha256'),
    text,
    tokens: readOffsets(line, 'tokens', map),
    sentences: readOffsets(line, 'sentences', map),
    closed: line.value('closed') === null ? null : readSignature(line.fields('closed')),
    undecided: line.count('undecided'),
    annotations: line.list('annotations').map((item) => readAnnotation(item, text, map)),
  }
  requireEnds(line, article.annotations)
  return article
}

function readText(line: Fields): string {
  const text = line.value('text')
  if (typeof text !== 'string') throw new Problem('line_no_text')
  const fault = faultOfText(text)
  if (fault) throw new Problem(fault.code, { offset: fault.offset })
  line.require('sha256', line.value('sha256') === sha256Hex(text))
  return text
}

function readMeta(line: Fields): ArticleMeta {
  const read = ArticleMeta.safeParse(line.record)
  if (!read.success) return line.refuse(read.error.issues[0]?.path.join('/') ?? '')
  const meta = line.fields('meta').record
  line.require('meta', isStorable(meta))
  return { ...read.data, meta }
}

const readSignature = (fields: Fields) => ({ by: fields.string('by'), at: fields.string('at') })

/** Half-open pairs of code points, in order, none empty, none over another: as code units. */
function readOffsets(line: Fields, field: string, map: OffsetMap): readonly Range[] {
  const given = line.value(field)
  const pairs = Array.isArray(given) && given.length === 0 ? [] : readRanges(given)
  const ranges = pairs && toUnits(pairs, map)
  const inOrder = ranges?.every(([start, end], i) => start < end && (i === 0 || ranges[i - 1]![1] <= start))
  return ranges && inOrder ? ranges : line.refuse(field)
}

function toUnits(ranges: readonly Range[], map: OffsetMap): readonly Range[] | null {
  try {
    return ranges.map(([start, end]) => [map.toUnits(start), map.toUnits(end)])
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function readAnnotation(fields: Fields, text: string, map: OffsetMap): GoldAnnotation {
  const id = fields.string('id')
  fields.require('id', isId(id))
  const content = readPlaced(fields, text, map)
  const quotes = fields.strings('quotes')
  const expected = content.kind === 'span' ? quotesOf(text, content.ranges) : []
  fields.require('quotes', quotes.join('\0') === expected.join('\0'))
  fields.require('digest', fields.value('digest') === digestOf(content, text))
  return {
    id,
    content,
    quotes,
    digest: fields.string('digest'),
    author: fields.string('author'),
    lastEditor: fields.string('lastEditor'),
    supporters: fields.strings('supporters'),
    decisions: fields.list('decisions').map(readDecision),
  }
}

function readPlaced(fields: Fields, text: string, map: OffsetMap): Content {
  const attributes = Object.entries(fields.fields('attributes').record)
  const points = fields.value('kind') === 'span' ? (readRanges(fields.value('ranges')) ?? fields.refuse('ranges')) : []
  const ranges = toUnits(points, map) ?? fields.refuse('ranges')
  fields.require('ranges', points.length === 0 || faultOfRanges(text, ranges) === null)
  return readContent({ ...fields.record, attributes, ranges }) ?? fields.refuse('kind')
}

function readDecision(fields: Fields): GoldDecision {
  const verdict = fields.value('verdict')
  if (verdict !== 'approve' && verdict !== 'reject' && verdict !== 'carried') return fields.refuse('verdict')
  const [by, at, digest] = [fields.string('by'), fields.string('at'), fields.string('digest')]
  return { verdict, by, at, digest, labelSet: fields.count('labelSet') }
}

/** No id stands twice, and the ends of a relation stand on the same line. */
function requireEnds(line: Fields, annotations: readonly GoldAnnotation[]): void {
  const ids = new Set(annotations.map(({ id }) => id))
  line.require('annotations', ids.size === annotations.length)
  for (const [i, { content }] of annotations.entries())
    if (content.kind === 'relation')
      for (const end of ['from', 'to'] as const) line.require(`annotations/${i}/${end}`, ids.has(content[end]))
}

/** The fields of one JSON object, each read as what it must be; whatever else it is refuses the line by the field's path. */
class Fields {
  readonly record: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string) {
    this.#path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.refuse('')
    this.record = value as Record<string, unknown>
  }

  refuse(field: string): never {
    throw new Problem('line_field', { field: this.#at(field) })
  }

  require(field: string, holds: boolean): void {
    if (!holds) this.refuse(field)
  }

  value(field: string): unknown {
    return Object.hasOwn(this.record, field) ? this.record[field] : undefined
  }

  string(field: string): string {
    const value = this.value(field)
    return typeof value === 'string' ? value : this.refuse(field)
  }

  strings(field: string): string[] {
    const value = this.value(field)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : this.refuse(field)
  }

  count(field: string): number {
    const value = this.value(field)
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : this.refuse(field)
  }

  fields(field: string): Fields {
    return new Fields(this.value(field), this.#at(field))
  }

  list(field: string): Fields[] {
    const value = this.value(field)
    if (!Array.isArray(value)) return this.refuse(field)
    return value.map((item, i) => new Fields(item, `${this.#at(field)}/${i}`))
  }

  #at(field: string): string {
    return [this.#path, field].filter((part) => part !== '').join('/')
  }
}
