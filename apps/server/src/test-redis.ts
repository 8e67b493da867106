import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** The Redis that the tests use; `npm test` starts it. */
export function testRedis(): string {
  const url = process.env.TEST_REDIS_URL
  if (!url) throw new Error('TEST_REDIS_URL names no Redis; `npm test` starts one')
  return url
}

/** The way to a Redis, which can be cut, blocked and opened again. */
export class Gate {
  readonly #to: URL
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #server: Server | null = null
  #port = 0
  #blocked = false

  private constructor(to: string) {
    this.#to = new URL(to)
  }

  static async open(to: string): Promise<Gate> {
    const gate = new Gate(to)
    await gate.open()
    return gate
  }

  get url(): string {
    const url = new URL(this.#to)
    url.host = `127.0.0.1:${this.#port}`
    return url.href
  }

  /** As a Redis that starts: at the same port as before. */
  async open(): Promise<void> {
    this.#server = createServer((socket) => this.#join(socket)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** As a Redis that was killed: every connection breaks, and new ones are refused. */
  async cut(): Promise<void> {
    const closed = once(this.#server!, 'close')
    this.#server!.close()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await closed
  }

  /** As a Redis that hangs: connections are open, and nothing is answered. */
  block(): void {
    this.#blocked = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  unblock(): void {
    this.#blocked = false
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  #join(socket: Socket): void {
    const other = connect(Number(this.#to.port || 6379), this.#to.hostname)
    const pair = [socket, other] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [other, socket] as const]) {
      from.on('data', (data) => to.write(data))
      from.on('error', () => undefined)
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#blocked) this.block()
  }
}
