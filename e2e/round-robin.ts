import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/**
 * One address before several servers, as a proxy without sticky sessions: each connection goes to the next server that
 * takes it, one of a live room to the server that has the fewest of them, so that people sit at different ones.
 */
export class RoundRobin {
  readonly #server: Server
  readonly #ports: readonly number[]
  readonly #rooms = new Map<number, number>()
  #turn = 0

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
    const isRoom = first.subarray(0, 10).toString() === 'GET /live/'
    this.#join(socket, first, isRoom, isRoom ? this.#byRooms() : this.#inTurn())
  }

  #inTurn(): readonly number[] {
    const turn = this.#turn++ % this.#ports.length
    return [...this.#ports.slice(turn), ...this.#ports.slice(0, turn)]
  }

  #byRooms(): readonly number[] {
    return this.#ports.toSorted((one, other) => this.#roomsAt(one) - this.#roomsAt(other))
  }

  #roomsAt(port: number): number {
    return this.#rooms.get(port) ?? 0
  }

  #join(socket: Socket, first: Buffer, isRoom: boolean, [port, ...others]: readonly number[]): void {
    if (port === undefined || socket.destroyed) return void socket.destroy()
    const other = connect(port, '127.0.0.1')
    const refused = () => this.#join(socket, first, isRoom, others)
    other.once('error', refused)
    other.once('connect', () => {
      other.off('error', refused)
      if (socket.destroyed) return void other.destroy()
      if (isRoom) {
        this.#rooms.set(port, this.#roomsAt(port) + 1)
        other.once('close', () => this.#rooms.set(port, this.#roomsAt(port) - 1))
      }
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
