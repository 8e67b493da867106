import { Redis } from 'ioredis'
import type { Log } from './log.ts'
import type { SharedCounts } from './rate-limits.ts'

/** How long one count may take before this process counts for itself, */
const COUNT_MS = 500
/** and before the connection is given up: from then on nothing waits for it. */
const SILENT_MS = 1000

/**
 * Where the processes over one database count together what is limited. A Redis that is away, or slow, delays nobody: then
 * each process counts for itself.
 */
export async function openSharedCounts(
  url: string,
  namespace: string,
  log: Log,
): Promise<SharedCounts & { close(): Promise<void> }> {
  const client = new Redis(url, {
    commandTimeout: COUNT_MS,
    socketTimeout: SILENT_MS,
    connectTimeout: 3000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 200, 2000),
  })
  let isUp = false
  client.on('ready', () => (isUp = true))
  // without a listener an error would end the process
  client.on('error', () => undefined)
  client.on('close', () => {
    if (isUp) log.warn('limits are counted by each process for itself: Redis does not answer')
    isUp = false
  })
  await new Promise<void>((resolve) => {
    client.once('ready', resolve)
    client.once('error', () => resolve())
  })
  return {
    client,
    namespace,
    close() {
      isUp = false
      return Promise.resolve(client.disconnect())
    },
  }
}
