import type { Services } from '../services.ts'
import { dropOldFacts, dropOldLog } from './store.ts'

export const SWEEP_MS = 60 * 60 * 1000

const DAY = 24 * 60 * 60 * 1000
const LOG_DAYS = 7
const FACT_DAYS = 30

/** Drops what nobody will ask for: log that a snapshot covers, facts that every page has loaded past. In small bites. */
export async function sweep(services: Services): Promise<void> {
  const { db } = services
  const ago = (days: number) => new Date(services.now().getTime() - days * DAY)
  while ((await dropOldLog(db, ago(LOG_DAYS))) > 0);
  while ((await dropOldFacts(db, ago(FACT_DAYS))) > 0);
}
