import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem, type ProblemCode, type ProblemDetails } from '@tamga/model'
import { isTrustedProxy, socketAddress } from './client-address.ts'
import { forgetSession, isProven } from './connections.ts'
import type { Env } from './env.ts'
import type { LimitSettings } from './limit-settings.ts'
import type { RateLimits } from './rate-limits.ts'

/** Who answers what arrives. */
interface Answering {
  request(request: IncomingMessage, response: ServerResponse): void
  upgrade(...asked: Upgrade): void
  /** True if a Cookie header holds a session id that this installation has signed. */
  isSigned(cookieHeader: string | undefined): Promise<boolean>
  /** From now on nobody is let in, and whoever asks is told to come back; only those who look how it is are answered. */
  readonly stopping: boolean
}

type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer]

type Settings = Pick<LimitSettings, 'headerMs' | 'bodyMs' | 'idleMs' | 'connectionsPerAddress' | 'trustedProxies'>

/** Headers of a request; browsers and proxies send about thirty. Node drops what is beyond twice as many. */
const HEADERS_MOST = 100
/** Requests of one connection that run at once: browsers and proxies send the next one after the answer. */
const PIPELINED_MOST = 16
/** Longer than proxies keep a connection that they may use again. */
const KEEP_ALIVE_MS = 75_000
/** What is left of a body once its request is answered may come for so long. */
const REST_MS = 1000
/** So long a connection beyond the limit may take to say what it wants. */
const REFUSED_MS = 1000
const SWEEP_MS = 1000

/** One connection from its first to its last byte. */
interface Peer {
  readonly socket: Socket
  readonly since: number
  /** What it counts for: the other side, or whom a trusted proxy speaks for. */
  address: string
  /** There were too many of its address when it came. */
  isOver: boolean
  isUpgraded: boolean
  readonly running: Map<IncomingMessage, Running>
  moved: number
  /** When bytes went either way last. */
  quietSince: number
  read: number
  /** When bytes of a body came last, or the server did not want any. */
  bodySince: number
}

interface Running {
  readonly response: ServerResponse
  readonly since: number
  answeredAt: number | null
}

/** What arrives at a server's port, what of it still runs, and the limits on who has not shown a session. */
export class Traffic {
  readonly #http: Server
  readonly #running = new Set<ServerResponse>()
  readonly #upgraded = new Set<Duplex>()
  readonly #peers = new Map<Duplex, Peer>()
  /** Connections by address, those with a session among them until they are counted. */
  readonly #byAddress = new Map<string, Set<Peer>>()
  readonly #limits: RateLimits
  readonly #settings: Settings
  readonly #sweeping: NodeJS.Timeout
  #answering: Answering | null = null
  /** Milliseconds in which this process could read: while it sleeps, or has no processor, nobody is late. */
  #clock = 0

