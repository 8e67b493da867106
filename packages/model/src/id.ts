const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** How many random bytes an id takes: 96 bits, so two people never meet by chance. */
export const ID_BYTES = 12

/** 96 random bits as 16 base64url characters. Randomness is the caller's (`crypto.getRandomValues` works everywhere). */
export function idFrom(bytes: Uint8Array): string {
  if (bytes.length !== ID_BYTES) throw new Error(`an id takes ${ID_BYTES} bytes, not ${bytes.length}`)
  let id = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const three = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    for (const shift of [18, 12, 6, 0]) id += ALPHABET[(three >> shift) & 63]
  }
  return id
}

/** True for what `idFrom` makes. */
export const isId = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{16}$/.test(value)
