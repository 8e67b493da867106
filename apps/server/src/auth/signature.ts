import { createHmac, timingSafeEqual } from 'node:crypto'

/** Signs and recognises texts that only this installation can have made. */
export interface Signer {
  /** HMAC-SHA256 over purpose and text, base64url without padding (43 signs). */
  sign(purpose: string, text: string): string
  /** True if `signature` is the one of this text for this purpose; takes the same time whatever is wrong. */
  isSigned(purpose: string, text: string, signature: string): boolean
}

export function signerOf(key: string): Signer {
  const secret = Buffer.from(key, 'base64url')
  // the purpose holds no colon, so that no two (purpose, text) are one message
  const sign = (purpose: string, text: string) =>
    createHmac('sha256', secret).update(`${purpose}:${text}`).digest('base64url')
  return {
    sign,
    isSigned(purpose, text, signature) {
      // the texts and not the bytes, of which each has four texts
      const given = Buffer.from(signature)
      const right = Buffer.from(sign(purpose, text))
      return given.length === right.length && timingSafeEqual(given, right)
    },
  }
}
