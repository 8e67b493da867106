import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { lockHead } from '../live/store.ts'
import type { Services } from '../services.ts'
import { moveRefresh, nextToRefresh, projectsToRefresh, refreshedTo } from './store.ts'

type Parts = Pick<Services, 'db' | 'kind' | 'notifier'>

/**
 * Lets gold of a project follow its settings: layer by layer, each under its head's lock in a transaction of its own that
 * also notes how far it came. Begins where an earlier run ended, and at the first layer when the settings changed since.
 */
export async function refreshProject(services: Parts, project: string, ended?: AbortSignal): Promise<void> {
  while (!ended?.aborted) {
    const done = await refreshedTo(services.db, project)
    if (done === null) break
    const layer = await nextToRefresh(services.db, project, done)
    if (layer === null) await moveRefresh(services.db, project, done, null)
    else await refreshLayer(services, project, done, layer)
  }
  services.notifier.notify()
}

/** Takes up what a crash, or a database that was busy for too long, left of any project. */
export async function resumeRefreshes(services: Parts, ended?: AbortSignal): Promise<void> {
  for (const project of await projectsToRefresh(services.db)) await refreshProject(services, project, ended)
}

const refreshLayer = (services: Parts, project: string, done: string, layer: string): Promise<void> =>
  transact(services, async (trx) => {
    await lockHead(trx, layer, services.kind)
    // settings that changed once more begin anew, and this layer comes again
    await moveRefresh(trx, project, done, layer)
    const { article, opened } = await refreshGold(trx, layer)
    if (opened) await state(trx, projectScope(project), [{ kind: 'opened', payload: { article } }])
  })
