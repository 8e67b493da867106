import { words } from '@tamga/language'
import type { Range } from '@tamga/model'
import { blockAt, type Block } from './paragraphs.ts'

/** The words of a text in order, found block by block as they are asked for. Offsets in code units of the whole text. */
export class WordWalk {
  readonly #text: string
  readonly #blocks: readonly Block[]
  readonly #words = new Map<number, readonly Range[]>()

  constructor(text: string, blocks: readonly Block[]) {
    this.#text = text
    this.#blocks = blocks
  }

  /** The first word for which `start >= offset`, or null after the last. */
  from(offset: number): Range | null {
    for (let i = blockAt(this.#blocks, offset); i < this.#blocks.length; i++) {
      const word = this.#in(i).find(([start]) => start >= offset)
      if (word) return word
    }
    return null
  }

  /** The last word for which `end <= offset`, or null before the first. */
  upTo(offset: number): Range | null {
    for (let i = blockAt(this.#blocks, offset); i >= 0; i--) {
      const word = this.#in(i).findLast(([, end]) => end <= offset)
      if (word) return word
    }
    return null
  }

  /** The word that holds `offset`, else the nearest one of its block, else null. */
  near(offset: number): Range | null {
    const found = this.#in(blockAt(this.#blocks, offset))
    const distance = ([start, end]: Range) => Math.max(start - offset, offset - end + 1, 0)
    return found.reduce<Range | null>((best, word) => (best && distance(best) <= distance(word) ? best : word), null)
  }

  /** True if a range is exactly one word. */
  isWord([start, end]: Range): boolean {
    return this.from(start)?.[0] === start && this.from(start)?.[1] === end
  }

  #in(index: number): readonly Range[] {
    const block = this.#blocks[index]
    if (!block) return []
    let found = this.#words.get(index)
    if (!found) {
      found = words(this.#text.slice(block.start, block.end)).map(
        ([s, e]) => [s + block.start, e + block.start] as const,
      )
      this.#words.set(index, found)
    }
    return found
  }
}
