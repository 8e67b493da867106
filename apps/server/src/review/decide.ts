import { digestOf, Problem, type Content, type DecisionInput, type Reason } from '@tamga/model'
import type { Transaction } from 'kysely'
import { record } from '../audit.ts'
import type { Ctx } from '../auth/guard.ts'
import type { Row, Tables } from '../db/tables.ts'
import { projectScope, state } from '../facts.ts'
import { refreshGold } from '../gold/store.ts'
import { labelSetOf } from '../projects/store.ts'
import { newId } from '../world.ts'
import { lockHead } from '../live/store.ts'
import { openBench } from './bench.ts'
import { annotationsOf, editorsSince, insertDecisions, type Bench } from './store.ts'

/** Why a decision was not written: what was shown is not what stands. */
export interface Difference {
  readonly annotation: string
  readonly shown: Content
  /** What stands now, or null: removed. */
  readonly now: Content | null
  readonly by: { readonly account: string; readonly name: string } | null
}

export type DecisionResult =
  | { readonly annotation: string; readonly ok: true }
  | { readonly annotation: string; readonly ok: false; readonly difference: Difference }

/**
 * Decides annotations, each by the digest of what was on the reviewer's screen: decision, gold row and audit row are one
 * transaction. An item whose content changed meanwhile comes back with the difference and the others stand; one item
 * alone throws `changed_meanwhile`. Twins (equal digest) are decided together. A rejection needs a reason.
 */
export async function decide(ctx: Ctx, article: string, items: readonly DecisionInput[]): Promise<DecisionResult[]> {
  const bench = await openBench(ctx, article, 'decide')
  if (items.some((item) => item.verdict === 'reject' && item.reason === null)) throw new Problem('reason_needed')
  const results = await ctx.world.db.transaction().execute(async (trx) => {
    await lockHead(trx, bench.layer, ctx.world.kind)
    return decideIn(trx, ctx, bench, items)
  })
  ctx.world.bell.ring()
  const [only] = results
  if (results.length === 1 && only && !only.ok)
    throw new Problem('changed_meanwhile', nameOf(only.difference), only.difference)
  return results
}

const nameOf = ({ by, now }: Difference) => ({ name: by?.name ?? null, removed: now === null ? 1 : 0 })

/** The same within a transaction that holds the head: amend and missed decide what they have just written. */
export async function decideIn(
  trx: Transaction<Tables>,
  ctx: Ctx,
  bench: Bench,
  items: readonly DecisionInput[],
  act: 'decide' | 'amend' | 'missed' = 'decide',
): Promise<DecisionResult[]> {
  const annotations = await annotationsOf(trx, bench.layer)
  const byId = new Map(annotations.map((annotation) => [annotation.id, annotation]))
  const results: DecisionResult[] = []
  const accepted: { item: DecisionInput; digest: string; ids: string[] }[] = []
  for (const item of items) {
    const annotation = byId.get(item.annotation)
    if (!annotation) throw new Problem('annotation_gone')
    const digest = digestOf(item.shown, bench.text)
    if (annotation.gone_at !== null || annotation.digest !== digest) {
      results.push({
        annotation: item.annotation,
        ok: false,
        difference: await differenceOf(trx, bench, item, annotation),
      })
      continue
    }
    accepted.push({ item, digest, ids: twinsOf(annotations, digest) })
    results.push({ annotation: item.annotation, ok: true })
  }
  if (accepted.length > 0) await writeDecisions(trx, ctx, bench, accepted, act)
  return results
}

const twinsOf = (annotations: readonly Row<'annotation'>[], digest: string) =>
  annotations.filter((a) => a.digest === digest && a.gone_at === null).map((a) => a.id)

async function differenceOf(
  trx: Transaction<Tables>,
  bench: Bench,
  item: DecisionInput,
  row: Row<'annotation'>,
): Promise<Difference> {
  const editor = await editorsSince(trx, bench.layer, item.annotation)
  const now = row.gone_at === null ? row.content : null
  return {
    annotation: item.annotation,
    shown: item.shown,
    now,
    by: editor ? { account: editor.id, name: editor.name } : null,
  }
}

async function writeDecisions(
  trx: Transaction<Tables>,
  ctx: Ctx,
  bench: Bench,
  accepted: readonly { item: DecisionInput; digest: string; ids: readonly string[] }[],
  act: 'decide' | 'amend' | 'missed',
): Promise<void> {
  const account = ctx.account.id
  const { no } = await labelSetOf(trx, bench.project)
  const rows = accepted.flatMap(({ item, digest, ids }) =>
    ids.map((annotation) => ({
      id: newId(),
      layer: bench.layer,
      annotation,
      account,
      verdict: item.verdict,
      digest,
      reason: item.verdict === 'reject' ? item.reason : null,
      note: item.note || null,
      act,
      label_set_no: no,
      at: ctx.world.now(),
    })),
  )
  const written = await insertDecisions(trx, rows)
  const { opened } = await refreshGold(trx, bench.layer)
  for (const row of rows)
    await record(trx, {
      project: bench.project,
      account,
      act: `review.${act}`,
      subject: bench.article,
      after: { annotation: row.annotation, verdict: row.verdict, digest: row.digest },
    })
  const facts = rows.map((row, i) => ({ kind: 'decided', payload: decidedFact(bench, row, written[i]!.n) }))
  const fell = opened ? [{ kind: 'opened', payload: { article: bench.article } }] : []
  await state(trx, projectScope(bench.project), [...facts, ...fell])
}

type Decided = { annotation: string; account: string; verdict: string; digest: string; reason: Reason | null; at: Date }

/** What pages learn of a decision: the inputs of the state, never the state itself. */
const decidedFact = ({ article, layer }: Bench, row: Decided, order: number) => ({
  article,
  layer,
  annotation: row.annotation,
  account: row.account,
  verdict: row.verdict,
  digest: row.digest,
  reason: row.reason,
  order,
  at: row.at.toISOString(),
})
