/** A table read back: the tokens of each article in order, and the spans of each tag column in token numbers. */
export interface Decoded {
  readonly words: readonly string[]
  readonly columns: readonly (readonly { label: string; first: number; after: number }[])[]
  /** The numbers of the tokens that begin a block. */
  readonly blocks: readonly number[]
}

/** Reads IOB2 columns strictly, as a trainer would: throws with the line number where they are no IOB2 of equal width. */
export function decode(file: string): Decoded[] {
  const articles: string[][] = []
  for (const line of file.split('\n')) {
    if (line.startsWith('-DOCSTART-')) articles.push([])
    else if (articles.length === 0) throw new Error(`before any document mark: ${line}`)
    else articles.at(-1)!.push(line)
  }
  return articles.map(decodeArticle)
}

function decodeArticle(lines: readonly string[]): Decoded {
  const rows: string[][] = []
  const blocks: number[] = []
  let fresh = true
  for (const line of lines) {
    if (line !== '' && fresh) blocks.push(rows.length)
    fresh = line === ''
    if (!fresh) rows.push(line.split(/\s+/u))
  }
  const width = rows[0]?.length ?? 4
  if (rows.some((row) => row.length !== width || width < 4))
    throw new Error(`rows of unequal width: ${lines.join('\n')}`)
  const columns = Array.from({ length: width - 3 }, (_, level) =>
    spansOf(
      rows.map((row) => row[level + 3]!),
      blocks,
    ),
  )
  return { words: rows.map((row) => row[0]!), columns, blocks }
}

function spansOf(tags: readonly string[], blocks: readonly number[]) {
  const spans: { label: string; first: number; after: number }[] = []
  for (const [i, tag] of tags.entries()) {
    const [, kind, label] = /^([BI])-(\S+)$/.exec(tag) ?? []
    const last = spans.at(-1)
    if (kind === 'B') spans.push({ label: label!, first: i, after: i + 1 })
    else if (kind === 'I') {
      if (last?.label !== label || last?.after !== i || blocks.includes(i))
        throw new Error(`token ${i}: ${tag} follows nothing`)
      last.after = i + 1
    } else if (tag !== 'O') throw new Error(`token ${i}: no tag: ${tag}`)
  }
  return spans
}
