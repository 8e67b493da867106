import { quotesOf, type Content } from '@tamga/model'

/** What an annotation stands on, on one line: its parts joined by an ellipsis, cut at `length` letters. */
export function quoteOf(text: string, content: Content, length = 80): string {
  if (content.kind !== 'span') return ''
  return shorten(quotesOf(text, content.ranges).join(' … '), length)
}

/** A stretch of text on one line, cut at a word. */
export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= length) return line
  const cut = line.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
  return `${cut.replace(/\s+\S*$/, '')}…`
}
