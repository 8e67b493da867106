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

/** True if a transaction failed only because another one stood in its way. */
export const isBusy = (error: unknown): boolean => BUSY.has(String((error as { code?: unknown }).code))
