import { Problem, type Action } from '@tamga/model'
import type { Transaction } from 'kysely'
import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Tables } from '../db/tables.ts'
import { lockHead } from '../live/store.ts'
import { benchOf, isWithdrawn, type Bench } from './store.ts'

/** The article's bench for somebody who may do this there. A foreigner hears the same as of an absent article. */
export async function openBench(ctx: Ctx, article: string, action: Action): Promise<Bench> {
  const bench = await benchOf(ctx.services.db, article)
  if (!bench) throw new Problem('not_found')
  await requireRole(ctx, bench.project, action)
  if (bench.withdrawn) throw new Problem('article_withdrawn')
  return bench
}

/** Takes the bench for one act: the layer's head is locked, and who acts may still do so. */
export async function holdBench(trx: Transaction<Tables>, ctx: Ctx, bench: Bench, action: Action): Promise<void> {
  await lockHead(trx, bench.layer, ctx.services.kind)
  await askAgain(trx, ctx, bench, action)
}

/** Throws if the right, or the article, went away while the act waited for its turn. For whoever holds the head. */
export async function askAgain(trx: Transaction<Tables>, ctx: Ctx, bench: Bench, action: Action): Promise<void> {
  await requireRole({ ...ctx, services: { ...ctx.services, db: trx } }, bench.project, action)
  if (await isWithdrawn(trx, bench.article)) throw new Problem('article_withdrawn')
}
