import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Content } from './annotation.ts'
import { quotesOf } from './span.ts'

/**
 * What a decision is bound to: SHA-256, hex, over the UTF-8 of
 * `JSON.stringify(["tamga/1", kind, ranges, quotes, label, attributes, from, to])`.
 * Ranges are code units of `text`; neither the annotation's id nor any name or revision number is in it.
 */
export function digestOf(content: Content, text: string): string {
  const ranges = content.kind === 'span' ? content.ranges : []
  const ends = content.kind === 'relation' ? [content.from, content.to] : [null, null]
  const quotes = quotesOf(text, ranges)
  return sha256Hex(JSON.stringify(['tamga/1', content.kind, ranges, quotes, content.label, normal(content), ...ends]))
}

// sorted by id, nulls left out, multiple choices sorted; JSON already writes −0 as 0
const normal = (content: Content) =>
  content.attributes
    .map(([id, value]) => [id, typeof value === 'object' ? [...value].sort() : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** A layer's digest: the same hash over its sorted lines `id digest`, gone annotations left out by the caller. */
export const layerDigest = (lines: readonly { id: string; digest: string }[]): string =>
  sha256Hex(
    lines
      .map(({ id, digest }) => `${id} ${digest}`)
      .sort()
      .join('\n'),
  )

/** SHA-256 of a text's UTF-8, hex. Works where `crypto.subtle` is withheld (plain HTTP on a local network). */
export const sha256Hex = (text: string): string => bytesToHex(sha256(new TextEncoder().encode(text)))
