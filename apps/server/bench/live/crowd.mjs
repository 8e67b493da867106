import { scan, Writer } from './marks.mjs'
import { Client } from './speech.mjs'

/** Readers of one document whose delays are taken; the others read everything too, unlooked at. */
const TIMED = 20
const JOINING = 25

let serial = 0

/** The people of one run: so many in each document, all of them writing and reading. */
export class Crowd {
  #clients = []
  #writers = []
  #rooms

  /** `participants` stand room by room, `perRoom` of them each. */
  static async gather(participants, perRoom) {
    const crowd = new Crowd()
    for (let at = 0; at < participants.length; at += JOINING) {
      const some = participants.slice(at, at + JOINING).map((participant) => new Client(participant))
      crowd.#clients.push(...some)
      await Promise.all(some.map((client) => client.join()))
    }
    crowd.#writers = crowd.#clients.map(() => new Writer())
    for (const [i, client] of crowd.#clients.entries()) client.announce([crowd.#writers[i].client])
    crowd.#rooms = crowd.#clients.map((_, i) => Math.floor(i / perRoom))
    return crowd
  }

  leave() {
    for (const client of this.#clients) client.end()
  }

  /**
   * Writes at a rate over all, one after the other, and answers how long each update took to each timed reader. What has
   * not come `patience` ms after the last one is missing.
   */
  async write({ rate, seconds, patience }) {
    const total = Math.round(rate * seconds)
    const { frames, authorOf, placeOf } = this.#prepare(total)
    const sent = new Float64Array(total)
    const { delays, missing } = this.#listen(authorOf, placeOf)
    const begun = performance.now()
    const due = (i) => begun + (i * 1000) / rate
    await pace(total, rate, seconds, begun, (i, now) => {
      sent[i] = now
      this.#clients[authorOf[i]].send(frames[i])
    })
    const late = percentiles([...sent].map((at, i) => (at === 0 ? Infinity : at - due(i))))
    const end = performance.now() + patience
    while (missing() > 0 && performance.now() < end) await pause(5)
    for (const client of this.#clients) client.deafen()
    const { index, at } = delays
    return {
      sent: sent.filter((at) => at > 0).length,
      asked: total,
      missing: missing(),
      closed: this.#clients.flatMap(({ closed }) => closed ?? []),
      late,
      fromSent: percentiles(index.map((i, k) => at[k] - sent[i])),
      fromDue: percentiles(index.map((i, k) => at[k] - due(i))),
    }
  }

  #prepare(total) {
    const base = serial
    serial += total
    const frames = []
    const authorOf = new Uint16Array(total)
    const places = new Map()
    for (let i = 0; i < total; i++) {
      authorOf[i] = i % this.#clients.length
      const { update, n, field } = this.#writers[authorOf[i]].write(base + i)
      places.set(n * 2 + Number(field), i)
      frames.push(this.#clients[authorOf[i]].frameOf(update))
    }
    return { frames, authorOf, placeOf: (n, field) => places.get(n * 2 + Number(field)) }
  }

  #listen(authorOf, placeOf) {
    const delays = { index: [], at: [] }
    const readers = this.#timed()
    let awaited = 0
    for (const reader of this.#clients.keys()) {
      if (!readers.has(reader)) {
        this.#clients[reader].deafen()
        continue
      }
      const seen = new Uint8Array(authorOf.length)
      for (const author of authorOf) if (author !== reader && this.#rooms[author] === this.#rooms[reader]) awaited++
      this.#clients[reader].onUpdate = (frame) => {
        const now = performance.now()
        scan(frame, (n, field) => {
          const i = placeOf(n, field)
          if (i === undefined || seen[i] || authorOf[i] === reader) return
          seen[i] = 1
          awaited--
          delays.index.push(i)
          delays.at.push(now)
        })
      }
    }
    return { delays, missing: () => awaited }
  }

  /** Evenly spread over each room, the last who came included. */
  #timed() {
    const timed = new Set()
    const perRoom = this.#rooms.filter((room) => room === 0).length
    const step = Math.max(1, perRoom / TIMED)
    for (let room = 0; room * perRoom < this.#clients.length; room++)
      for (let k = perRoom - 1; k >= 0; k -= step) timed.add(room * perRoom + Math.floor(k))
    return timed
  }
}

/** Calls `act` at a steady rate; gives up when it is a second behind. */
function pace(total, rate, seconds, begun, act) {
  return new Promise((resolve) => {
    let done = 0
    const turn = () => {
      const now = performance.now()
      const due = Math.min(total, Math.floor(((now - begun) * rate) / 1000) + 1)
      while (done < due) act(done++, performance.now())
      if (done === total || now - begun > (seconds + 1) * 1000) resolve()
      else setTimeout(turn, 1)
    }
    turn()
  })
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (part) =>
    sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
