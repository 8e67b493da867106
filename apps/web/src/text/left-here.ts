import { forgetNames, knownNames, type Known } from '../offline/known.ts'
import { outboxOf } from './outbox.ts'

/** Whose edits wait in this browser, and how many. */
export interface LeftHere extends Known {
  readonly n: number
}

/** Everybody whose edits wait in this browser; names of which nothing is left are forgotten, but for `present`. */
export async function leftHere(present: string | null): Promise<LeftHere[]> {
  const names = await knownNames()
  const counted = await Promise.all(names.map(async (known) => ({ ...known, n: await outboxOf(known.id).count() })))
  await forgetNames(counted.filter(({ id, n }) => n === 0 && id !== present).map(({ id }) => id))
  return counted.filter(({ n }) => n > 0)
}
