import { digestOf, Problem, type DecisionInput } from '@tamga/model'
import type { Transaction } from 'kysely'
import { recordAll } from '../audit.ts'
import type { Ctx } from '../auth/guard.ts'
import type { Row, Tables } from '../db/tables.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { labelSetOf } from '../projects/store.ts'
import { newId } from '../services.ts'
import { holdBench, openBench } from './bench.ts'
import { changedMeanwhile, differenceOf, standsAsShown, twinsOf, type Difference } from './difference.ts'
import { annotationsOf, insertDecisions, type Bench } from './store.ts'

type Trx = Transaction<Tables>

/** What came of one item. A refused one says why and brings the difference: an annotation that never was stands as nothing. */
export type DecisionResult =
  | { readonly annotation: string; readonly ok: true }
  | {
      readonly annotation: string
      readonly ok: false
      readonly code: 'changed_meanwhile' | 'annotation_gone'
      readonly difference: Difference
    }

/** How a decision came about: by itself, with a correction, or with a span that everybody had missed. */
export type DecisionAct = 'decide' | 'amend' | 'missed'

/**
 * Decides annotations, each by the digest of what was on the reviewer's screen: decision, gold row and audit row are one
 * transaction. An item that changed meanwhile, or is not there, comes back with its reason and the others stand; one item
 * alone throws it. Twins (equal digest) are decided together. A rejection needs a reason.
 */
export async function decide(ctx: Ctx, article: string, items: readonly DecisionInput[]): Promise<DecisionResult[]> {
  const bench = await openBench(ctx, article, 'decide')
  if (items.some((item) => item.verdict === 'reject' && item.reason === null)) throw new Problem('reason_needed')
  const results = await transact(ctx.services, async (trx) => {
    await holdBench(trx, ctx, bench, 'decide')
    return decideIn(trx, ctx, bench, items)
  })
  ctx.services.notifier.notify()
  const [only] = results
  if (results.length === 1 && only && !only.ok)
    throw only.code === 'annotation_gone' ? new Problem(only.code) : changedMeanwhile(only.difference)
  return results
}

/** A decision that stands: on the annotation named and on all that say the same. */
interface Accepted {
  readonly item: DecisionInput
  readonly twins: readonly Row<'annotation'>[]
}

/** The same within a transaction that holds the head: amend and missed decide what they have just written. */
export async function decideIn(
  trx: Trx,
  ctx: Ctx,
  bench: Bench,
  items: readonly DecisionInput[],
  act: DecisionAct = 'decide',
): Promise<DecisionResult[]> {
  const annotations = await annotationsOf(trx, bench.layer)
  const byId = new Map(annotations.map((annotation) => [annotation.id, annotation]))
  const results: DecisionResult[] = []
  const accepted: Accepted[] = []
  for (const item of items) {
    const { annotation, shown } = item
    const row = byId.get(annotation)
    if (row && standsAsShown(row, shown, bench)) {
      accepted.push({ item, twins: twinsOf(annotations, row.digest) })
      results.push({ annotation, ok: true })
    } else {
      const difference = row ? await differenceOf(trx, bench, shown, row) : { annotation, shown, now: null, by: null }
      results.push({ annotation, ok: false, code: row ? 'changed_meanwhile' : 'annotation_gone', difference })
    }
  }
  if (accepted.length > 0) await writeDecisions(trx, ctx, bench, accepted, act)
  return results
}

async function writeDecisions(trx: Trx, ctx: Ctx, bench: Bench, accepted: readonly Accepted[], act: DecisionAct) {
  const account = ctx.account.id
  const { no } = await labelSetOf(trx, bench.project)
  // twins that were both asked for are decided once
  const decided = [
    ...new Map(accepted.flatMap(({ item, twins }) => twins.map((twin) => [twin.id, { item, twin }]))).values(),
  ]
  const rows = decided.map(({ item, twin }) => ({
    id: newId(),
    layer: bench.layer,
    annotation: twin.id,
    account,
    verdict: item.verdict,
    digest: digestOf(item.shown, bench.text),
    reason: item.verdict === 'reject' ? item.reason : null,
    note: item.note || null,
    act,
    label_set_no: no,
    at: ctx.services.now(),
  }))
  const numbers = await insertDecisions(trx, rows)
  const { opened } = await refreshGold(trx, bench.layer)
  const { article, layer, project } = bench
  const acts = rows.map(({ annotation, verdict, digest }) => ({ annotation, verdict, digest }))
  await recordAll(
    trx,
    acts.map((after) => ({ project, account, act: `review.${act}`, subject: article, after })),
  )
  // what pages learn of a decision: the inputs of the state, never the state itself
  const facts = rows.map(({ annotation, verdict, digest, reason, at }, i) => {
    const { creator, last_editor } = decided[i]!.twin
    const own = account === creator || account === last_editor
    const payload = { article, layer, annotation, account, verdict, digest, reason, order: numbers[i]!, own, at }
    return { kind: 'decided', payload }
  })
  const fell = opened ? [{ kind: 'opened', payload: { article } }] : []
  await state(trx, projectScope(project), [...facts, ...fell])
}
