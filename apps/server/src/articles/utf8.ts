import { Problem } from '@tamga/model'

/**
 * The text of UTF-8 bytes, to the letter: a byte order mark stays, nothing is replaced. Throws `text_utf8` with the
 * offset at which the first character that is none begins, and the line (LF, from 1) it stands in.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strict().decode(bytes)
  } catch {
    const byte = firstFault(bytes)
    throw new Problem('text_utf8', { byte, line: lineAt(bytes, byte) })
  }
}

const strict = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Found by halving: a beginning that decodes goes on to decode however it is shortened. */
function firstFault(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (beginsWell(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  // what decoded ends before the character that was begun
  return Buffer.byteLength(strict().decode(bytes.subarray(0, good), { stream: true }))
}

function beginsWell(bytes: Uint8Array): boolean {
  try {
    // as the beginning of more: a character cut at the end is no fault yet
    strict().decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let i = 0; i < offset; i++) if (bytes[i] === 0x0a) line++
  return line
}
