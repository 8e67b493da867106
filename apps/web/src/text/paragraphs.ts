import { isGraphemeBoundary, previousGrapheme } from '@tamga/language'

/**
 * A stretch of text that is laid out by itself: a paragraph with its line end, a part of a long one, or an empty line,
 * which takes no room. Blocks follow one another without a gap from 0 to the text's length.
 */
export interface Block {
  readonly start: number
  readonly end: number
  /** Which paragraph it belongs to, counted from 1 without the empty lines; 0 before the first. */
  readonly paragraph: number
  readonly kind: 'first' | 'more' | 'empty'
}

const LONG = 2000
const PART = 1000
const SECTION_PARAGRAPHS = 8
const SECTION_LENGTH = 4000

/** Cuts a text into blocks. Offsets in code units; joined, the slices are the text. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let paragraph = 0
  for (const [start, end] of lines(text)) {
    if (text.slice(start, end).trim() === '') blocks.push({ start, end, paragraph, kind: 'empty' })
    else {
      paragraph++
      for (const [from, to] of parts(text, start, end))
        blocks.push({ start: from, end: to, paragraph, kind: from === start ? 'first' : 'more' })
    }
  }
  return blocks
}

function* lines(text: string): Generator<readonly [number, number]> {
  for (let start = 0; start < text.length;) {
    const at = text.indexOf('\n', start)
    const end = at < 0 ? text.length : at + 1
    yield [start, end]
    start = end
  }
}

function* parts(text: string, start: number, end: number): Generator<readonly [number, number]> {
  let from = start
  while (end - from > LONG) {
    const to = cutNear(text, from)
    yield [from, to]
    from = to
  }
  yield [from, end]
}

/** Where to end a part that begins at `from`: after a sentence if one ends near, else after a word, else anywhere. */
function cutNear(text: string, from: number): number {
  const low = from + PART * 0.7
  const near = text.slice(low, from + PART * 1.3)
  const after = lastEnd(near, /[.!?…]+["»”’)\]]*\s+/g) ?? lastEnd(near, /\s+/g)
  const cut = after === null ? from + PART : low + after
  return isGraphemeBoundary(text, cut) ? cut : previousGrapheme(text, cut)
}

function lastEnd(text: string, pattern: RegExp): number | null {
  const last = [...text.matchAll(pattern)].at(-1)
  return last ? last.index + last[0].length : null
}

/** Groups blocks for drawing: at most 8 paragraphs, or fewer when they pass 4,000 characters. Indexes, half-open. */
export function sectionsOf(blocks: readonly Block[]): (readonly [from: number, to: number])[] {
  const sections: (readonly [number, number])[] = []
  let from = 0
  for (let to = 1; to <= blocks.length; to++) {
    const next = blocks[to]
    const first = blocks[from]
    const full =
      next &&
      first &&
      (next.paragraph - first.paragraph >= SECTION_PARAGRAPHS || next.end - first.start > SECTION_LENGTH)
    if (next && !full) continue
    sections.push([from, to])
    from = to
  }
  return sections
}

/** The index of the block that holds the character at `offset`; the last one for the text's end. */
export function blockAt(blocks: readonly Block[], offset: number): number {
  let low = 0
  let high = blocks.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((blocks[middle]?.start ?? Infinity) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
