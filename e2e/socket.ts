import WebSocket from 'ws'

/** The Yjs document's root map, and the frames of y-websocket, as the protocol's own papers have them. */
const ROOT = 'annotations'
const SYNC = 0
const STEP_2 = 1
const UPDATE = 2
const EMPTY_UPDATE = [0, 0]

/** A WebSocket to a server under test, with headers that a page could not choose. */
export class Socket {
  /** The code it was closed with. */
  readonly closed: Promise<number>
  /** True once it was open; the HTTP status that refused the upgrade otherwise. */
  readonly answered: Promise<true | number>
  /** Once it is let in: what follows the upgrade comes only then. */
  readonly inside: Promise<void>
  readonly #socket: WebSocket

  constructor(url: string, path: string, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers: { origin: url, ...headers } })
    this.closed = new Promise((resolve) => this.#socket.on('close', resolve))
    this.answered = new Promise((resolve) => {
      this.#socket.on('open', () => resolve(true))
      this.#socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!))
    })
    this.inside = new Promise((resolve) => this.#socket.once('message', () => resolve()))
    this.#socket.on('error', () => undefined)
  }

  /** Says that it has nothing, and then one update. */
  sendUpdate(update: readonly number[]): void {
    for (const [kind, bytes] of [[STEP_2, EMPTY_UPDATE] as const, [UPDATE, update] as const])
      this.#socket.send(Uint8Array.from([SYNC, kind, ...number(bytes.length), ...bytes]))
  }

  end(): void {
    this.#socket.terminate()
  }
}

/**
 * An update of Yjs (version 1) by hand, so that nothing of ours checks itself: a client puts a span under `id` into the
 * root map as the act of its clock.
 */
export function spanUpdate(
  [client, clock]: readonly [number, number],
  id: string,
  [start, end]: readonly [number, number],
  label: string,
) {
  const record = array([string('span'), array([array([integer(start), integer(end)])]), string(label), array([]), NULL])
  const one = [1]
  const anyUnderKey = 0b0010_1000
  return [
    ...[...one, ...one, ...number(client), ...number(clock)],
    ...[anyUnderKey, 1, ...text(ROOT), ...text(id), 1, ...record],
    0,
  ]
}

const NULL = [126]
const array = (items: readonly number[][]) => [117, ...number(items.length), ...items.flat()]
const string = (value: string) => [119, ...text(value)]
/** Of lib0: six bits with a sign bit and a bit for "more", then seven bits a byte. */
function integer(value: number): number[] {
  const more = value > 63
  const rest = Math.floor(value / 64)
  return [125, (more ? 0x80 : 0) | (value & 63), ...(more ? number(rest) : [])]
}
const text = (value: string) => [...number(Buffer.byteLength(value)), ...Buffer.from(value)]

function number(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...number(Math.floor(value / 128))]
}
