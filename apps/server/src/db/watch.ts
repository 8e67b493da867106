import type { Socket } from 'node:net'
import type pg from 'pg'

/** What a statement and a transaction may take where one waits for the other. */
export interface Limits {
  readonly transactionMs: number
  readonly statementMs: number
}

const TICK_MS = 250

/** One step of the watch over a transaction: a connection that begins and ends it. */
type Step = 'begin' | 'end' | null

/**
 * Watches the connections of an embedded database, in which one open transaction stops everybody and no timeout works: a
 * client that keeps a transaction open too long loses its connection, and a database that does not answer is given up.
 * Time is counted in ticks of this process: while it sleeps, or has no processor, nobody is late.
 */
export class Watch {
  readonly #pool: pg.Pool
  readonly #onHung: () => void
  readonly #onLongTransaction: () => void
  readonly #connected = new Set<pg.PoolClient>()
  /** Ticks since each open transaction began. */
  readonly #open = new Map<pg.PoolClient, number>()
  #running = 0
  /** Ticks since it was asked something and has answered nothing. */
  #silent = 0
  #patience = 0
  #timer: NodeJS.Timeout | null = null

  constructor(pool: pg.Pool, on: { hung(): void; longTransaction(): void }) {
    this.#pool = pool
    this.#onHung = () => on.hung()
    this.#onLongTransaction = () => on.longTransaction()
    pool.on('connect', (client) => this.#follow(client))
    pool.on('remove', (client) => this.#connected.delete(client))
  }

  start({ transactionMs, statementMs }: Limits): void {
    this.#timer ??= setInterval(() => this.#tick(transactionMs / TICK_MS, statementMs / TICK_MS), TICK_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /** Runs what may take long. */
  async patiently<T>(act: () => Promise<T>): Promise<T> {
    this.#patience++
    try {
      return await act()
    } finally {
      this.#patience--
    }
  }

  #tick(transactionTicks: number, statementTicks: number): void {
    const waiting = this.#running > 0 || this.#pool.totalCount > this.#connected.size
    this.#silent = waiting && this.#patience === 0 ? this.#silent + 1 : 0
    if (this.#silent >= statementTicks) {
      this.#silent = 0
      return this.#onHung()
    }
    if (this.#patience > 0) return
    for (const [client, ticks] of this.#open) {
      this.#open.set(client, ticks + 1)
      // one that waits for a statement is the other limit's: without its connection it would only be forgotten
      if (ticks + 1 >= transactionTicks && this.#silent <= 1) this.#cut(client)
    }
  }

  #cut(client: pg.PoolClient): void {
    this.#open.delete(client)
    this.#onLongTransaction()
    // not `end()`, which waits for its turn: the database rolls back when the socket is gone
    ;(client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
    // its place in the pool is free at once: whoever holds it may be waiting for that very place
    client.release(true)
    client.release = () => undefined
  }

  #follow(client: pg.PoolClient): void {
    this.#connected.add(client)
    this.#silent = 0
    client.on('end', () => {
      this.#connected.delete(client)
      this.#open.delete(client)
    })
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const watched = (...args: unknown[]) => {
      const step = stepOf(args[0])
      if (step === 'begin') this.#open.set(client, 0)
      const asked = query(...args)
      if (asked instanceof Promise) void this.#answered(asked, step === 'end' ? client : null)
      return asked
    }
    client.query = watched as typeof client.query
  }

  async #answered(asked: Promise<unknown>, ends: pg.PoolClient | null): Promise<void> {
    this.#running++
    try {
      await asked
      this.#silent = 0
    } catch (error) {
      // a refusal is an answer; a broken connection is none
      if ('severity' in (error as object)) this.#silent = 0
    }
    this.#running--
    if (ends) this.#open.delete(ends)
  }
}

function stepOf(statement: unknown): Step {
  if (typeof statement !== 'string') return null
  if (/^(begin|start transaction)\b/i.test(statement)) return 'begin'
  return /^(commit|rollback)$/i.test(statement) ? 'end' : null
}
