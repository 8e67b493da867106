import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import type pg from 'pg'
import type { PriorityPool } from './priority-pool.ts'
import type { Tables } from './tables.ts'

type Trx = Transaction<Tables>

/** How a transaction ends: the statement before COMMIT, and what it was all for. */
export interface Ending<T> {
  readonly last: (client: pg.ClientBase) => Promise<unknown>
  readonly value: T
}

/**
 * Runs a transaction in two round trips where its middle asks nothing: `first` travels right behind BEGIN, and the last
 * statement of what `act` answers right before COMMIT, which the database turns into a rollback if that statement fails.
 * Throws what failed; then nothing was written, or nobody knows (the connection broke). A database that takes one message
 * at a time is asked one after the other. It gets its connection ahead of all reads that wait: this is how flushes write.
 */
export async function transactInTwo<A, T>(
  pool: PriorityPool,
  first: (client: pg.ClientBase) => Promise<A>,
  act: (trx: Trx, answer: A) => Promise<Ending<T>>,
): Promise<T> {
  const client = await pool.connectFirst()
  const together = pool.options.pipeline === true ? atOnce : oneByOne
  try {
    const [, answer] = await together(
      () => client.query('begin'),
      () => first(client),
    )
    const { last, value } = await act(over(client), answer)
    const [, { command }] = await together(
      () => last(client),
      () => client.query('commit'),
    )
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back')
    client.release()
    return value
  } catch (error) {
    await leave(client)
    throw error
  }
}

/**
 * Runs one statement that is a transaction by itself. Throws what failed; then nothing was written, or nobody knows (the
 * connection broke). It too goes ahead of reads that wait. Not by the pool's own `query`, which gives a connection up for
 * every refusal of the database.
 */
export async function transactInOne<R extends pg.QueryResultRow>(
  pool: PriorityPool,
  statement: string,
  values: readonly unknown[],
): Promise<R[]> {
  const client = await pool.connectFirst()
  try {
    const { rows } = await client.query<R>(statement, [...values])
    client.release()
    return rows
  } catch (error) {
    client.release(!(error instanceof Error && 'severity' in error))
    throw error
  }
}

type Asked<T> = () => Promise<T>

/** Sends both before either is answered; throws what failed first, when both are over. */
async function atOnce<A, B>(one: Asked<A>, other: Asked<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([one(), other()])
  if (a.status === 'rejected') throw a.reason
  if (b.status === 'rejected') throw b.reason
  return [a.value, b.value]
}

const oneByOne = async <A, B>(one: Asked<A>, other: Asked<B>): Promise<[A, B]> => [await one(), await other()]

/** Gives a client back that a failed transaction used, or gives it up if it cannot even roll back. */
async function leave(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback')
    client.release()
  } catch {
    client.release(true)
  }
}

const overClients = new WeakMap<pg.PoolClient, Trx>()
const clients = new WeakMap<Trx, pg.PoolClient>()

/** The client below such a transaction. */
export const clientOf = (trx: Trx): pg.ClientBase => clients.get(trx)!

/** The query builder over one client that is in a transaction. */
function over(client: pg.PoolClient): Trx {
  const known = overClients.get(client)
  if (known) return known
  const alone = { query: client.query.bind(client), release: () => undefined } as unknown as pg.PoolClient
  const pool = { connect: () => Promise.resolve(alone), end: () => Promise.resolve() }
  const made = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }) as Trx
  overClients.set(client, made)
  clients.set(made, client)
  return made
}
