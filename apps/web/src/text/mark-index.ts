import { hull, overlaps } from '@tamga/model'
import { drawable, isDrawable, type Mark } from './mark.ts'
import { blockAt, type Block } from './paragraphs.ts'
import { depthOf, rowsOf } from './rows.ts'

interface Nest {
  readonly marks: readonly Mark[]
  readonly rows: ReadonlyMap<string, number>
  readonly depth: number
}

const bare: Nest = { marks: [], rows: new Map(), depth: 0 }

/** Which marks touch which block, with their rows. A change costs what the blocks of the old and new ranges hold. */
export class MarkIndex {
  readonly #blocks: readonly Block[]
  readonly #marks = new Map<string, Mark>()
  readonly #ids: (Set<string> | undefined)[]
  readonly #nests: (Nest | undefined)[]

  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks
    this.#ids = new Array<Set<string> | undefined>(blocks.length).fill(undefined)
    this.#nests = new Array<Nest | undefined>(blocks.length).fill(undefined)
  }

  get(id: string): Mark | undefined {
    return this.#marks.get(id)
  }

  /** Replaces all marks. Those that lie outside the text are left out. */
  fill(marks: Iterable<Mark>): void {
    this.#marks.clear()
    this.#ids.fill(undefined)
    this.#nests.fill(undefined)
    for (const mark of drawable(marks, this.#length)) this.#put(mark)
  }

  /** Applies changes, null for a mark that is gone, and returns the indexes of the blocks they touch. */
  patch(changed: ReadonlyMap<string, Mark | null>): Set<number> {
    const touched = new Set<number>()
    for (const [id, mark] of changed) {
      for (const block of this.#take(id)) touched.add(block)
      if (mark && isDrawable(mark, this.#length)) for (const block of this.#put(mark)) touched.add(block)
    }
    return touched
  }

  /** The marks whose hull touches a block, each with its row, and the depth of their nest. */
  nest(block: number): Nest {
    const ids = this.#ids[block]
    if (!ids?.size) return bare
    return (this.#nests[block] ??= this.#build(ids))
  }

  /** Indexes of the blocks that a mark touches. */
  blocksOf(id: string): number[] {
    const mark = this.#marks.get(id)
    return mark ? this.#touched(mark) : []
  }

  get #length(): number {
    return this.#blocks.at(-1)?.end ?? 0
  }

  #build(ids: ReadonlySet<string>): Nest {
    const marks = [...ids].flatMap((id) => this.#marks.get(id) ?? [])
    const rows = rowsOf(marks)
    return { marks, rows, depth: depthOf(rows) }
  }

  #put(mark: Mark): number[] {
    this.#marks.set(mark.id, mark)
    const blocks = this.#touched(mark)
    for (const block of blocks) {
      ;(this.#ids[block] ??= new Set()).add(mark.id)
      this.#nests[block] = undefined
    }
    return blocks
  }

  #take(id: string): number[] {
    const blocks = this.blocksOf(id)
    for (const block of blocks) {
      this.#ids[block]?.delete(id)
      this.#nests[block] = undefined
    }
    this.#marks.delete(id)
    return blocks
  }

  #touched(mark: Mark): number[] {
    const place = hull(mark.ranges)
    const found: number[] = []
    for (let i = blockAt(this.#blocks, place[0]); i < this.#blocks.length; i++) {
      const block = this.#blocks[i]
      if (!block || !overlaps([block.start, block.end], place)) break
      found.push(i)
    }
    return found
  }
}
