import type { LayerDoc } from '@tamga/collab'
import { attributeOf, faultOfContent, Problem, type Content } from '@tamga/model'
import type { Ctx } from '../auth/guard.ts'
import type { Live } from '../live/open.ts'
import type { Trx } from '../live/store.ts'
import { labelSetOf } from '../projects/store.ts'
import { askAgain, openBench } from './bench.ts'
import { decideIn, type DecisionAct } from './decide.ts'
import { changedMeanwhile, differenceOf, standsAsShown, twinsOf } from './difference.ts'
import { annotationById, annotationsOf, type Bench } from './store.ts'

export interface Amendment {
  readonly annotation: string
  readonly shown: Content
  readonly content: Content
  readonly note: string
}

/**
 * Corrects an annotation, with all that say the same, and approves the correction, in the reviewer's name and in one
 * transaction. Throws `changed_meanwhile` with the difference when what was shown is not what stands.
 */
export async function amend(ctx: Ctx, live: Live, article: string, amendment: Amendment): Promise<void> {
  const bench = await openBench(ctx, article, 'amend')
  await requireStanding(ctx, bench.project, amendment.content, bench.text)
  const { annotation, shown, content, note } = amendment
  await live.write(bench.layer, ctx.account.id, {
    async edit(doc, trx) {
      await askAgain(trx, ctx, bench, 'amend')
      const annotations = await annotationsOf(trx, bench.layer)
      const row = annotations.find(({ id }) => id === annotation)
      if (!row) throw new Problem('annotation_gone')
      if (!standsAsShown(row, shown, bench)) throw changedMeanwhile(await differenceOf(trx, bench, shown, row))
      doc.act(() => twinsOf(annotations, row.digest).forEach((twin) => rewrite(doc, twin.id, twin.content, content)))
    },
    also: (trx) => approveWritten(trx, ctx, bench, annotation, note, 'amend'),
  })
  ctx.services.notifier.notify()
}

/** Adds a span that everybody missed: proposed and approved in one act, and recorded as such. */
export async function addMissed(ctx: Ctx, live: Live, article: string, id: string, content: Content): Promise<void> {
  const bench = await openBench(ctx, article, 'amend')
  await requireStanding(ctx, bench.project, content, bench.text)
  await live.write(bench.layer, ctx.account.id, {
    async edit(doc, trx) {
      await askAgain(trx, ctx, bench, 'amend')
      if (await annotationById(trx, bench.layer, id)) throw new Problem('annotation_exists')
      doc.add(content, { id })
    },
    also: (trx) => approveWritten(trx, ctx, bench, id, '', 'missed'),
  })
  ctx.services.notifier.notify()
}

/** Approves what this very transaction wrote: the content that was sent, less what absence means (defaults of attributes). */
async function approveWritten(trx: Trx, ctx: Ctx, bench: Bench, id: string, note: string, act: DecisionAct) {
  const { content } = (await annotationById(trx, bench.layer, id))!
  const item = { annotation: id, verdict: 'approve', shown: content, reason: null, note } as const
  const [result] = await decideIn(trx, ctx, bench, [item], act)
  if (!result?.ok) throw new Error(`${id} is written and does not stand as it was written`)
}

/** Writes the fields in which two contents differ. */
function rewrite(doc: LayerDoc, id: string, before: Content, after: Content): void {
  if (before.kind !== after.kind) throw new Problem('annotation_malformed')
  if (after.kind === 'span') doc.setRanges(id, after.ranges)
  if (after.kind === 'relation') for (const end of ['from', 'to'] as const) doc.setEnd(id, end, after[end])
  doc.setLabel(id, after.label)
  const attributes = new Set([...before.attributes, ...after.attributes].map(([attribute]) => attribute))
  for (const attribute of attributes) doc.setAttribute(id, attribute, attributeOf(after, attribute) ?? null)
}

async function requireStanding({ services }: Ctx, project: string, content: Content, text: string): Promise<void> {
  const { set } = await labelSetOf(services.db, project)
  const fault = faultOfContent(content, { text, labels: set })
  if (fault) throw new Problem(fault)
}
