import { isUndecided, OffsetMap, quotesOf, stateOf, type Content, type Ruling, type State } from '@tamga/model'
import type { Transaction } from 'kysely'
import { json } from '../db/json.ts'
import type { NewRow, Row, Tables } from '../db/tables.ts'
import { tick } from '../facts.ts'

type Trx = Transaction<Tables>

export const goldScope = (project: string): string => `gold/${project}`

/** A layer with what gold of it depends on. */
interface Ground {
  readonly layer: string
  readonly owner: string | null
  readonly revision: string
  readonly article: string
  readonly project: string
  readonly settings: Row<'project'>['settings']
}

/** What a refresh found: the state of every annotation of the layer, and whether a sign-off fell by it. */
export interface Refreshed {
  readonly states: ReadonlyMap<string, State>
  readonly opened: boolean
  readonly article: string
  readonly project: string
}

/**
 * Brings gold, the article's counts and its sign-off into line with the layer, for the annotations named: gold rows that
 * no longer stand are closed (`to_cut`), new ones opened, under one new cut. The only writer of gold. The caller holds
 * the layer's head and calls this after its own writes, before it states facts.
 */
export async function refreshGold(trx: Trx, layer: string, ids: readonly string[]): Promise<Refreshed> {
  const ground = await loadGround(trx, layer)
  const rulings = await readRulings(trx, layer)
  const states = await judge(trx, ground, rulings)
  await writeStats(trx, ground, states)
  const opened = await dropClosing(trx, ground, states)
  if (ground.owner === null) await writeGold(trx, ground, ids, states, rulings)
  return { states, opened, article: ground.article, project: ground.project }
}

const loadGround = (trx: Trx, layer: string): Promise<Ground> =>
  trx
    .selectFrom('layer')
    .innerJoin('revision', 'revision.id', 'layer.revision')
    .innerJoin('article', 'article.id', 'revision.article')
    .innerJoin('project', 'project.id', 'article.project')
    .select(['layer.id as layer', 'layer.owner', 'revision.id as revision', 'article.id as article'])
    .select(['project.id as project', 'project.settings'])
    .where('layer.id', '=', layer)
    .executeTakeFirstOrThrow()

type Rulings = ReadonlyMap<string, readonly (Ruling & { readonly id: string })[]>

async function readRulings(trx: Trx, layer: string): Promise<Rulings> {
  const rows = await trx
    .selectFrom('decision')
    .select(['id', 'annotation', 'account', 'verdict', 'digest', 'n as order'])
    .where('layer', '=', layer)
    .orderBy('n')
    .execute()
  const byAnnotation = new Map<string, (typeof rows)[number][]>()
  for (const row of rows) {
    const known = byAnnotation.get(row.annotation)
    if (known) known.push(row)
    else byAnnotation.set(row.annotation, [row])
  }
  return byAnnotation
}

async function judge(trx: Trx, { layer, settings }: Ground, rulings: Rulings): Promise<Map<string, State>> {
  const rows = await trx
    .selectFrom('annotation')
    .select(['id', 'digest', 'creator', 'last_editor', 'gone_at'])
    .where('layer', '=', layer)
    .execute()
  const state = (row: (typeof rows)[number]) =>
    stateOf({
      digest: row.digest,
      gone: row.gone_at !== null,
      rulings: rulings.get(row.id) ?? [],
      quorum: settings.quorum,
      ...(settings.ownApproval ? {} : { barred: new Set([row.creator, row.last_editor]) }),
    })
  return new Map(rows.map((row) => [row.id, state(row)]))
}

async function writeStats(trx: Trx, { article }: Ground, states: ReadonlyMap<string, State>): Promise<void> {
  const all = [...states.values()]
  const counts = {
    annotated: all.filter((state) => state !== 'gone').length,
    waiting: all.filter(isUndecided).length,
    approved: all.filter((state) => state === 'approved').length,
  }
  await trx
    .insertInto('article_stats')
    .values({ article, ...counts })
    .onConflict((conflict) => conflict.column('article').doUpdateSet(counts))
    .execute()
}

