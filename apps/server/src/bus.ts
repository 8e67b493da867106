import { randomBytes } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from './log.ts'

/**
 * What the processes over one database tell each other. A message may be lost, and of two processes' messages either may
 * come first: the database is the truth, and whoever hears finds by number what is missing.
 */
export interface Bus {
  /** Random id of this process, in every message; what it says itself is not delivered to it. */
  readonly self: string
  /** False without Redis: nobody else is there, nothing needs to be published. */
  readonly shared: boolean
  /** 'down' while Redis cannot be reached; 'alone' without one. */
  readonly state: 'alone' | 'up' | 'down'
  /** Tells the other processes: at most 4 MB, lost while Redis is away. Never throws, never waits. */
  publish(channel: string, body: Uint8Array): void
  /**
   * Hears one channel from other processes, until the answer is called. `stands` is called whenever the channel is heard
   * from now on (at first, and after each outage): what was said before may have been missed.
   */
  subscribe(channel: string, hear: (body: Uint8Array, from: string) => void, stands?: () => void): () => void
  close(): Promise<void>
}

/** Where other processes are found: a Redis, and the name under which those over one database speak there. */
interface Meeting {
  readonly url: string
  readonly namespace: string
}

/** Opens the way to the other processes; null: there are none. A Redis that is away is waited for, in the end in vain. */
export async function openBus(meeting: Meeting | null, log: Log): Promise<Bus> {
  if (meeting === null) return alone()
  const bus = new RedisBus(meeting, log)
  await bus.opened()
  return bus
}

/** The bus of a process that is alone. */
export const alone = (): Bus => ({
  self: newSelf(),
  shared: false,
  state: 'alone',
  publish: () => undefined,
  subscribe: () => () => undefined,
  close: () => Promise.resolve(),
})

const SELF_LENGTH = 16
const newSelf = () => randomBytes(12).toString('base64url')

const MESSAGE_BYTES = 4 * 1024 * 1024
/** What may be on its way to Redis: beyond that it reads too slowly, and counts as away. */
const UNSENT_BYTES = 16 * 1024 * 1024
const OPEN_MS = 3000
const BEAT_MS = 2000
/** A connection that says nothing for so long is begun anew. */
const SILENT_MS = 6000
const CLOSE_MS = 500

interface Hearer {
  readonly hear: (body: Uint8Array, from: string) => void
  readonly stands: (() => void) | undefined
}

/** Publishes by one connection and hears by another, since Redis wants a connection that subscribes for itself. */
class RedisBus implements Bus {
  readonly self = newSelf()
  readonly shared = true
  readonly #log: Log
  readonly #place: string
  readonly #prefix: string
  readonly #sender: Line
  readonly #receiver: Line
  readonly #beat: NodeJS.Timeout
  readonly #hearers = new Map<string, Set<Hearer>>()
  /** The channels that Redis has confirmed on the connection that is open now. */
  readonly #standing = new Set<string>()
  #isUp = false
  #complained = false
  #unsent = 0
  #onUp: () => void = () => undefined

  constructor({ url, namespace }: Meeting, log: Log) {
    this.#log = log
    this.#place = new URL(url).host
    this.#prefix = `tamga/${namespace}/`
    const changed = () => this.#look()
    const failed = (error: Error) => this.#complain(error)
    this.#sender = new Line(url, changed, failed)
    this.#receiver = new Line(url, changed, failed)
    this.#receiver.redis.on('ready', () => void this.#subscribeAll())
    this.#receiver.redis.on('messageBuffer', (channel, message) => this.#deliver(String(channel), message))
    this.#beat = setInterval(() => [this.#sender, this.#receiver].forEach((line) => line.beat()), BEAT_MS)
    this.#beat.unref()
  }

  get state(): 'up' | 'down' {
    return this.#isUp ? 'up' : 'down'
  }

