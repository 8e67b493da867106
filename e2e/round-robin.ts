import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/**
 * One address before several servers, as a proxy without sticky sessions: each connection goes to the next server that
 * takes it. Those of live rooms go round by themselves, so that people who come one after another sit at different ones.
 */
export class RoundRobin {
  readonly #server: Server
  readonly #ports: readonly number[]
  readonly #turns = { page: 0, room: 0 }

  private constructor(ports: readonly number[]) {
    this.#ports = ports
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (first) => this.#lead(socket, first))
    })
  }

  static async open(port: number, to: readonly number[]): Promise<RoundRobin> {
    const one = new RoundRobin(to)
    one.#server.listen(port, '127.0.0.1')
    await once(one.#server, 'listening')
    return one
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
  }

  #lead(socket: Socket, first: Buffer): void {
    socket.pause()
    const kind = first.subarray(0, 10).toString() === 'GET /live/' ? 'room' : 'page'
    this.#join(socket, first, this.#turns[kind]++, this.#ports.length)
  }

  #join(socket: Socket, first: Buffer, turn: number, left: number): void {
    if (left === 0) return void socket.destroy()
    const other = connect(this.#ports[turn % this.#ports.length]!, '127.0.0.1')
    const refused = () => this.#join(socket, first, turn + 1, left - 1)
    other.once('error', refused)
    other.once('connect', () => {
      other.off('error', refused)
      other.on('error', () => undefined)
      for (const [from, to] of [
        [socket, other],
        [other, socket],
      ] as const)
        from.on('close', () => to.destroy())
      other.write(first)
      socket.pipe(other)
      other.pipe(socket)
      socket.resume()
    })
  }
}
