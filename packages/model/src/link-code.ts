import { z } from './zod.ts'

// Crockford's base 32: no I, L, O and U, so that nothing is misread on paper.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** Characters of a code: 80 bits. */
const LENGTH = 16
const GROUP = 4
/** Random bytes that a code is made of. */
export const LINK_CODE_BYTES = 10

/** The code of a one-time link that people can type: 16 characters from 10 random bytes. */
export function linkCodeFrom(bytes: Uint8Array): string {
  if (bytes.length !== LINK_CODE_BYTES)
    throw new Error(`a code is made of ${LINK_CODE_BYTES} bytes, not ${bytes.length}`)
  let code = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) code += ALPHABET[(value >> (bits - 5)) & 31]!
  }
  return code
}

/** A code as it is printed: `7KQ2-9XW4-ND6T-0HBM`. */
export const printedCode = (code: string): string =>
  (code.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-').toUpperCase()

const LONG = /^[0-9a-f]{40}$/
const SHORT = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`)

/** What a person typed, as the code it stands for: case, blanks and hyphens do not count, O is 0, I and L are 1. */
export const readCode = (typed: string): string =>
  typed
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')

/** The secret of a one-time link or invitation: a code as it was typed, or 40 hex digits. */
export const LinkSecret = z
  .string()
  .max(100)
  .overwrite(readCode)
  .refine((secret) => LONG.test(secret) || SHORT.test(secret))
