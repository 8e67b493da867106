import { Problem } from '@tamga/model'
import { diskTroubleOf } from '../db/disk.ts'
import { isBusy } from '../db/transact.ts'

/**
 * What a failed transaction means for a room. `refused`: a verb said no, or the database refused a value; it was rolled
 * back. `busy`: rolled back, try again. `full`: rolled back, the disk takes no writes. `lost`: nobody knows whether it was committed, or the fault is ours.
 */
export type Failure = 'refused' | 'busy' | 'full' | 'lost'

/** Thrown by a flush that did not find everything as it foresaw, or found it held: nothing was written, the next attempt asks. */
export class Overtaken extends Error {}

export function failureOf(error: unknown): Failure {
  if (error instanceof Problem) return 'refused'
  if (error instanceof Overtaken || isBusy(error)) return 'busy'
  if (diskTroubleOf(error) !== null) return 'full'
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return 'lost'
  // data, cardinality and integrity errors (classes 21, 22, 23)
  return /^2[123][0-9A-Z]{3}$/.test(code) ? 'refused' : 'lost'
}
