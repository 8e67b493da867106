import type { GoldArticle, LabelSet, Range } from '@tamga/model'
import type { Fate, Format, Written, WriterOptions } from '../format.ts'
import { place, type Drop, type Placed } from '../placement.ts'
import { settle } from '../settle.ts'
import { codeOf } from '../report.ts'
import about from './FORMAT.md?raw'

/**
 * CoNLL-2003 columns, IOB2 (FORMAT.md beside this file):
 *
 *     -DOCSTART- -X- O O
 *
 *     Бүгін -X- O O
 *     Ақтөбеде -X- O B-CITY
 *     . -X- O O
 *
 * Four fields parted by one space, one token a line, a blank line after each sentence, LF. Under the policy `columns`
 * further tag columns follow the fourth, one per nesting level, equally many throughout the file.
 */
export const conll2003 = {
  id: 'conll2003',
  title: 'CoNLL-2003 (IOB2)',
  about,
  extension: 'conll',
  loses: [
    'nested',
    'crossing',
    'discontinuous',
    'relations',
    'article_labels',
    'attributes',
    'metadata',
    'authors',
    'blanks',
  ],
  policies: ['refuse', 'outermost', 'longest', 'priority', 'columns'],
  training: true,
  writer: (options) => ({ head: [], article: (article) => writeArticle(article, options) }),
} as const satisfies Format

function writeArticle(article: GoldArticle, { policy, labels, levels: width }: WriterOptions): Written {
  const { placed, dropped } = place(article)
  const { levels, dropped: outdone } = settle(placed, policy, labels)
  const standing = levels.flat()
  const { starts, joined } = sentenceStarts(article, standing)
  const { cells, rewritten } = cellsOf(article)
  const columns = tagColumns(levels, Math.max(1, width), cells.length, labels)
  return {
    pieces: [{ file: 'corpus.conll', text: table(cells, columns, starts) }],
    fates: [...standing.map((span) => fateOf(span, article.text)), ...[...dropped, ...outdone].map(dropFate)],
    levels: Math.max(1, levels.length),
    notes: { attributes: standing.filter(hasAttributes).length, joined, rewritten },
  }
}

/** Lines of the document mark, then of each sentence. `columns` holds one tag per token and level. */
function table(cells: readonly string[], columns: readonly (readonly string[])[], starts: ReadonlySet<number>): string {
  const lines = [['-DOCSTART- -X- O', ...columns.map(() => 'O')].join(' '), '']
  for (const [i, cell] of cells.entries()) {
    if (i > 0 && starts.has(i)) lines.push('')
    lines.push(`${cell} -X- O ${columns.map((tags) => tags[i]).join(' ')}`)
  }
  if (cells.length > 0) lines.push('')
  return lines.join('\n') + '\n'
}

/** One column of IOB2 tags per level: B- on a span's first token, I- on its others, O elsewhere. */
function tagColumns(
  levels: readonly (readonly Placed[])[],
  width: number,
  length: number,
  labels: LabelSet,
): string[][] {
  return Array.from({ length: Math.max(width, levels.length) }, (_, level) => {
    const tags = new Array<string>(length).fill('O')
    for (const { tokens, label } of levels[level] ?? []) {
      const code = codeOf(labels, label)
      for (let i = tokens[0]; i < tokens[1]; i++) tags[i] = `${i === tokens[0] ? 'B' : 'I'}-${code}`
    }
    return tags
  })
}

/**
 * The tokens that begin a sentence, token 0 left out. A break that falls inside a span which is written is no break: the
 * span was read by people, the segmenter's break was not, and a reader would end the span there.
 */
function sentenceStarts({ tokens, sentences }: GoldArticle, standing: readonly Placed[]) {
  const starts = new Set<number>()
  let sentence = 0
  for (const [i, token] of tokens.entries()) {
    const before = sentence
    while (sentence < sentences.length && sentences[sentence]![0] <= token[0]) sentence++
    if (i > 0 && sentence > before) starts.add(i)
  }
  const all = starts.size
  for (const span of standing) for (let i = span.tokens[0] + 1; i < span.tokens[1]; i++) starts.delete(i)
  return { starts, joined: all - starts.size }
}

function cellsOf({ text, tokens }: GoldArticle) {
  const words = tokens.map(([start, end]: Range) => text.slice(start, end))
  const cells = words.map(cellOf)
  return { cells, rewritten: cells.filter((cell, i) => cell !== words[i]).length }
}

// what some reader's split() takes for a blank: Unicode spaces and controls, line and paragraph separators
const PARTING = /[\p{Zs}\p{Zl}\p{Zp}\p{Cc}\ufeff]/gu

/** A token as one field that no reader can part or take for the document mark. */
const cellOf = (word: string): string => word.replace(PARTING, '_').replace(/^-DOCSTART-/, '_DOCSTART-')

function fateOf({ annotation, clip, extent }: Placed, text: string): Fate {
  if (clip === null) return { outcome: 'kept', annotation: annotation.id }
  return { outcome: 'clipped', annotation: annotation.id, reason: clip, became: text.slice(...extent) }
}

const dropFate = ({ annotation, reason, inside }: Drop): Fate => ({
  outcome: 'dropped',
  annotation: annotation.id,
  reason,
  inside,
})

const hasAttributes = ({ annotation }: Placed): boolean => annotation.content.attributes.length > 0
