import { liveLimits, readKey, readRecord } from '@tamga/collab'
import { isPlain, Problem, type Plain, type ProblemCode, type ProblemDetails } from '@tamga/model'
import { currentText } from '../articles/store.ts'
import type { Ctx } from '../auth/guard.ts'
import { json } from '../db/json.ts'
import { transact } from '../db/transact.ts'
import { countOpenAsides, insertAside } from './aside-store.ts'
import { enterArticle } from './asides.ts'
import { tellAsides } from './tell-asides.ts'

/** More than this of one person in one article is no list that anybody goes through. */
const MOST = 200

export interface Kept {
  /** Chosen by the browser, so that what is sent twice is there once. */
  readonly id: string
  readonly key: string
  readonly value: unknown
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

/**
 * Keeps an edit that never reached the layer, so that its writer can hand it over: it lost a race, or waited in a browser
 * until it could not be sent any more. It changes nothing in the layer.
 */
export async function keepAside(ctx: Ctx, id: string, kept: Kept): Promise<void> {
  const { article } = await enterArticle(ctx, id, 'annotate')
  const value = readKept(kept)
  const { services, account } = ctx
  const { layer } = await currentText(services.db, id)
  await transact(services, async (trx) => {
    if ((await countOpenAsides(trx, id, account.id)) >= MOST) throw new Problem('asides_full')
    const { key, code, details } = kept
    await insertAside(trx, {
      ...{ id: kept.id, layer, account: account.id, key, code, at: services.now() },
      value: json([value]),
      details: json(details),
    })
    await tellAsides(trx, article.project, id)
  })
  services.notifier.notify()
}

/** The value, if it is one that this key could hold. */
function readKept({ key, value, details }: Kept): Plain {
  const parts = readKey(key)
  const fits = isPlain(value) && (parts?.field !== null || readRecord(value) !== null)
  if (!parts || !fits) throw new Problem('annotation_malformed')
  const size = new TextEncoder().encode(JSON.stringify([value, details])).length
  if (size > liveLimits.recordBytes) throw new Problem('too_large')
  return value
}
