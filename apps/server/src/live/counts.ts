import { projectScope, state } from '../facts.ts'
import type { Services } from '../services.ts'
import { takeUntold } from './store.ts'

/**
 * Tells pages of articles whose counts moved, once for all that happened since the last time: each edit by itself would
 * reach everybody in the project. What a process that ended did not tell is told by the next one that looks.
 */
export async function tellCounts({ db, notifier }: Services): Promise<void> {
  const told = await db.transaction().execute(async (trx) => {
    const rows = await takeUntold(trx)
    const projects = [...new Set(rows.map(({ project }) => project))].sort()
    for (const project of projects) {
      const moved = rows.filter((row) => row.project === project)
      await state(
        trx,
        projectScope(project),
        moved.map(({ article, annotated, waiting, approved }) => ({
          kind: 'counts',
          payload: { article, annotated, waiting, approved },
        })),
      )
    }
    return rows.length > 0
  })
  if (told) notifier.notify()
}
