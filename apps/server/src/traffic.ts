import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Env } from './env.ts'

/** Who answers what arrives. */
interface Answering {
  readonly request: RequestListener
  upgrade(...asked: Upgrade): void
  /** From now on nobody is let in, and whoever asks is told to come back; only those who look how it is are answered. */
  readonly stopping: boolean
}

type Upgrade = [request: Parameters<RequestListener>[0], socket: Duplex, head: Buffer]

/** What arrives at a server's port, and what of it still runs. */
export class Traffic {
  readonly #http: Server
  readonly #running = new Set<ServerResponse>()
  readonly #sockets = new Set<Duplex>()
  #answering: Answering | null = null

  private constructor() {
    // no limit on the whole of a request: an upload of two gigabytes takes its time
    this.#http = createServer({ requestTimeout: 0 }, (request, response) => this.#answer(request, response))
    this.#http.on('upgrade', (...asked: Upgrade) => this.#upgrade(...asked))
  }

  /** Listens on the port asked for, or on the next free one when none was. Nobody is answered yet. */
  static async listen(env: Env): Promise<Traffic> {
    const traffic = new Traffic()
    for (let port = env.port; ; port++) {
      const error = await tryListen(traffic.#http, port, env.host)
      if (!error) return traffic
      if (error.code !== 'EADDRINUSE') throw error
      if (env.portAsked || port > env.port + 100)
        throw new Error(
          `Port ${port} is taken. Name another with --port, or leave --port out to use the next free one.`,
        )
    }
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  /** True while nobody is connected and nothing runs. */
  get idle(): boolean {
    return this.#sockets.size === 0 && this.#running.size === 0
  }

  begin(answering: Answering): void {
    this.#answering = answering
  }

  /** Waits until the requests that run are answered, but not longer. */
  async settled(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs
    while (this.#running.size > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    this.#http.closeAllConnections()
    await closed
  }

  #answer(...[request, response]: Parameters<RequestListener>): void {
    if (!this.#answering) return void response.writeHead(503).end()
    if (this.#answering.stopping && !isHealth(request.url)) return refuse(response)
    this.#running.add(response)
    response.once('close', () => this.#running.delete(response))
    this.#answering.request(request, response)
  }

  #upgrade(...asked: Upgrade): void {
    const [, socket] = asked
    if (!this.#answering || this.#answering.stopping) return turnAway(socket)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#answering.upgrade(...asked)
  }
}

const tryListen = (http: Server, port: number, host: string): Promise<NodeJS.ErrnoException | null> =>
  new Promise((resolve) => {
    http.once('error', resolve)
    http.listen(port, host, () => {
      http.off('error', resolve)
      resolve(null)
    })
  })

const isHealth = (url = '') => ['/healthz', '/readyz', '/metrics'].includes(url.split('?')[0]!)

/** What a server that stops says to a request: this is no refusal of it, ask again in a moment. */
function refuse(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' })
  response.end(JSON.stringify({ code: 'busy', details: {}, data: null }))
}

function turnAway(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
