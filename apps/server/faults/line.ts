import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Cut } from './plan.ts'

/** The network before one server: it can be held shut, cut, slowed down, and broken in the middle of a frame. */
export class Line {
  readonly target: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  /** How long what is said waits on its way. */
  delay = 0
  #shut = false
  #port = 0

  static async open(target: number): Promise<Line> {
    const line = new Line(target)
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve))
    line.#port = (line.#server.address() as AddressInfo).port
    return line
  }

  private constructor(target: number) {
    this.target = target
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#carry(client))
  }

  /** Where editors dial; it stays the same, and in vain, when the line is closed: one may be about to dial again. */
  get port(): number {
    return this.#port
  }

  /** Nobody gets through any more, and those who were through are cut off. */
  shut(): void {
    this.#shut = true
    for (const pair of this.#pairs) pair.cut('off')
  }

  open(): void {
    this.#shut = false
  }

  /** Until all that is on its way has arrived or is lost. */
  async idle(): Promise<void> {
    await Promise.all([...this.#pairs].map((pair) => pair.idle()))
  }

  /** Cuts the connections that `hits` says. */
  cut(how: Cut, hits: () => boolean): void {
    for (const pair of [...this.#pairs]) if (hits()) pair.cut(how)
  }

  async close(): Promise<void> {
    this.shut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(client: Socket): void {
    if (this.#shut) return void client.destroy()
    const server = createConnection({ port: this.target, host: '127.0.0.1', allowHalfOpen: true })
    const pair = new Pair(client, server, () => this.delay)
    this.#pairs.add(pair)
    void pair.ended.then(() => this.#pairs.delete(pair))
  }
}

/** One connection in its two halves. */
class Pair {
  readonly ended: Promise<void>
  readonly #client: Socket
  readonly #server: Socket
  readonly #delay: () => number
  #torn = false
  readonly #queues: (() => Promise<void>)[] = []
  #end: () => void = () => undefined

  constructor(client: Socket, server: Socket, delay: () => number) {
    this.#client = client
    this.#server = server
    this.#delay = delay
    this.ended = new Promise((resolve) => (this.#end = resolve))
    this.#pass(client, server)
    this.#pass(server, client)
  }

  cut(how: Cut): void {
    if (how === 'off') this.#break()
    else if (how === 'half') this.#server.end()
    else this.#torn = true
  }

  async idle(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue()))
  }

  #pass(from: Socket, to: Socket): void {
    from.setNoDelay(true)
    // in order, however long each piece waits
    let last = Promise.resolve()
    this.#queues.push(() => last)
    const later = (act: () => void) => {
      const ms = this.#delay()
      last = last.then(() => (ms > 0 ? new Promise<void>((resolve) => setTimeout(resolve, ms)) : undefined)).then(act)
    }
    from.on('data', (data: Buffer) => later(() => this.#write(to, data)))
    from.on('end', () => later(() => void to.end()))
    from.on('error', () => this.#break())
    // what was said before the end still arrives
    from.on('close', () => later(() => this.#break()))
  }

  #write(to: Socket, data: Buffer): void {
    if (to.destroyed || to.writableEnded) return
    if (!this.#torn || data.length < 2) return void to.write(data)
    to.write(data.subarray(0, data.length >> 1), () => this.#break())
  }

  #break(): void {
    this.#client.destroySoon()
    this.#server.destroy()
    this.#end()
  }
}
