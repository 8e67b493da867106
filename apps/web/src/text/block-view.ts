import type { Block } from './paragraphs.ts'
import type { Code, Segment } from './segments.ts'

interface Piece {
  readonly start: number
  end: number
  readonly node: Text | HTMLElement
  readonly text: Text
  segment: Segment | null
}

const segments = new WeakMap<Element, Segment>()

/** The segment that an element draws, if it draws one. */
export const segmentOf = (element: Element): Segment | undefined => segments.get(element)

/**
 * One block in the document: a `p` that holds its text, as one text node or cut into segments. Its text never changes,
 * whatever is drawn.
 */
export class BlockView {
  readonly element = document.createElement('p')
  readonly block: Block
  readonly #text: string
  readonly #gutter: HTMLElement | null
  #pieces: Piece[]

  /**
   * @param text the block's own text
   * @param goesOn whether the next block is of the same paragraph
   */
  constructor(block: Block, text: string, goesOn: boolean) {
    this.block = block
    this.#text = text
    this.element.className = [block.kind, goesOn ? 'cut' : '', isEven(text) ? 'even' : ''].filter(Boolean).join(' ')
    if (block.kind === 'first') this.element.dataset.n = String(block.paragraph)
    this.#gutter = block.kind === 'first' ? this.element.appendChild(emptyElement('gutter')) : null
    this.#pieces = [this.#newPiece({ start: block.start, end: block.end, segment: null })]
    this.element.append(...this.#pieces.map(({ node }) => node))
  }

  /** Line height by the depth of the block's nest: never changes where a line breaks. */
  setDepth(depth: number): void {
    const name = this.element.className.replace(/ h\d+/, '')
    const next = depth > 0 ? `${name} h${depth}` : name
    if (next !== this.element.className) this.element.className = next
  }

  /** Shows who is in this paragraph. Initials and the person's colour, 1 to 8. */
  setPeople(people: readonly { initials: string; colour: number }[]): void {
    this.#gutter?.replaceChildren(
      ...people.map(({ initials, colour }) => {
        const circle = emptyElement(`person p${colour}`)
        circle.dataset.x = initials
        return circle
      }),
    )
  }

  /** Draws segments: nodes that say the same stay, the others change in place or are replaced. */
  draw(drawn: readonly Segment[]): void {
    const wanted = [...covering(this.block, drawn)]
    const kept = this.#keep(wanted)
    let next = this.#gutter ? this.#gutter.nextSibling : this.element.firstChild
    this.#pieces = wanted.map((want) => {
      const old = kept.get(want.start)
      const piece = old ? this.#change(old, want) : this.#newPiece(want)
      if (piece.node === next) next = next.nextSibling
      else this.element.insertBefore(piece.node, next)
      return piece
    })
  }

  /** The pieces that go on, by their start; the nodes of the others leave the document. */
  #keep(wanted: readonly Wanted[]): Map<number, Piece> {
    const marked = new Map(wanted.map(({ start, segment }) => [start, segment !== null]))
    const kept = new Map<number, Piece>()
    for (const piece of this.#pieces) {
      if (marked.get(piece.start) === (piece.segment !== null)) kept.set(piece.start, piece)
      else piece.node.remove()
    }
    return kept
  }

  /** The DOM point of an offset inside the block: the end of the node on the left, or the start of the one on the right. */
  point(offset: number, bias: 'left' | 'right'): readonly [Text, number] {
    const piece = this.#pieces[this.#pieceAt(offset, bias)]
    if (!piece) throw new Error(`no offset ${offset} in the block at ${this.block.start}`)
    return [piece.text, Math.min(Math.max(0, offset - piece.start), piece.end - piece.start)]
  }

  /** The text nodes over which `[start, end)` lies, each with the part of it that does. */
  *texts(start: number, end: number): Generator<readonly [text: Text, from: number, to: number]> {
    for (let i = this.#pieceAt(start, 'right'); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]
      if (!piece || piece.start >= end) return
      yield [piece.text, Math.max(0, start - piece.start), Math.min(end, piece.end) - piece.start]
    }
  }

  #pieceAt(offset: number, bias: 'left' | 'right'): number {
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const end = this.#pieces[middle]?.end ?? 0
      if (bias === 'right' ? end <= offset : end < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #slice = (start: number, end: number): string => this.#text.slice(start - this.block.start, end - this.block.start)

  #newPiece({ start, end, segment }: Wanted): Piece {
    const text = document.createTextNode(this.#slice(start, end))
    const node = segment ? document.createElement('span') : text
    const piece: Piece = { start, end, node, text, segment }
    if (segment) dressed(node as HTMLElement, text, segment)
    return piece
  }

  #change(piece: Piece, { end, segment }: Wanted): Piece {
    if (piece.end !== end) {
      piece.text.data = this.#slice(piece.start, end)
      piece.end = end
    }
    if (segment) redressed(piece.node as HTMLElement, piece.text, piece.segment, segment)
    piece.segment = segment
    return piece
  }
}

type Wanted = Pick<Piece, 'start' | 'end' | 'segment'>

/** True if no blank of the text would be lost by collapsing: such a text may drop the blank at the end of a line. */
const isEven = (text: string): boolean => !/^[ \t]|[ \t][ \t]|\t/.test(text)

/** The segments and the bare text between them, from the block's start to its end. */
function* covering(block: Block, drawn: readonly Segment[]): Generator<Wanted> {
  let at = block.start
  for (const segment of drawn) {
    if (at < segment.start) yield { start: at, end: segment.start, segment: null }
    yield { start: segment.start, end: segment.end, segment }
    at = segment.end
  }
  if (at < block.end) yield { start: at, end: block.end, segment: null }
}

function emptyElement(className: string): HTMLElement {
  const element = document.createElement('i')
  element.className = className
  element.ariaHidden = 'true'
  return element
}

function dressed(node: HTMLElement, text: Text, segment: Segment): void {
  node.append(text)
  redressed(node, text, null, segment)
}

function redressed(node: HTMLElement, text: Text, before: Segment | null, after: Segment): void {
  segments.set(node, after)
  if (before?.classes !== after.classes) node.className = after.classes
  if ((before?.description ?? '') !== after.description) describe(node, after.description)
  if (attachments(before) === attachments(after)) return
  for (const element of [...node.children]) element.remove()
  node.prepend(...after.codes.map(codeElement), ...after.handles.filter((edge) => edge === 'start').map(handleElement))
  text.after(...after.handles.filter((edge) => edge === 'end').map(handleElement))
}

function describe(node: HTMLElement, description: string): void {
  if (description === '') {
    node.removeAttribute('role')
    node.removeAttribute('aria-description')
  } else {
    node.setAttribute('role', 'mark')
    node.setAttribute('aria-description', description)
  }
}

const attachments = (segment: Segment | null): string =>
  segment ? [...segment.codes.map(({ classes, extra }) => classes + extra), ...segment.handles].join('|') : ''

function codeElement({ classes, extra }: Code): HTMLElement {
  const element = emptyElement(classes)
  if (extra) element.dataset.x = extra
  return element
}

const handleElement = (edge: 'start' | 'end'): HTMLElement => emptyElement(`handle ${edge}`)
