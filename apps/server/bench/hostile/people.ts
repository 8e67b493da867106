import { randomInt } from 'node:crypto'
import { decodeMessage, encodeMessage, ROOT, type Message } from '@tamga/collab'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { Server } from './server.ts'

/** Somebody with a session, or without one. */
export class Person {
  readonly #server: Server
  #cookie = ''

  constructor(server: Server) {
    this.#server = server
  }

  get headers(): Record<string, string> {
    return { origin: this.#server.origin, ...(this.#cookie && { cookie: this.#cookie }) }
  }

  get origin(): string {
    return this.#server.origin
  }

  /** Sends text as a JSON body, or nothing; reads the answer to its end. */
  async request(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#server.origin}/api${path}`, {
      ...{ method, body: body ?? null },
      headers: { ...this.headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    })
    const cookie = response.headers.get('set-cookie')
    if (cookie) this.#cookie = cookie.split(';', 1)[0]!
    return { status: response.status, text: await response.text() }
  }

  /** The same with JSON both ways. Throws where the answer is no success. */
  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.request(method, path, body === undefined ? undefined : JSON.stringify(body))
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return (text ? JSON.parse(text) : null) as T
  }
}

/** A socket at a layer, by hand. */
export class Line {
  readonly client: number
  /** The server's document, as far as it was answered. */
  readonly doc = new Y.Doc()
  closed: number | null = null
  onAck: ((count: number) => void) | null = null
  readonly #socket: WebSocket

  private constructor(person: Person, layer: string, clients: readonly number[]) {
    this.client = clients[0]!
    const url = `${person.origin.replace('http', 'ws')}/live/${layer}?ack=1&client=${clients.join()}`
    this.#socket = new WebSocket(url, { headers: person.headers })
    this.#socket.on('close', (code: number) => (this.closed = code))
    this.#socket.on('error', () => (this.closed ??= 1006))
    this.#socket.on('message', (data: Buffer) => this.#hear(decodeMessage(new Uint8Array(data))))
  }

  /** Opens a socket and joins; resolves too when the server closes it. */
  static async open(person: Person, layer: string): Promise<Line> {
    const first = randomInt(2 ** 30, 2 ** 31)
    const line = new Line(person, layer, [0, 1, 2, 3, 4].map((i) => first + i)) // prettier-ignore
    const joined = new Promise<void>((resolve) => (line.onAck = () => resolve()))
    line.#socket.on('open', () => {
      line.say({ type: 'step1', vector: Y.encodeStateVector(new Y.Doc()) })
      line.say({ type: 'step2', update: Y.encodeStateAsUpdate(new Y.Doc()) })
    })
    const ended = new Promise<void>((resolve) => line.#socket.on('close', () => resolve()))
    await Promise.race([joined, ended])
    line.onAck = null
    return line
  }

  say(message: Message): void {
    this.sendFrame(encodeMessage(message))
  }

  sendFrame(frame: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame)
  }

  end(): void {
    this.#socket.terminate()
  }

  #hear(message: Message | null): void {
    if (message?.type === 'step2') Y.applyUpdate(this.doc, message.update)
    if (message?.type === 'ack') this.onAck?.(message.count)
  }
}

/** An editor who writes steadily, and knows how long each acknowledgement took. */
export class Editor {
  readonly #person: Person
  readonly #layer: string
  #line!: Line
  #doc!: Y.Doc
  #sent = 1
  #waiting: { readonly n: number; readonly at: number; readonly done: (ms: number) => void }[] = []

  constructor(person: Person, layer: string) {
    this.#person = person
    this.#layer = layer
  }

  /** Joins, and joins again where the server began a new document. */
  async join(): Promise<void> {
    this.#line?.end()
    this.#line = await Line.open(this.#person, this.#layer)
    if (this.#line.closed !== null) throw new Error(`The editor is closed with ${this.#line.closed}.`)
    this.#doc = new Y.Doc()
    this.#doc.clientID = this.#line.client
    this.#doc.on('update', (update: Uint8Array) => this.#line.say({ type: 'update', update }))
    this.#sent = 1
    this.#line.onAck = (count) => {
      const now = performance.now()
      for (const { done, at } of this.#waiting.filter(({ n }) => n <= count)) done(now - at)
      this.#waiting = this.#waiting.filter(({ n }) => n > count)
    }
  }

  get stands(): boolean {
    return this.#line.closed === null
  }

  /** Writes one span; resolves with the milliseconds until it was acknowledged, at most `patience`. */
  write(patience = 60_000): Promise<number> {
    return new Promise((done) => {
      const timer = setTimeout(() => done(patience), patience)
      const n = ++this.#sent
      this.#waiting.push({ n, at: performance.now(), done: (ms) => (clearTimeout(timer), done(ms)) })
      const id = Array.from({ length: 16 }, () => 'abcdefghijklmnopqrstuvwxyz'[randomInt(26)]).join('')
      this.#doc.getMap(ROOT).set(id, ['span', [[0, 1]], 'nobody', [], null])
    })
  }

  end(): void {
    this.#line.end()
  }
}
