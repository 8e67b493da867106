import type { Bus } from '../bus.ts'
import type { Cluster } from './cluster.ts'
import type { RoomPresence } from './room-presence.ts'

/** A change, all there is, and the question for that. */
const kinds = ['change', 'whole', 'ask'] as const
type Kind = (typeof kinds)[number]

const HEAD_BYTES = 5

/**
 * Lets the rooms of one layer in several processes know of each other's people. Each process numbers what it tells: whoever
 * misses something, or comes later, asks and is told all.
 */
export class RemotePresence {
  readonly #bus: Bus
  readonly #channel: string
  readonly #presence: RoomPresence
  readonly #stops: (() => void)[]
  /** The number of the last change that each other process told. */
  readonly #heard = new Map<string, number>()
  #told = 0

  constructor({ bus, layer, cluster }: { bus: Bus; layer: string; cluster: Cluster }, presence: RoomPresence) {
    this.#bus = bus
    this.#channel = `presence/${layer}`
    this.#presence = presence
    this.#stops = [
      bus.subscribe(
        this.#channel,
        (message, from) => {
          cluster.saw(from)
          this.#hear(message, from)
        },
        () => this.#introduce(),
      ),
      cluster.listen((process, lives) => (lives ? this.#ask(process) : this.#lose(process))),
    ]
  }

  /** Tells the other processes what changed here. */
  tell(change: Uint8Array): void {
    this.#told++
    this.#say('change', change)
  }

  /** Says that nobody is here any more. */
  close(): void {
    for (const stop of this.#stops) stop()
    this.#say('whole', EMPTY)
  }

  /** At the beginning, and after an outage in which anything may have been missed. */
  #introduce(): void {
    this.#heard.clear()
    this.#say('whole', this.#presence.own())
    this.#say('ask', EVERYBODY)
  }

  #ask(process: string): void {
    this.#say('ask', Buffer.from(process))
  }

  #lose(process: string): void {
    this.#heard.delete(process)
    this.#presence.lose(process)
  }

  #say(kind: Kind, body: Uint8Array): void {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt8(kinds.indexOf(kind))
    head.writeUInt32BE(this.#told, 1)
    this.#bus.publish(this.#channel, Buffer.concat([head, body]))
  }

  #hear(message: Uint8Array, from: string): void {
    const head = Buffer.from(message.buffer, message.byteOffset, HEAD_BYTES)
    const [kind, n] = [kinds[head.readUInt8()], head.readUInt32BE(1)]
    const body = message.subarray(HEAD_BYTES)
    if (kind === 'ask') return this.#answer(Buffer.from(body).toString())
    const whole = kind === 'whole'
    this.#presence.hear(from, body, whole)
    if (whole || this.#heard.get(from) === n - 1) this.#heard.set(from, n)
    else this.#ask(from)
  }

  #answer(asked: string): void {
    if (asked === '' || asked === this.#bus.self) this.#say('whole', this.#presence.own())
  }
}

/** A list of nobody. */
const EMPTY = Uint8Array.of(0)
const EVERYBODY = new Uint8Array()
