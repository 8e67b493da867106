import type { Points } from './points.ts'
import { Tint } from './tint.ts'

/** Somebody who has this article open. Colour 1 to 8; `at` is their selection in code units, or null. */
export interface Person {
  readonly account: string
  readonly name: string
  readonly colour: number
  readonly at: readonly [anchor: number, head: number] | null
}

const REST = 3000
const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8]

interface Flag {
  readonly element: HTMLElement
  timer: number
  head: number | null
}

/**
 * The selections and carets of others, over the text and not in it: selections are tints that follow the text by
 * themselves, carets are moved by `transform` and placed again when the text moves.
 */
export class People {
  readonly #points: Points
  readonly #overlay: HTMLElement
  readonly #flags = new Map<string, Flag>()
  #people: readonly Person[] = []
  readonly #tints = COLOURS.map((colour) => ({ colour, tint: new Tint(`people-${colour}`) }))

  constructor(overlay: HTMLElement, points: Points) {
    this.#overlay = overlay
    this.#points = points
  }

  show(people: readonly Person[]): void {
    this.#people = people
    const here = new Set(people.filter(({ at }) => at).map(({ account }) => account))
    for (const account of [...this.#flags.keys()]) if (!here.has(account)) this.#lower(account)
    for (const person of people) if (person.at) this.#raise(person, person.at[1])
    this.place()
  }

  /** Puts tints and carets where the text is now: after it was drawn again, resized, or got its faces. */
  place(): void {
    for (const { colour, tint } of this.#tints) tint.show(this.#ranges(colour))
    if (this.#flags.size === 0) return
    const origin = this.#overlay.getBoundingClientRect()
    for (const { account, at } of this.#people) {
      const flag = at && this.#flags.get(account)
      if (flag) moveTo(flag.element, caretBox(this.#points, at[1], at[1] > at[0]), origin)
    }
  }

  dispose(): void {
    this.show([])
  }

  #ranges(colour: number): Range[] {
    const selections = this.#people.flatMap((person) => (person.colour === colour && person.at ? [person.at] : []))
    return selections
      .filter(([anchor, head]) => anchor !== head)
      .map(([anchor, head]) => this.#points.toRange([Math.min(anchor, head), Math.max(anchor, head)]))
  }

  #raise({ account, name, colour }: Person, head: number): void {
    const flag = this.#flags.get(account) ?? this.#newFlag(account)
    flag.element.dataset.x = flagOf(name)
    if (flag.head === head) return
    flag.head = head
    flag.element.className = `caret fresh p${colour}`
    clearTimeout(flag.timer)
    flag.timer = window.setTimeout(() => flag.element.classList.remove('fresh'), REST)
  }

  #newFlag(account: string): Flag {
    const flag = { element: this.#overlay.appendChild(document.createElement('i')), timer: 0, head: null }
    this.#flags.set(account, flag)
    return flag
  }

  #lower(account: string): void {
    const flag = this.#flags.get(account)
    if (!flag) return
    clearTimeout(flag.timer)
    flag.element.remove()
    this.#flags.delete(account)
  }
}

/** The first name, with what tells people of one name apart. */
const flagOf = (name: string): string => (name.trim().split(/\s+/)[0] ?? '') + (/ \([^)]*\)$/.exec(name)?.[0] ?? '')

/** The box of the character beside an offset; `after` when the offset is the character's end. */
function caretBox(points: Points, offset: number, after: boolean): { x: number; y: number } | null {
  const before = points.rects([Math.max(0, offset - 1), offset]).at(-1)
  const behind = points.rects([offset, offset + 1])[0]
  const [first, second] = after ? [before, behind] : [behind, before]
  const box = first ?? second
  return box ? { x: box === before ? box.right : box.left, y: box.top } : null
}

/** Moves an element of an overlay to a place of the screen, or hides it. */
function moveTo(element: HTMLElement, place: { x: number; y: number } | null, origin: DOMRect): void {
  element.hidden = place === null
  if (place) element.style.transform = `translate(${place.x - origin.left}px,${place.y - origin.top}px)`
}
