import { Problem, type Action } from '@tamga/model'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { benchOf, type Bench } from './store.ts'

/** The article's bench for somebody who may do this there. A foreigner hears the same as of an absent article. */
export async function openBench(ctx: Ctx, article: string, action: Action): Promise<Bench> {
  const bench = await benchOf(ctx.world.db, article)
  if (!bench) throw new Problem('not_found')
  await requireRole(ctx, bench.project, action)
  if (bench.withdrawn) throw new Problem('article_withdrawn')
  return bench
}