  /** Waits until Redis answers, but not for ever. */
  async opened(): Promise<void> {
    const up = new Promise<void>((resolve) => (this.#onUp = resolve))
    let timer: NodeJS.Timeout | undefined
    await Promise.race([up, new Promise((resolve) => (timer = setTimeout(resolve, OPEN_MS)))])
    clearTimeout(timer)
    if (!this.#isUp) this.#complain(new Error('no answer'))
  }

  publish(channel: string, body: Uint8Array): void {
    if (!this.#sender.isReady || body.length > MESSAGE_BYTES) return
    if (this.#unsent > UNSENT_BYTES) return this.#sender.again()
    this.#unsent += body.length
    this.#sender.redis
      .publish(this.#prefix + channel, Buffer.concat([Buffer.from(this.self), body]))
      .catch(() => undefined)
      .finally(() => (this.#unsent -= body.length))
  }

  subscribe(channel: string, hear: Hearer['hear'], stands?: () => void): () => void {
    const hearer = { hear, stands }
    const hearers = this.#hearers.get(channel)
    this.#hearers.set(channel, (hearers ?? new Set()).add(hearer))
    if (!hearers) void this.#subscribe([channel])
    else if (this.#isUp && this.#standing.has(channel)) queueMicrotask(() => this.#attempt(() => stands?.()))
    return () => this.#unsubscribe(channel, hearer)
  }

  async close(): Promise<void> {
    clearInterval(this.#beat)
    this.#complained = true
    await this.#sender.finish()
    await this.#receiver.finish()
    this.#isUp = false
  }

  #unsubscribe(channel: string, hearer: Hearer): void {
    const hearers = this.#hearers.get(channel)
    if (!hearers?.delete(hearer) || hearers.size > 0) return
    this.#hearers.delete(channel)
    this.#standing.delete(channel)
    // if Redis is away, the next connection does not ask for it
    this.#receiver.redis.unsubscribe(this.#prefix + channel).catch(() => undefined)
  }

  async #subscribeAll(): Promise<void> {
    this.#standing.clear()
    if (this.#hearers.size > 0) await this.#subscribe([...this.#hearers.keys()])
    else this.#look()
  }

  async #subscribe(channels: readonly string[]): Promise<void> {
    try {
      await this.#receiver.redis.subscribe(...channels.map((channel) => this.#prefix + channel))
    } catch (error) {
      // the connection is away: the next one asks for all of them
      return this.#receiver.isReady ? this.#complain(error as Error) : undefined
    }
    for (const channel of channels) if (this.#hearers.has(channel)) this.#standing.add(channel)
    if (this.#isUp) this.#tellStanding(channels)
    else this.#look()
  }

  /** Looks whether both ways are open, and says so where that is new. */
  #look(): void {
    if (!this.#receiver.isReady) this.#standing.clear()
    const all = [...this.#hearers.keys()].every((channel) => this.#standing.has(channel))
    const was = this.#isUp
    this.#isUp = this.#sender.isReady && this.#receiver.isReady && (was || all)
    if (was || !this.#isUp) return
    if (this.#complained) this.#log.warn({ redis: this.#place }, 'Redis answers again')
    this.#complained = false
    this.#onUp()
    this.#tellStanding([...this.#standing])
  }

  #tellStanding(channels: readonly string[]): void {
    for (const channel of channels)
      for (const { stands } of [...(this.#hearers.get(channel) ?? [])]) this.#attempt(() => stands?.())
  }

  #deliver(name: string, message: Buffer): void {
    const from = message.toString('latin1', 0, SELF_LENGTH)
    if (from === this.self || message.length < SELF_LENGTH || !name.startsWith(this.#prefix)) return
    // a copy: what arrives lies in a buffer that the connection goes on with
    const body = new Uint8Array(message.subarray(SELF_LENGTH))
    for (const { hear } of [...(this.#hearers.get(name.slice(this.#prefix.length)) ?? [])])
      this.#attempt(() => hear(body, from))
  }

  /** Runs what others gave: their mistake must not end the connection. */
  #attempt(act: () => void): void {
    try {
      act()
    } catch (err) {
      this.#log.error({ err }, 'a message of another process failed')
    }
  }

  /** Once an outage. The address without its password, and no more of the error than what it says. */
  #complain(error: NodeJS.ErrnoException): void {
    if (this.#complained) return
    this.#complained = true
    const why = error.message || error.code || error.name
    this.#log.error(
      { redis: this.#place, why },
      'Redis does not answer: the other processes are not told, it is tried again',
    )
  }
}

/** One connection to Redis that is made again for ever. Nothing waits for it: what it cannot send now is refused. */
class Line {
  readonly redis: Redis
  readonly #changed: () => void
  /** Since when it has said nothing. */
  #silentSince = Date.now()
  #ending = false

  /** `changed` is called when it may be ready, or no longer. */
  constructor(url: string, changed: () => void, failed: (error: Error) => void) {
    this.#changed = changed
    this.redis = new Redis(url, options)
    // an error without a listener would be printed, and more than once
    this.redis.on('error', failed)
    this.redis.on('ready', () => this.#heard())
    this.redis.on('connect', () => this.#heard())
    this.redis.on('close', () => (this.#ending = false))
    for (const event of ['ready', 'close'] as const) this.redis.on(event, changed)
  }

  get isReady(): boolean {
    return this.redis.status === 'ready' && !this.#ending
  }

  /** Asks whether the other side is there, and begins anew when it has not answered for long. */
  beat(): void {
    if (this.isReady)
      this.redis.ping().then(
        () => this.#heard(),
        () => undefined,
      )
    const isOpen = ['connect', 'ready'].includes(this.redis.status)
    if (isOpen && Date.now() - this.#silentSince > SILENT_MS) this.again()
  }

  again(): void {
    if (this.#ending) return
    this.#ending = true
    this.#changed()
    this.redis.disconnect(true)
  }

  /** Sends what is on its way, and ends. */
  async finish(): Promise<void> {
    if (this.isReady) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))
      await Promise.race([this.redis.quit().catch(() => undefined), late])
      clearTimeout(timer)
    }
    this.redis.disconnect()
  }

  #heard(): void {
    this.#silentSince = Date.now()
  }
}

const options = {
  retryStrategy: (times: number) => Math.min(100 * 2 ** (times - 1), 3000) * (0.75 + Math.random() / 2),
  connectTimeout: 5000,
  disconnectTimeout: 500,
  // what waits for a Redis that is away would fill the memory, and be old when it comes
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // with a number every failed attempt beyond it would count as an error of commands that nobody sent
  maxRetriesPerRequest: null,
  // the bus knows its channels itself
  autoResubscribe: false,
  connectionName: 'tamga',
} satisfies RedisOptions