  private constructor(limits: RateLimits) {
    this.#limits = limits
    this.#settings = limits.settings
    const { headerMs, bodyMs, idleMs } = this.#settings
    this.#http = createServer(
      {
        headersTimeout: headerMs,
        connectionsCheckingInterval: Math.min(SWEEP_MS, headerMs / 4),
        // no limit on the whole of a request: an upload of two gigabytes takes its time
        requestTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // a machine that went away without a word is noticed by its network
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
      },
      (request, response) => this.#answer(request, response),
    )
    this.#http.maxHeadersCount = 2 * HEADERS_MOST
    this.#http.on('connection', (socket) => this.#meet(socket))
    this.#http.on('upgrade', (...asked: Upgrade) => this.#upgrade(...asked))
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBroken(error, socket))
    const every = Math.max(10, Math.min(SWEEP_MS, headerMs / 4, bodyMs / 4, idleMs / 4))
    let swept = performance.now()
    const sweep = () => {
      const now = performance.now()
      this.#clock += Math.min(now - swept, 2 * every)
      swept = now
      this.#sweep()
    }
    this.#sweeping = setInterval(sweep, every).unref()
  }

  /** Listens on the port asked for, or on the next free one when none was. Nobody is answered yet. */
  static async listen(env: Pick<Env, 'port' | 'portAsked' | 'host'>, limits: RateLimits): Promise<Traffic> {
    const traffic = new Traffic(limits)
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
    return this.#upgraded.size === 0 && this.#running.size === 0
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
    clearInterval(this.#sweeping)
    const closed = new Promise((resolve) => this.#http.close(resolve))
    this.#http.closeAllConnections()
    await closed
  }

  #meet(socket: Socket): void {
    const now = this.#clock
    const peer: Peer = {
      ...{ socket, since: now, address: '', isOver: false, isUpgraded: false, running: new Map() },
      ...{ moved: 0, quietSince: now, read: 0, bodySince: now },
    }
    this.#peers.set(socket, peer)
    this.#place(peer, socketAddress(socket.remoteAddress))
    socket.once('close', () => {
      this.#peers.delete(socket)
      this.#displace(peer)
    })
    // a flood is not even answered; behind a proxy only its requests say whose they are
    const isFlood = this.#countOf(peer.address) > 2 * this.#settings.connectionsPerAddress
    if (isFlood && !isTrustedProxy(socket.remoteAddress, this.#settings.trustedProxies)) socket.destroy()
  }

  #place(peer: Peer, address: string): void {
    this.#displace(peer)
    peer.address = address
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? new Set()).add(peer))
    peer.isOver = this.#countOf(address) > this.#settings.connectionsPerAddress
  }

  /** Counts a connection for whom its proxy speaks now. */
  #follow(peer: Peer, request: IncomingMessage): void {
    const address = this.#limits.addressOf(request)
    if (address === peer.address) return
    forgetSession(peer.socket)
    this.#place(peer, address)
  }

  #displace(peer: Peer): void {
    const beside = this.#byAddress.get(peer.address)
    beside?.delete(peer)
    if (beside?.size === 0) this.#byAddress.delete(peer.address)
  }

  /** The connections of an address that have shown no session. */
  #countOf(address: string): number {
    const beside = this.#byAddress.get(address)
    if (!beside) return 0
    if (beside.size > this.#settings.connectionsPerAddress)
      for (const peer of beside) if (isProven(peer.socket)) beside.delete(peer)
    return beside.size
  }

  /** True if a request comes by a connection beyond the limit of its address, and shows nothing that lifts that. */
  async #isRefused(peer: Peer, request: IncomingMessage): Promise<boolean> {
    const { connectionsPerAddress } = this.#settings
    if (!peer.isOver || isProven(peer.socket) || this.#countOf(peer.address) <= connectionsPerAddress) return false
    return !(await this.#answering!.isSigned(request.headers.cookie).catch(() => false))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const peer = this.#peers.get(request.socket)
    if (!this.#answering || !peer) return void response.writeHead(503).end()
    if (request.rawHeaders.length > 2 * HEADERS_MOST)
      return refuse(response, 'headers_too_large', { most: HEADERS_MOST })
    if (this.#answering.stopping && !isHealth(request.url)) return refuse(response, 'busy')
    const now = this.#clock
    const running: Running = { response, since: now, answeredAt: null }
    peer.running.set(request, running)
    peer.bodySince = now
    this.#running.add(response)
    response.once('finish', () => (running.answeredAt = this.#clock))
    response.once('close', () => {
      this.#running.delete(response)
      if (request.complete) peer.running.delete(request)
    })
    request.once('close', () => response.closed && peer.running.delete(request))
    if (peer.running.size > PIPELINED_MOST) return refuseRaw(peer.socket, 'rate_limited', { seconds: 1 })
    this.#follow(peer, request)
    if (!peer.isOver) return this.#answering.request(request, response)
    void this.#isRefused(peer, request).then((isRefused) => {
      if (isRefused) refuse(response, 'rate_limited', { seconds: TRY_AGAIN_SECONDS })
      else this.#answering!.request(request, response)
    })
  }

  #upgrade(...asked: Upgrade): void {
    const [request, socket] = asked
    const peer = this.#peers.get(socket)
    socket.on('error', () => socket.destroy())
    if (!this.#answering || this.#answering.stopping || !peer) return refuseRaw(socket, 'busy')
    this.#follow(peer, request)
    peer.isUpgraded = true
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    if (!peer.isOver) return this.#answering.upgrade(...asked)
    void this.#isRefused(peer, request).then((isRefused) => {
      if (isRefused) refuseRaw(socket, 'rate_limited', { seconds: TRY_AGAIN_SECONDS })
      else if (!socket.destroyed) this.#answering!.upgrade(...asked)
    })
  }

  #sweep(): void {
    for (const peer of this.#peers.values()) this.#look(peer, this.#clock)
  }

  /** Ends a connection that has taken longer for something than the limits allow. */
  #look(peer: Peer, now: number): void {
    const { idleMs, bodyMs } = this.#settings
    const { socket } = peer
    const moved = socket.bytesRead + socket.bytesWritten
    if (moved !== peer.moved) Object.assign(peer, { moved, quietSince: now })
    const isUnknown = !isProven(socket)
    const isQuiet = now - peer.quietSince > idleMs
    if (peer.isUpgraded) {
      if (isUnknown && isQuiet) socket.destroy()
      return
    }
    if (peer.running.size === 0) {
      if (isUnknown && isQuiet) socket.destroy()
      else if (peer.isOver && socket.bytesRead === 0 && now - peer.since > REFUSED_MS)
        refuseRaw(socket, 'rate_limited', { seconds: TRY_AGAIN_SECONDS })
      return
    }
    this.#lookAtBodies(peer, now, isUnknown ? bodyMs : Infinity)
    // it does not read what it asked for
    const isAnswering = [...peer.running.values()].some(({ response }) => response.headersSent)
    if (isUnknown && isQuiet && isAnswering) socket.destroy()
  }

  #lookAtBodies(peer: Peer, now: number, wholeMs: number): void {
    const { socket } = peer
    for (const [request, { response, since, answeredAt }] of peer.running) {
      if (request.complete) {
        if (response.closed) peer.running.delete(request)
        continue
      }
      // what waits for the server to read it is not late
      const isWanted = request.readableLength < request.readableHighWaterMark
      if (socket.bytesRead !== peer.read || !isWanted) Object.assign(peer, { read: socket.bytesRead, bodySince: now })
      if (answeredAt !== null) {
        if (now - answeredAt > REST_MS) socket.destroy()
      } else if (now - peer.bodySince > this.#settings.bodyMs || now - since > wholeMs) {
        if (response.headersSent) socket.destroy()
        else refuseRaw(socket, 'timed_out', { seconds: this.#settings.bodyMs / 1000 })
      }
    }
  }
}

