import { hash, verify } from '@node-rs/argon2'
import { Problem, requestLimits } from '@tamga/model'
import { z } from 'zod'
import { defaultLimits } from '../limit-settings.ts'
import { PermitRefused, Semaphore } from '../semaphore.ts'

export const MIN_LENGTH = 10

/** A password to be set: ten characters at least, and no more than argon2 needs to be asked for. */
export const NewPassword = z.string().max(requestLimits.password)

// OWASP's least parameters: 19 MiB, 2 passes, 1 lane
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Who may wait for the check of a password; the next one is told to come again. */
const MOST_WAITING = 100

// of the process and not of a server: the threads that work for it are the process's, and others need them too
let checks = new Semaphore(defaultLimits.passwordChecks, MOST_WAITING)

/** Sets how many passwords this process hashes at once, and how many callers may wait for that. */
export function limitPasswordChecks(atOnce: number, waiting = MOST_WAITING): void {
  checks = new Semaphore(atOnce, waiting)
}

/** Runs one of a bounded number of hashes. Throws `rate_limited` if too many wait already. */
async function inTurn<T>(first: boolean, act: () => Promise<T>): Promise<T> {
  const release = await checks.acquire({ first }).catch((error: unknown) => {
    throw error instanceof PermitRefused ? new Problem('rate_limited', { seconds: 5 }) : error
  })
  try {
    return await act()
  } finally {
    release()
  }
}

/** A PHC string of argon2id. Throws `weak_password`, or `rate_limited` if too many are hashed already. */
export async function hashPassword(password: string): Promise<string> {
  if ([...password].length < MIN_LENGTH) throw new Problem('weak_password', { least: MIN_LENGTH })
  return inTurn(false, () => hash(password, COST))
}

// hashed once, at the same cost, so that an unknown account takes as long as a wrong password
let nobody: Promise<string> | undefined

/**
 * True if the password is the one behind `stored`; takes the same time when there is none. `first`: before those who wait
 * without it. Throws `rate_limited` if too many wait already.
 */
export async function passwordFits(stored: string | null, password: string, first = false): Promise<boolean> {
  nobody ??= hash('nobody has this password', COST)
  const other = await nobody
  const fits = await inTurn(first, () => verify(stored ?? other, password))
  return stored !== null && fits
}
