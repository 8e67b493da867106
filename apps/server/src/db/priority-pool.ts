import pg from 'pg'
import { PermitTimeout, Semaphore } from '../semaphore.ts'

// what pg's pool says itself when no connection came in time; `isAway` knows it
const NO_CONNECTION = 'timeout exceeded when trying to connect'

type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, done: (destroy?: unknown) => void) => void

/**
 * A pool whose waiting callers have two priorities: a flush, whose acknowledgement somebody waits for, gets the next free
 * connection, ahead of every read that waits. What runs is not interrupted, and reads still get each fifth turn.
 */
export class PriorityPool extends pg.Pool {
  readonly #semaphore: Semaphore
  /** Gives a connection's permit back. */
  readonly #releases = new WeakMap<object, () => void>()

  constructor(config: pg.PoolConfig & { readonly max: number }) {
    super(config)
    this.#semaphore = new Semaphore(config.max)
    this.on('release', (_error, client) => this.#releases.get(client)?.())
  }

  /** Callers that wait for a connection. */
  get waitingCallers(): number {
    return this.#semaphore.waiting + this.waitingCount
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Callback): void
  override connect(callback?: Callback): Promise<pg.PoolClient> | void {
    const connected = this.#connect(false)
    if (!callback) return connected
    connected.then(
      (client) => callback(undefined, client, (destroy) => client.release(destroy as boolean)),
      (error: Error) => callback(error, undefined, () => undefined),
    )
  }

  /** A connection ahead of all who wait by `connect`. */
  connectFirst(): Promise<pg.PoolClient> {
    return this.#connect(true)
  }

  async #connect(first: boolean): Promise<pg.PoolClient> {
    const timeoutMs = this.options.connectionTimeoutMillis ?? 0
    const release = await this.#semaphore.acquire({ first, timeoutMs }).catch((error: unknown) => {
      throw error instanceof PermitTimeout ? new Error(NO_CONNECTION) : error
    })
    try {
      const client = await super.connect()
      this.#releases.set(client, release)
      return client
    } catch (error) {
      release()
      throw error
    }
  }
}
