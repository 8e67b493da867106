import { limits, Problem } from '@tamga/model'
import { linesOf } from './lines.ts'
import type { Segmenter } from './segmenter.ts'
import type { Prepared } from './segments.ts'

/** One article found in a file, or why there is none; the line is null where the file as a whole is meant. */
export type Found =
  | { readonly line: number | null; readonly prepared: Prepared }
  | { readonly line: number | null; readonly problem: Problem }

/** A kind of file that articles come in. */
export interface FileKind {
  readonly id: string
  readonly endings: readonly string[]
  read(chunks: AsyncIterable<Buffer>, segmenter: Segmenter): AsyncGenerator<Found>
}

/**
 * Plain text: one file, one article, byte for byte; the title is its first line. A byte order mark is part of the text,
 * as everything in the file is.
 */
const plainText: FileKind = {
  id: 'text',
  endings: ['.txt'],
  async *read(chunks, segmenter) {
    const bytes = await gather(chunks, limits.plainTextBytes)
    if (bytes) yield await foundBy(null, () => segmenter.read('text', bytes))
    else yield { line: null, problem: new Problem('file_too_large', { limit: '8 MB' }) }
  },
}

/** JSON Lines: one article a line (`draftFromLine`), read as it streams in; blank lines are passed over. */
const jsonLines: FileKind = {
  id: 'lines',
  endings: ['.jsonl', '.ndjson', '.json'],
  async *read(chunks, segmenter) {
    const counter = { bytes: 0 }
    let lines = 0
    for await (const { no, bytes } of linesOf(upTo(chunks, limits.jsonLinesBytes, counter), limits.lineBytes)) {
      lines++
      if (bytes === null) yield { line: no, problem: new Problem('line_too_long', { limit: '16 MB' }) }
      else yield await foundBy(no, () => segmenter.read('line', no === 1 ? withoutMark(bytes) : bytes))
    }
    if (counter.bytes > limits.jsonLinesBytes)
      yield { line: null, problem: new Problem('file_too_large', { limit: '2 GB' }) }
    else if (lines === 0) yield { line: null, problem: new Problem('text_empty') }
  },
}

/** The kinds of file that can be imported. */
const fileKinds = [plainText, jsonLines]

/** The kind of a file by the ending of its name, or null. */
export const fileKindOf = (name: string): FileKind | null =>
  fileKinds.find(({ endings }) => endings.some((ending) => name.toLowerCase().endsWith(ending))) ?? null

async function foundBy(line: number | null, read: () => Promise<Prepared>): Promise<Found> {
  try {
    return { line, prepared: await read() }
  } catch (error) {
    if (error instanceof Problem) return { line, problem: error }
    throw error
  }
}

/** All bytes, or null if there are more than allowed. */
async function gather(chunks: AsyncIterable<Buffer>, most: number): Promise<Buffer | null> {
  const counter = { bytes: 0 }
  const held: Buffer[] = []
  for await (const chunk of upTo(chunks, most, counter)) held.push(chunk)
  return counter.bytes > most ? null : Buffer.concat(held)
}

async function* upTo(chunks: AsyncIterable<Buffer>, most: number, counter: { bytes: number }) {
  for await (const chunk of chunks) {
    counter.bytes += chunk.length
    if (counter.bytes > most) return
    yield chunk
  }
}

/** A byte order mark before the first line is the file's, not an article's. */
const withoutMark = (line: Buffer) => (line.subarray(0, 3).equals(Buffer.from('\ufeff')) ? line.subarray(3) : line)
