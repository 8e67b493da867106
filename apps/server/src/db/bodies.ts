import { sql, type RawBuilder } from 'kysely'

// The body of a revision is its rows of `revision_chunk`, 4,096 code points each. With each chunk stand the tokens and the
// sentences that begin in it, packed (`packRanges`). Every statement reads them by what stands here.

/** The text of a revision, to be selected; `revision` names the column of its id. Empty where it was erased. */
export const bodyOf = (revision: string): RawBuilder<string> =>
  sql<string>`coalesce((select string_agg(c.body, '' order by c.no) from revision_chunk c
    where c.revision = ${sql.ref(revision)}), '')`

/** The packed tokens or sentences of a revision, to be selected and read by `unpackRanges`. */
export const packedOf = (column: 'tokens' | 'sentences', revision: string): RawBuilder<Buffer> =>
  sql<Buffer>`coalesce((select string_agg(c.${sql.ref(column)}, ''::bytea order by c.no) from revision_chunk c
    where c.revision = ${sql.ref(revision)}), ''::bytea)`

/** A row of a body: code units `[start, end)` of the text. */
export interface Chunk {
  readonly no: number
  readonly start: number
  readonly end: number
}

const CODE_POINTS = 4096

/** Where a text is cut into chunks of 4,096 code points, as the database's slices expect them; the last one is shorter. */
export function* chunksOf(text: string): Generator<Chunk> {
  for (let [no, start] = [0, 0]; start < text.length; no++) {
    let end = start
    for (let points = 0; points < CODE_POINTS && end < text.length; points++)
      end += text.codePointAt(end)! > 0xffff ? 2 : 1
    yield { no, start, end }
    start = end
  }
}

/**
 * Sorted, disjoint ranges of a text in code units, flat (start, end, start, end …), as bytes: for each the distance of its
 * start from the end before it (from 0 for the first), then its length, each as a varint (7 bits a byte, low ones first,
 * the highest bit set in all but the last). `first` and `after` name the ranges to pack, counted from 0; what was packed
 * in parts and put one behind the other is the same as what is packed at once.
 */
export function packRanges(flat: ArrayLike<number>, first = 0, after = flat.length / 2): Buffer {
  const bytes = Buffer.alloc((after - first) * 10)
  let size = 0
  let end = first === 0 ? 0 : flat[2 * first - 1]!
  for (let i = first; i < after; i++) {
    size = putVarint(bytes, size, flat[2 * i]! - end)
    size = putVarint(bytes, size, flat[2 * i + 1]! - flat[2 * i]!)
    end = flat[2 * i + 1]!
  }
  return bytes.subarray(0, size)
}

function putVarint(bytes: Buffer, at: number, value: number): number {
  let [next, rest] = [at, value]
  while (rest > 0x7f) {
    bytes[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[next++] = rest
  return next
}

/** The ranges that `packRanges` packed. Throws when the bytes end inside of one. */
export function unpackRanges(bytes: Uint8Array): [start: number, end: number][] {
  const ranges: [number, number][] = []
  let at = 0
  const varint = () => {
    for (let [value, shift] = [0, 0]; ; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error(`packed ranges end inside of one, at byte ${at - 1}`)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  for (let end = 0; at < bytes.length;) {
    const start = end + varint()
    end = start + varint()
    ranges.push([start, end])
  }
  return ranges
}

/** Of sorted ranges, flat, those that begin before `place`, from the `first` on: the number of the first that does not. */
export function beginningBefore(flat: ArrayLike<number>, first: number, place: number): number {
  let after = first
  while (2 * after < flat.length && flat[2 * after]! < place) after++
  return after
}

/** The rows that a text and its ranges are kept in, one after the other. */
export function* bodyRows(text: string, tokens: ArrayLike<number>, sentences: ArrayLike<number>) {
  let [token, sentence] = [0, 0]
  for (const { no, start, end } of chunksOf(text)) {
    const [nextToken, nextSentence] = [beginningBefore(tokens, token, end), beginningBefore(sentences, sentence, end)]
    yield {
      no,
      body: text.slice(start, end),
      tokens: packRanges(tokens, token, nextToken),
      sentences: packRanges(sentences, sentence, nextSentence),
    }
    ;[token, sentence] = [nextToken, nextSentence]
  }
}
