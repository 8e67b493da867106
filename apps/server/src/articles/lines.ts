/** A line of a file, numbered from 1, without its line break; null if it is longer than was allowed. */
export interface Line {
  readonly no: number
  readonly bytes: Buffer | null
}

const LF = 0x0a
const CR = 0x0d

/** Cuts a stream of bytes into lines that end with LF or CR LF, blank ones counted and left out. Holds one line at a time. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Line> {
  let no = 1
  let held: Buffer[] = []
  let length = 0
  const hold = (piece: Buffer) => {
    length += piece.length
    if (length > mostBytes) held = []
    else if (piece.length > 0) held.push(piece)
  }
  const release = (): Line | null => {
    const bytes = length > mostBytes ? null : withoutReturn(Buffer.concat(held))
    held = []
    length = 0
    const line = { no: no++, bytes }
    return bytes !== null && isBlank(bytes) ? null : line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      hold(chunk.subarray(start, end))
      const line = release()
      // what is left out costs no turn of the loop that reads: a file may be two thousand million empty lines
      if (line) yield line
      start = end + 1
    }
    hold(chunk.subarray(start))
  }
  const last = length > 0 ? release() : null
  if (last) yield last
}

const withoutReturn = (line: Buffer) => (line.at(-1) === CR ? line.subarray(0, -1) : line)

/** Nothing in it but blanks. */
function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false
  return true
}
