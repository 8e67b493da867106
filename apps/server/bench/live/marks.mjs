import { randomInt } from 'node:crypto'
import * as Y from 'yjs'

const MARK = '-Tg_'
const DIGITS = 10
const SIZE = 16
const SLASH = '/'.charCodeAt(0)
const LABELS = ['loc', 'org', 'ppl']

/** The id of the n-th annotation: found again in any frame, merged or not, without decoding it. */
export const idOf = (n) => `${MARK}${String(n).padStart(DIGITS, '0')}--`

/** A span within the bench's text, as the document holds it. */
export const recordOf = (n) => ['span', [[(n * 7) % 3000, ((n * 7) % 3000) + 8]], LABELS[n % 3], [], null]

/** Calls `found(n, field)` for every annotation that is written in a frame; `field` is false for its first record. */
export function scan(frame, found) {
  for (let at = frame.indexOf(MARK); at >= 0; at = frame.indexOf(MARK, at + SIZE)) {
    let n = 0
    for (let i = at + MARK.length; i < at + MARK.length + DIGITS; i++) n = n * 10 + frame[i] - 48
    found(n, frame[at + SIZE] === SLASH)
  }
}

/**
 * Somebody who marks spans without looking at what others do: makes one, then changes its label, then makes the next.
 * `write(n)` answers the update; n of the annotation that it writes is `n` or, for the label, the one before.
 */
export class Writer {
  #doc = new Y.Doc()
  #map = this.#doc.getMap('annotations')
  #update = null
  #last = null

  constructor() {
    this.#doc.clientID = randomInt(2, 2 ** 31)
    this.#doc.on('update', (update) => (this.#update = update))
  }

  /** The client id under which it writes. */
  get client() {
    return this.#doc.clientID
  }

  write(n) {
    if (this.#last === null) this.#map.set(idOf(n), recordOf(n))
    else this.#map.set(`${idOf(this.#last)}/label`, LABELS[(n + 1) % 3])
    const key = { n: this.#last ?? n, field: this.#last !== null }
    this.#last = this.#last === null ? n : null
    return { update: this.#update, ...key }
  }
}

/**
 * A document's history: so many annotations, each changed so many times in random order by four people, as updates of
 * at most `each` writes. The writers know each other's work, as people in one room do.
 */
export function history({ annotations, changes, each }) {
  const doc = new Y.Doc()
  const map = doc.getMap('annotations')
  const people = Array.from({ length: 4 }, () => randomInt(2, 2 ** 31))
  const updates = []
  doc.on('update', (update) => updates.push(update))
  const writes = Array.from({ length: annotations }, (_, n) => () => map.set(idOf(n), recordOf(n)))
  const order = shuffled(Array.from({ length: annotations * changes }, (_, i) => i))
  for (const i of order) writes.push(() => change(map, i % annotations, Math.floor(i / annotations)))
  for (let at = 0; at < writes.length; at += each) {
    doc.clientID = people[(at / each) % people.length]
    doc.transact(() => writes.slice(at, at + each).forEach((write) => write()))
  }
  return updates
}

function change(map, n, time) {
  const start = (n * 7 + time) % 3000
  if (time % 2 === 0) map.set(`${idOf(n)}/label`, LABELS[(n + time / 2) % 3])
  else map.set(`${idOf(n)}/ranges`, [[start, start + 5]])
}

function shuffled(items) {
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomInt(i + 1)
    ;[items[i], items[j]] = [items[j], items[i]]
  }
  return items
}
