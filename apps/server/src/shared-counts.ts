import { Redis } from 'ioredis'
import type { Log } from './log.ts'
import type { SharedCounts } from './rate-limits.ts'

/** How long one count may take before this process counts for itself. */
const COUNT_MS = 500

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
    connectTimeout: 3000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 200, 2000),
  })
  let isUp = false
  client.on('ready', () => (isUp = true))
  client.on('error', () => {
    if (isUp) log.warn('limits are counted by each process for itself: Redis does not answer')
    isUp = false
  })
  await new Promise<void>((resolve) => {
    client.once('ready', resolve)
    client.once('error', () => resolve())
  })
  return { client, namespace, close: () => Promise.resolve(client.disconnect()) }
}
