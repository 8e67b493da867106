import * as decoding from 'lib0/decoding'
import { signInEnded } from '../api.ts'

const FACT = 122
const HERE = 123
const SIGN_IN = 4401
const NOT_YOURS = 4403
const LONGEST_WAIT = 15_000

/** Something that happened in the project: `[scope, n, kind, payload]`. */
export interface Fact {
  readonly n: number
  readonly kind: string
  readonly payload: unknown
}

/**
 * The project's socket for pages that show no article: who is in which article now, and what happens. It connects again
 * after a fault, from the last fact it has; "sign in" asks for the sign-in, "not yours" ends it.
 */
export class Lobby {
  /** Article id → account ids. */
  here = $state.raw<Readonly<Record<string, readonly string[]>>>({})
  readonly #project: string
  readonly #onFact: (fact: Fact) => void
  #after: number
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  /** `after` is the number of the last fact that the page's data includes. */
  constructor(project: string, after: number, onFact: (fact: Fact) => void) {
    this.#project = project
    this.#after = after
    this.#onFact = onFact
    this.#connect()
  }

  close() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #connect() {
    const url = new URL(`/lobby/${this.#project}?after=${this.#after}`, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => (this.#failures = 0)
    socket.onmessage = (event) => this.#read(new Uint8Array(event.data as ArrayBuffer))
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#lost(event.code)
    }
    this.#socket = socket
  }

  #read(message: Uint8Array) {
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type !== FACT && type !== HERE) return
    const body: unknown = JSON.parse(decoding.readVarString(decoder))
    if (type === HERE) this.here = body as Readonly<Record<string, readonly string[]>>
    else this.#take(body as [string, number, string, unknown])
  }

  #take([, n, kind, payload]: [string, number, string, unknown]) {
    if (n <= this.#after) return
    this.#after = n
    this.#onFact({ n, kind, payload })
  }

  #lost(code: number) {
    this.here = {}
    if (code === SIGN_IN) signInEnded()
    if (code === SIGN_IN || code === NOT_YOURS) return
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#failures++)
    this.#timer = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2))
  }
}
