import { record } from '../audit.ts'
import { transact } from '../db/transact.ts'
import type { Services } from '../services.ts'
import { dueSince } from './delete.ts'
import { dueForRemoval, removeProjectRow, removeRows } from './removal-store.ts'

/**
 * Removes for good what was deleted thirty days ago: a thousand rows a statement, each its own transaction, so that nobody
 * waits for it. One that a stop cuts short is taken up by the next call.
 */
export async function removeDue(services: Services, signal: AbortSignal): Promise<void> {
  for (const { id, deleted_by: account } of await dueForRemoval(services.db, dueSince(services.now()))) {
    for await (const _ of removeRows(services.db, id)) if (signal.aborted) return
    await transact(services, async (trx) => {
      await removeProjectRow(trx, id)
      await record(trx, { project: null, account, act: 'project.removed', subject: id })
    })
    services.log.routine({ project: id }, 'a deleted project was removed')
  }
}
