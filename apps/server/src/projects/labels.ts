import { attributeTypeIds, faultsOfLabelSet, faultsOfRevision, Problem, type LabelSet } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { insertLabelSet, labelSetOf, projectById, usedIds } from './store.ts'

/**
 * Saves a label set as the next revision. Throws `label_set_moved` when somebody saved after `base`, and the first fault
 * with all of them beside it when the set may not stand (`faultsOfLabelSet`, `faultsOfRevision`).
 */
export async function saveLabelSet(ctx: Ctx, project: string, base: number, set: LabelSet): Promise<{ no: number }> {
  await requireRole(ctx, project, 'editLabels')
  const { services, account } = ctx
  const no = await transact(services, async (trx) => {
    await trx.selectFrom('project').select('id').where('id', '=', project).forUpdate().execute()
    const current = await labelSetOf(trx, project)
    if (current.no !== base) throw new Problem('label_set_moved', { no: current.no })
    const faults = [...faultsOfLabelSet(set), ...faultsOfRevision(current.set, set, await usedIds(trx, project))]
    faults.push(...(await typeFaults(trx, project, set)))
    if (faults.length > 0) throw new Problem(faults[0]!.code, faults[0]!.details, faults)
    await insertLabelSet(trx, project, base + 1, set, account.id)
    await record(trx, {
      project,
      account: account.id,
      act: 'labels.saved',
      subject: String(base + 1),
      after: { labels: set.labels.length },
    })
    await state(trx, projectScope(project), [{ kind: 'labels', payload: { no: base + 1 } }])
    return base + 1
  })
  services.notifier.notify()
  return { no }
}

// an attribute that was dropped unused and comes back keeps its first type: its id was seen
async function typeFaults(trx: Parameters<typeof projectById>[0], project: string, set: LabelSet) {
  const known = await trx
    .selectFrom('label')
    .select(['id', 'type'])
    .where('project', '=', project)
    .where('kind', '=', 'attribute')
    .where('type', 'in', attributeTypeIds)
    .execute()
  return set.attributes.flatMap((attribute, i) =>
    known.some((row) => row.id === attribute.id && row.type !== attribute.type)
      ? [{ at: `attributes/${i}/type`, code: 'attribute_type_fixed' as const, details: { code: attribute.code } }]
      : [],
  )
}
