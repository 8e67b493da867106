import { closeCodes, decodeMessage, type FactMessage, type Here } from '@tamga/collab'
import { signInEnded } from '../api.ts'

const FIRST_WAIT = 500
const LONGEST_WAIT = 15_000

/** Something that happened in the project. */
export type Fact = Omit<FactMessage, 'scope'>

/**
 * The project's socket for pages that show no article: who is in which article now, and what happens. It connects again
 * after a fault, from the last fact it has; "sign in" asks for the sign-in, "not yours" ends it and is told.
 */
export class Lobby {
  /** Article id → account ids. */
  here = $state.raw<Here>({})
  readonly #project: string
  readonly #onFact: (fact: Fact) => void
  readonly #onShut: () => void
  #after: number
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  /** `after` is the number of the last fact that the page's data includes. */
  constructor(project: string, after: number, onFact: (fact: Fact) => void, onShut: () => void) {
    this.#project = project
    this.#after = after
    this.#onFact = onFact
    this.#onShut = onShut
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

  #read(frame: Uint8Array) {
    const message = decodeMessage(frame)
    if (message?.type === 'here') this.here = message.here
    if (message?.type === 'fact') this.#take(message.fact)
  }

  #take(fact: Fact) {
    if (fact.n <= this.#after) return
    this.#after = fact.n
    this.#onFact(fact)
  }

  #lost(code: number) {
    this.here = {}
    if (code === closeCodes.signIn) signInEnded()
    if (code === closeCodes.notYours) this.#onShut()
    if (code === closeCodes.signIn || code === closeCodes.notYours) return
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++)
    this.#timer = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2))
  }
}
