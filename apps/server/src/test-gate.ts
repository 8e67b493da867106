import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const usual: Readonly<Record<string, number>> = { 'redis:': 6379, 'postgres:': 5432, 'postgresql:': 5432 }

/** The way to a Redis or a Postgres, which can be cut, blocked and opened again. */
export class Gate {
  readonly #to: URL
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #stranded = new Set<Socket>()
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

  /** As a server that starts: at the same port as before. */
  async open(): Promise<void> {
    this.#server = createServer((socket) => this.#join(socket)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** As a server that was killed: every connection breaks, and new ones are refused. */
  async cut(): Promise<void> {
    const closed = once(this.#server!, 'close')
    this.#server!.close()
    for (const socket of [...this.#pairs].flat()) socket.destroy()
    for (const socket of this.#stranded) socket.destroy()
    await closed
  }

  /** As a server that hangs: connections are open, and nothing is answered. */
  block(): void {
    this.#blocked = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  unblock(): void {
    this.#blocked = false
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  /** As a network that goes away: this side's connections break, and the other side does not hear of it. */
  strand(): void {
    for (const pair of [...this.#pairs]) {
      this.#pairs.delete(pair)
      this.#stranded.add(pair[1])
      pair[0].destroy()
    }
  }

  #join(socket: Socket): void {
    const other = connect(Number(this.#to.port) || usual[this.#to.protocol]!, this.#to.hostname)
    const pair = [socket, other] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [other, socket] as const]) {
      from.on('data', (data) => to.write(data))
      from.on('error', () => undefined)
      from.on('close', () => {
        if (!this.#stranded.has(to)) to.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#blocked) this.block()
  }
}
