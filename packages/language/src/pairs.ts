import { counted, type Steps } from './steps.ts'

const closes: Readonly<Record<string, string>> = { '»': '«', '›': '‹', ')': '(', ']': '[', '}': '{', '”': '“„' }
const opens = '«‹([{„'

/**
 * The partner of each quote and bracket of one line, both ways, by offset. Halves without a partner are left out; an
 * opening one that is never closed hides no pair around it. Straight quotes open before a word and close after one.
 */
export function partners(line: string, steps?: Steps): Map<number, number> {
  const found = new Map<number, number>()
  const open = new Open()
  for (const { index, 0: sign } of counted(line, steps).matchAll(/[«»‹›()[\]{}„“”"]/g)) {
    if (steps) steps.taken++
    const opens = isOpening(line, index, sign, open)
    const opener = opens ? null : open.last(kinOf(sign))
    if (opener !== null) {
      open.closeAt(opener)
      found.set(opener, index).set(index, opener)
    } else if (opens) {
      open.add(index, sign)
    }
  }
  return found
}

/** The opening halves that wait for their partners, in order, and those of each sign for themselves. */
class Open {
  readonly #all: { readonly at: number; readonly sign: string }[] = []
  readonly #bySign = new Map<string, number[]>()

  add(at: number, sign: string): void {
    this.#all.push({ at, sign })
    const alike = this.#bySign.get(sign)
    if (alike) alike.push(at)
    else this.#bySign.set(sign, [at])
  }

  /** Where the last one of some signs stands, or null. */
  last(signs: string): number | null {
    const places = [...signs].flatMap((sign) => this.#bySign.get(sign)?.at(-1) ?? [])
    return places.length === 0 ? null : Math.max(...places)
  }

  /** Takes out the one at `at` and all after it: their partners do not come. Each leaves once. */
  closeAt(at: number): void {
    for (let one = this.#all.at(-1); one && one.at >= at; one = this.#all.at(-1)) {
      this.#all.pop()
      this.#bySign.get(one.sign)?.pop()
    }
  }
}

function isOpening(line: string, at: number, sign: string, open: Open): boolean {
  if (sign === '"') return opensWord(line, at)
  if (sign === '“') return open.last('„') === null
  return opens.includes(sign)
}

/** What opens a pair that `sign` closes. */
function kinOf(sign: string): string {
  if (sign === '“') return '„'
  return sign === '"' ? '"' : (closes[sign] ?? '')
}

function opensWord(line: string, at: number): boolean {
  return (
    /^[\p{L}\p{N}«„“("№$#@]/u.test(line.slice(at + 1, at + 3)) &&
    !/[\p{L}\p{N}.,;:!?…%)»”]$/u.test(line.slice(Math.max(0, at - 2), at))
  )
}
