import { projectScope, state } from '../facts.ts'
import type { Trx } from './store.ts'

/** Says that what is set aside of an article changed: open pages ask again. Last in its transaction. */
export const tellAsides = (trx: Trx, project: string, article: string): Promise<void> =>
  state(trx, projectScope(project), [{ kind: 'asides', payload: { article } }])
