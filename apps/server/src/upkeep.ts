import { every } from './background.ts'
import type { Database } from './db/open.ts'
import { EMBEDDED, logSize, sizeOf } from './db/size.ts'
import { vacuum } from './db/vacuum.ts'
import type { Services } from './services.ts'

const MINUTE = 60_000

/** What the embedded database says when it has grown out of itself. */
export const MOVE = 'npm run tamga -- move --to postgres://USER:PASSWORD@HOST/DATABASE'

/**
 * A sentence for whoever runs a server whose embedded database has become too large for it, or null. It names the way out.
 */
export async function outgrown({ db, kind }: Pick<Services, 'db' | 'kind'>, limit = EMBEDDED): Promise<string | null> {
  if (kind !== 'pglite') return null
  const { spans, bytes } = await sizeOf(db)
  if (spans < limit.spans && bytes < limit.bytes) return null
  return (
    `The embedded database holds ${spans} spans in ${Math.round(bytes / 1e6)} MB: it will answer slowly. ` +
    `Stop Tamga, move to a Postgres with "${MOVE}", and start it with that DATABASE_URL.`
  )
}

/** Does, once a minute, what a database needs done and what its gauges show. Answers how to end that. */
export function keepUp(database: Database, services: Services, nobodyIsIn: () => boolean): () => Promise<void> {
  let swept = 0
  let quiet = false
  let told = ''
  const round = async () => {
    const size = await logSize(services.db)
    services.metrics.logRows.set(size.rows)
    services.metrics.logBytes.set(size.bytes)
    const grown = await outgrown(services)
    if (grown !== null && told === '') services.log.warn(grown)
    told = grown ?? ''
    // nobody now, and nobody a minute ago
    const idle = quiet && nobodyIsIn()
    quiet = nobodyIsIn()
    if (!idle) return
    const { tables, writes } = await vacuum(database, swept, nobodyIsIn)
    if (tables > 0) services.log.routine({ tables }, 'dead rows swept')
    swept = writes
  }
  const timer = every(services, 'upkeep', MINUTE, round)
  timer.now()
  return timer.stop
}
