import { Problem } from '@tamga/model'

/**
 * What a failed transaction means for a room. `refused`: a verb said no, or the database refused a value; it was rolled
 * back. `busy`: rolled back, try again. `lost`: nobody knows whether it was committed, or the fault is ours.
 */
export type Failure = 'refused' | 'busy' | 'lost'

const BUSY = new Set(['40001', '40P01', '55P03'])

export function failureOf(error: unknown): Failure {
  if (error instanceof Problem) return 'refused'
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return 'lost'
  if (BUSY.has(code)) return 'busy'
  // data, cardinality and integrity errors (classes 21, 22, 23)
  return /^2[123][0-9A-Z]{3}$/.test(code) ? 'refused' : 'lost'
}
