import { Problem } from '@tamga/model'
import { sql, type Transaction } from 'kysely'
import type { Database } from './open.ts'
import type { Tables } from './tables.ts'

const ATTEMPTS = 3

/**
 * Runs a transaction that waits at most three seconds for what another one holds (Postgres), and once more, three times
 * in all, if that one stood in its way. Throws `busy` after that, else what `act` throws. Inside, await `trx` alone.
 */
export async function transact<T>(
  { db, kind }: Pick<Database, 'db' | 'kind'>,
  act: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(async (trx) => {
        if (kind === 'postgres') await sql`set local lock_timeout = '3s'`.execute(trx)
        return await act(trx)
      })
    } catch (error) {
      if (!isBusy(error)) throw error
      if (attempt === ATTEMPTS) throw new Problem('busy')
    }
  }
}

// a serialization conflict, a deadlock, a lock that was not to be had in time
const BUSY = new Set(['40001', '40P01', '55P03'])

// nobody answers, is starting, is stopping, or has a connection to spare: nothing was begun
const AWAY = new Set(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENOTFOUND', '57P03', '53300'])

// what pg's pool says, without a code, when none came in time
const NO_CONNECTION = 'timeout exceeded when trying to connect'

/** True if there was no connection to the database to be had. */
export const isAway = (error: unknown): boolean =>
  AWAY.has(String((error as { code?: unknown }).code)) || (error as { message?: unknown }).message === NO_CONNECTION

// the server stops, crashes, or ends this connection; the socket below it breaks
const CUT_OFF = /^(57P0[123]|08...|ECONNRESET|EPIPE|ETIMEDOUT)$/

// what pg says, without a code, of a connection that went while it was in use
const ENDED = [
  'Connection terminated',
  'Client was closed',
  'Client has encountered a connection error',
  'Cannot use a pool after calling end on the pool',
]

/** True if the database is away, or went away under the question: what was asked may have been done or not. */
export function isDisconnected(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (isAway(error) || CUT_OFF.test(String(code))) return true
  return typeof message === 'string' && ENDED.some((start) => message.startsWith(start))
}

/** True if a transaction failed only because another one stood in its way. */
export const isBusy = (error: unknown): boolean => BUSY.has(String((error as { code?: unknown }).code))