async function dropClosing(trx: Trx, { layer, project }: Ground, states: ReadonlyMap<string, State>): Promise<boolean> {
  if (![...states.values()].some(isUndecided)) return false
  const dropped = await trx.deleteFrom('closing').where('layer', '=', layer).returningAll().executeTakeFirst()
  if (!dropped) return false
  const before = json({ reviewer: dropped.reviewer, at: dropped.at })
  await trx.insertInto('audit').values({ project, account: null, act: 'closing.fell', subject: layer, before }).execute()
  return true
}

async function writeGold(trx: Trx, ground: Ground, ids: readonly string[], states: Refreshed['states'], rulings: Rulings) {
  const standing = await trx
    .selectFrom('gold')
    .select(['annotation', 'digest'])
    .where('layer', '=', ground.layer)
    .where('annotation', 'in', ids)
    .where('to_cut', 'is', null)
    .execute()
  const approved = await readApproved(trx, ground.layer, ids.filter((id) => states.get(id) === 'approved'))
  const stands = (row: { annotation: string; digest: string }) =>
    approved.some(({ id, digest }) => id === row.annotation && digest === row.digest)
  const fallen = standing.filter((row) => !stands(row)).map((row) => row.annotation)
  const fresh = approved.filter(({ id, digest }) => !standing.some((row) => row.annotation === id && row.digest === digest))
  if (fallen.length === 0 && fresh.length === 0) return
  const cut = await tick(trx, goldScope(ground.project))
  await closeRows(trx, ground.layer, fallen, cut)
  await openRows(trx, ground, fresh, rulings, cut)
}

type Approved = Pick<Row<'annotation'>, 'id' | 'content' | 'digest' | 'creator'>

const readApproved = (trx: Trx, layer: string, ids: readonly string[]): Promise<Approved[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : trx
        .selectFrom('annotation')
        .select(['id', 'content', 'digest', 'creator'])
        .where('layer', '=', layer)
        .where('id', 'in', ids)
        .execute()

async function closeRows(trx: Trx, layer: string, annotations: readonly string[], cut: number): Promise<void> {
  if (annotations.length === 0) return
  await trx
    .updateTable('gold')
    .set({ to_cut: cut })
    .where('layer', '=', layer)
    .where('annotation', 'in', annotations)
    .where('to_cut', 'is', null)
    .execute()
}

async function openRows(trx: Trx, ground: Ground, approved: readonly Approved[], rulings: Rulings, cut: number) {
  if (approved.length === 0) return
  const { body } = await trx.selectFrom('revision').select('body').where('id', '=', ground.revision).executeTakeFirstOrThrow()
  const offsets = new OffsetMap(body)
  const rows = approved.map((annotation) => ({
    ...toRow(annotation.content, body, offsets),
    project: ground.project,
    layer: ground.layer,
    revision: ground.revision,
    annotation: annotation.id,
    from_cut: cut,
    digest: annotation.digest,
    decision: rulings.get(annotation.id)!.findLast((r) => r.digest === annotation.digest && r.verdict !== 'reject')!.id,
    supporters: [annotation.creator],
  }))
  await trx.insertInto('gold').values(rows).execute()
}

type Columns = 'kind' | 'starts' | 'ends' | 'quotes' | 'label' | 'attributes' | 'from_end' | 'to_end'

/** The one place where offsets change their unit: code units of the document → code points of SQL. */
function toRow(content: Content, body: string, offsets: OffsetMap): Pick<NewRow<'gold'>, Columns> {
  const ranges = content.kind === 'span' ? content.ranges : []
  return {
    kind: content.kind,
    starts: ranges.map(([start]) => offsets.toPoints(start)),
    ends: ranges.map(([, end]) => offsets.toPoints(end)),
    quotes: quotesOf(body, ranges),
    label: content.label,
    attributes: json(content.attributes),
    from_end: content.kind === 'relation' ? content.from : null,
    to_end: content.kind === 'relation' ? content.to : null,
  }
}