/** After so long whoever was refused for others of its address may have a place. */
const TRY_AGAIN_SECONDS = 10

const tryListen = (http: Server, port: number, host: string): Promise<NodeJS.ErrnoException | null> =>
  new Promise((resolve) => {
    http.once('error', resolve)
    http.listen(port, host, () => {
      http.off('error', resolve)
      resolve(null)
    })
  })

const isHealth = (url = '') => ['/healthz', '/readyz', '/metrics'].includes(url.split('?')[0]!)

/** What programs read that have no sentences of their own, as the pages have. */
const sentences = {
  busy: 'The server stops or is starting. Try again in a moment.',
  rate_limited: 'Too many requests or connections from your address. Try again in a few seconds.',
  timed_out: 'The request did not arrive in time. Send it again.',
  headers_too_large: `The request has too many or too long headers: at most ${HEADERS_MOST} and 16 kB. Delete the cookies of this site and try again.`,
  malformed: 'This is no HTTP request that the server can read.',
} as const satisfies Partial<Record<ProblemCode, string>>

function answerOf(code: keyof typeof sentences, details: ProblemDetails) {
  const { status } = new Problem(code)
  const body = JSON.stringify({ code, details, data: null, message: sentences[code] })
  const wait = code === 'rate_limited' ? String(details.seconds) : code === 'busy' ? '1' : null
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), connection: 'close' },
    ...(wait !== null && { 'retry-after': wait }),
  }
  return { status, headers, body }
}

function refuse(response: ServerResponse, code: keyof typeof sentences, details: ProblemDetails = {}): void {
  const { status, headers, body } = answerOf(code, details)
  response.writeHead(status, headers).end(body)
}

/** The same where there is no response to write to, or one that somebody else may be writing. */
function refuseRaw(socket: Duplex, code: keyof typeof sentences, details: ProblemDetails = {}): void {
  if (!socket.writable) return void socket.destroy()
  const { status, headers, body } = answerOf(code, details)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy())
}

/** What Node's parser gives up: headers that did not come in time, that are too long, or that are none. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET') return void socket.destroy()
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuseRaw(socket, 'timed_out')
  if (error.code === 'HPE_HEADER_OVERFLOW') return refuseRaw(socket, 'headers_too_large')
  refuseRaw(socket, 'malformed')
}
