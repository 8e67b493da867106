import { scan, Writer } from './marks.mjs'
import { Client } from './speech.mjs'

/** From here on the numbers of what storms write, so that no run's annotation is taken for another's. */
let serial = 1e9

/** Two people who write until the server breaks off, and one who looks on. */
export class Storm {
  #written = []
  #clients = []
  #seen = new Set()
  #onlooker

  static async begin(participant, rate) {
    const storm = new Storm()
    storm.#onlooker = await new Client(participant).join()
    storm.#onlooker.onUpdate = (frame) => scan(frame, (n, field) => storm.#seen.add(keyOf({ n, field })))
    for (const _ of [1, 2]) storm.#clients.push(await new Client(participant).join())
    storm.#write(rate)
    return storm
  }

  /** What the server said it had taken and what the onlooker saw, as soon as all connections broke. */
  async end() {
    const all = [...this.#clients, this.#onlooker]
    while (all.some(({ closed }) => closed === null)) await pause(5)
    for (const client of all) client.end()
    // the first message of each was its empty step 2
    const acked = this.#clients.flatMap(({ acked }, i) => this.#written[i].slice(0, Math.max(0, acked - 1)))
    return { written: this.#written.flat(), acked, seen: [...this.#seen] }
  }

  #write(rate) {
    const writers = this.#clients.map(() => new Writer())
    this.#written = this.#clients.map(() => [])
    for (const [i, client] of this.#clients.entries()) client.announce([writers[i].client])
    let i = 0
    const timer = setInterval(() => {
      const who = i++ % this.#clients.length
      const client = this.#clients[who]
      if (client.closed !== null) return clearInterval(timer)
      const { update, ...key } = writers[who].write(serial++)
      this.#written[who].push(keyOf(key))
      client.send(client.frameOf(update))
    }, 1000 / rate)
  }
}

/** What a fresh client gets as the document, and what more comes to it in the time after it was told to be in step. */
export async function look(participant, ms) {
  const client = await new Client(participant).join()
  const first = keysIn(client.state)
  const later = new Set(first)
  client.onUpdate = (frame) => scan(frame, (n, field) => later.add(keyOf({ n, field })))
  await pause(ms)
  client.end()
  return { first: [...first], later: [...later] }
}

function keysIn(state) {
  const keys = new Set()
  scan(Buffer.from(state), (n, field) => keys.add(keyOf({ n, field })))
  return keys
}

const keyOf = ({ n, field }) => n * 2 + Number(field)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
