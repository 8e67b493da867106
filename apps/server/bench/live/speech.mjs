import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { frameOf, Wire } from './wire.mjs'

const [SYNC, AWARENESS, AUTH, QUERY, SYNC_REPLY, STATUS, ACK] = [0, 1, 2, 3, 4, 8, 120]
/** Somebody who is silent for longer is taken for gone. */
const SILENCE = 20_000
const [STEP_1, STEP_2, UPDATE] = [0, 1, 2]
/** What an empty document's state vector is, and what it lacks of nothing. */
const NO_VECTOR = new Uint8Array([0])
const NO_UPDATE = new Uint8Array([0, 0])

/**
 * One client of a server under test, as y-websocket and hocuspocus speak: `participant` is `{url, headers, room}`, and `room` a
 * name only where the document is named in every message.
 */
export class Client {
  /** Document messages that the server said it has taken: as saved (ours) or as applied (hocuspocus). */
  acked = 0
  /** The whole of the first answer to what the document is. */
  state = null
  /** Called with each message that carries updates of others. */
  onUpdate = null
  #participant
  #wire
  #prefix
  #greeted = null
  #answered = false
  #saysSomething = null

  constructor(participant) {
    this.#participant = participant
    this.#prefix =
      participant.room === null ? [] : [...encode((encoder) => encoding.writeVarString(encoder, participant.room))]
  }

  /** Resolves when it has the server's document and has said what it has itself, which is nothing. */
  async join() {
    this.#wire = await Wire.open(this.#participant)
    const joined = new Promise((resolve) => (this.#greeted = resolve))
    this.#wire.hear = (message) => this.#hear(message)
    this.#saysSomething = setInterval(() => this.#send(QUERY, () => undefined), SILENCE)
    if (this.#participant.room !== null) this.#send(AUTH, (encoder) => writeToken(encoder))
    this.#send(SYNC, (encoder) => writeStep(encoder, STEP_1, NO_VECTOR))
    const closed = setInterval(() => this.closed !== null && this.#greeted(), 20)
    await joined
    clearInterval(closed)
    if (this.closed !== null) throw new Error(`${this.#participant.url} closed with ${this.closed}`)
    return this
  }

  get closed() {
    return this.#wire.closed
  }

  /** Hears no more of what others write, but goes on reading it. */
  deafen() {
    this.#wire.hear = null
  }

  /** The frame that carries an update. */
  frameOf(update) {
    return this.#frame(SYNC, (encoder) => writeStep(encoder, UPDATE, update))
  }

  /** Announces the client ids under which it is going to write, as a page does by its first presence. */
  announce(clients) {
    const entries = encode((encoder) => {
      encoding.writeVarUint(encoder, clients.length)
      for (const client of clients) {
        encoding.writeVarUint(encoder, client)
        encoding.writeVarUint(encoder, 1)
        encoding.writeVarString(encoder, '{}')
      }
    })
    this.#send(AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, entries))
  }

  send(frame) {
    this.#wire.send(frame)
  }

  end() {
    clearInterval(this.#saysSomething)
    this.#wire?.end()
  }

  #hear(message) {
    const type = message[this.#prefix.length]
    if (type === SYNC || type === SYNC_REPLY) this.#hearSync(message)
    else if (type === STATUS) this.acked++
    else if (type === ACK) this.acked = decoding.readVarUint(decoding.createDecoder(message.subarray(1)))
  }

  #hearSync(message) {
    const step = message[this.#prefix.length + 1]
    if (step === UPDATE) return this.onUpdate?.(message)
    if (step === STEP_1) {
      this.#send(SYNC, (encoder) => writeStep(encoder, STEP_2, NO_UPDATE))
      this.#answered = true
    }
    if (step === STEP_2) {
      this.state = decoding.readVarUint8Array(decoding.createDecoder(message.subarray(this.#prefix.length + 2)))
      this.onUpdate?.(message)
    }
    if (this.state && this.#answered) this.#greeted()
  }

  #send(type, write) {
    this.#wire.send(this.#frame(type, write))
  }

  #frame(type, write) {
    const body = encode((encoder) => {
      encoding.writeVarUint(encoder, type)
      write(encoder)
    })
    return frameOf(Buffer.concat([Buffer.from(this.#prefix), body]))
  }
}

function writeToken(encoder) {
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarString(encoder, 'bench')
}

function writeStep(encoder, step, bytes) {
  encoding.writeVarUint(encoder, step)
  encoding.writeVarUint8Array(encoder, bytes)
}

function encode(write) {
  const encoder = encoding.createEncoder()
  write(encoder)
  return encoding.toUint8Array(encoder)
}
