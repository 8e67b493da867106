import type { LayerDoc } from '@tamga/collab'
import { attributeOf, digestOf, faultOfContent, Problem, type Content, type DecisionInput } from '@tamga/model'
import type { Ctx } from '../auth/guard.ts'
import type { Live } from '../live/open.ts'
import { labelSetOf } from '../projects/store.ts'
import { openBench } from './bench.ts'
import { decideIn } from './decide.ts'
import { annotationById } from './store.ts'

export interface Amendment {
  readonly annotation: string
  readonly shown: Content
  readonly content: Content
  readonly note: string
}

/**
 * Corrects an annotation and approves the correction, in the reviewer's name and in one transaction. Throws
 * `changed_meanwhile` with the difference when what was shown is not what stands.
 */
export async function amend(ctx: Ctx, live: Live, article: string, amendment: Amendment): Promise<void> {
  const bench = await openBench(ctx, article, 'amend')
  await requireStanding(ctx, bench.project, amendment.content, bench.text)
  const { annotation, shown, content, note } = amendment
  await live.write(bench.layer, ctx.account.id, {
    async edit(doc, trx) {
      const row = await annotationById(trx, bench.layer, annotation)
      if (!row) throw new Problem('annotation_gone')
      if (row.gone_at !== null || row.digest !== digestOf(shown, bench.text))
        throw new Problem(
          'changed_meanwhile',
          { name: null, removed: row.gone_at === null ? 0 : 1 },
          { annotation, shown, now: row.gone_at ? null : row.content, by: null },
        )
      rewrite(doc, annotation, row.content, content)
    },
    async also(trx) {
      const item: DecisionInput = { annotation, verdict: 'approve', shown: content, reason: null, note }
      await decideIn(trx, ctx, bench, [item], 'amend')
    },
  })
  ctx.world.bell.ring()
}

/** Adds a span that everybody missed: proposed and approved in one act, and recorded as such. */
export async function addMissed(ctx: Ctx, live: Live, article: string, id: string, content: Content): Promise<void> {
  const bench = await openBench(ctx, article, 'amend')
  await requireStanding(ctx, bench.project, content, bench.text)
  await live.write(bench.layer, ctx.account.id, {
    async edit(doc, trx) {
      if (await annotationById(trx, bench.layer, id)) throw new Problem('annotation_exists')
      doc.add(content, { id })
    },
    async also(trx) {
      await decideIn(
        trx,
        ctx,
        bench,
        [{ annotation: id, verdict: 'approve', shown: content, reason: null, note: '' }],
        'missed',
      )
    },
  })
  ctx.world.bell.ring()
}

/** Writes the fields in which two contents differ, as one act. */
function rewrite(doc: LayerDoc, id: string, before: Content, after: Content): void {
  if (before.kind !== after.kind) throw new Problem('annotation_malformed')
  doc.act(() => {
    if (after.kind === 'span') doc.setRanges(id, after.ranges)
    if (after.kind === 'relation') for (const end of ['from', 'to'] as const) doc.setEnd(id, end, after[end])
    doc.setLabel(id, after.label)
    const attributes = new Set([...before.attributes, ...after.attributes].map(([attribute]) => attribute))
    for (const attribute of attributes) doc.setAttribute(id, attribute, attributeOf(after, attribute) ?? null)
  })
}

async function requireStanding({ world }: Ctx, project: string, content: Content, text: string): Promise<void> {
  const { set } = await labelSetOf(world.db, project)
  const fault = faultOfContent(content, { text, labels: set })
  if (fault) throw new Problem(fault)
}
