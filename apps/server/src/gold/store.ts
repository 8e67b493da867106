import { isUndecided, OffsetMap, quotesOf, stateOf, type Content, type Ruling, type State } from '@tamga/model'
import type { Transaction } from 'kysely'
import { bodyOf } from '../db/bodies.ts'
import { tick } from '../db/clock.ts'
import { json } from '../db/json.ts'
import type { NewRow, Row, Tables } from '../db/tables.ts'

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
  readonly counts: { readonly annotated: number; readonly waiting: number; readonly approved: number }
}

/**
 * Brings gold, the article's counts and its sign-off into line with a layer: gold rows that no longer stand are closed
 * (`to_cut`), new ones opened, under one new cut. Twins (equal digest) stand as one row, under the smallest id. The only
 * writer of gold. The caller holds the layer's head and calls this after its own writes, before it states facts.
 */
export async function refreshGold(trx: Trx, layer: string): Promise<Refreshed> {
  const ground = await loadGround(trx, layer)
  const rulings = await readRulings(trx, layer)
  const judged = await judge(trx, ground, rulings)
  const states = new Map(judged.map(({ id, state }) => [id, state]))
  const counts = await writeStats(trx, ground, states)
  const opened = await dropClosing(trx, ground, states)
  if (ground.owner === null) await writeGold(trx, ground, approvedIn(judged), rulings)
  return { states, opened, counts, article: ground.article, project: ground.project }
}

/** The annotations of a layer that are approved now. */
export async function approvedOf(trx: Trx, layer: string): Promise<Set<string>> {
  const judged = await judge(trx, await loadGround(trx, layer), await readRulings(trx, layer))
  return new Set(judged.filter(({ state }) => state === 'approved').map(({ id }) => id))
}

/** True if any of these annotations was ever decided. */
export async function isAnyDecided(trx: Trx, layer: string, annotations: readonly string[]): Promise<boolean> {
  if (annotations.length === 0) return false
  const row = await trx
    .selectFrom('decision')
    .select('id')
    .where('layer', '=', layer)
    .where('annotation', 'in', annotations)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
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

type Rulings = ReadonlyMap<string, readonly (Omit<Ruling, 'own'> & { readonly id: string })[]>

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

/** One annotation with its computed state. */
interface Judged {
  readonly id: string
  readonly digest: string
  readonly creator: string
  readonly state: State
  /** Its content if it is a relation: gold only while both its ends are. */
  readonly relation: Content | null
}

async function judge(trx: Trx, { layer, settings }: Ground, rulings: Rulings): Promise<Judged[]> {
  const rows = await trx
    .selectFrom('annotation')
    .select(['id', 'digest', 'creator', 'last_editor', 'gone_at'])
    .select((eb) => eb.case().when('kind', '=', 'relation').then(eb.ref('content')).end().as('relation'))
    .where('layer', '=', layer)
    .orderBy('id')
    .execute()
  return rows.map(({ id, digest, creator, last_editor, gone_at, relation }) => {
    const made = (rulings.get(id) ?? []).map((ruling) => ({
      ...ruling,
      own: isOwn(ruling.account, creator, last_editor),
    }))
    const { quorum, ownApproval } = settings
    const state = stateOf({ digest, gone: gone_at !== null, rulings: made, quorum, ownApproval })
    return { id, digest, creator, relation, state }
  })
}

/** Own: I made it, or made its last change. */
const isOwn = (account: string, creator: string, lastEditor: string) => account === creator || account === lastEditor

/** What is to stand as gold: one entry a digest, under its smallest id, with everybody who made the same. */
interface Standing {
  readonly id: string
  readonly digest: string
  readonly supporters: string[]
}

function approvedIn(judged: readonly Judged[]): Map<string, Standing> {
  const byDigest = new Map<string, Standing>()
  const approved = new Set(judged.filter(({ state }) => state === 'approved').map(({ id }) => id))
  for (const { id, digest, creator, relation } of judged) {
    if (!approved.has(id) || !endsStand(relation, approved)) continue
    const twin = byDigest.get(digest)
    if (!twin) byDigest.set(digest, { id, digest, supporters: [creator] })
    else if (!twin.supporters.includes(creator)) twin.supporters.push(creator)
  }
  return new Map([...byDigest.values()].map((standing) => [standing.id, standing]))
}

const endsStand = (content: Content | null, approved: ReadonlySet<string>): boolean =>
  content?.kind !== 'relation' || (approved.has(content.from) && approved.has(content.to))

async function writeStats(
  trx: Trx,
  { article }: Ground,
  states: ReadonlyMap<string, State>,
): Promise<Refreshed['counts']> {
  const all = [...states.values()]
  const counts = {
    annotated: all.filter((state) => state !== 'gone').length,
    waiting: all.filter(isUndecided).length,
    approved: all.filter((state) => state === 'approved').length,
  }
  await trx
    .insertInto('article_stats')
    .values({ article, ...counts, untold: true })
    .onConflict((conflict) =>
      conflict
        .column('article')
        .doUpdateSet({ ...counts, untold: true })
        .where((eb) =>
          eb.or([
            eb('article_stats.annotated', '!=', counts.annotated),
            eb('article_stats.waiting', '!=', counts.waiting),
            eb('article_stats.approved', '!=', counts.approved),
          ]),
        ),
    )
    .execute()
  return counts
}

async function dropClosing(trx: Trx, { layer, project }: Ground, states: ReadonlyMap<string, State>): Promise<boolean> {
  return [...states.values()].some(isUndecided) && dropClosingOf(trx, { layer, project })
}

/** Lets the sign-off of a layer fall, since something in it is undecided. True if there was one. */
export async function dropClosingOf(trx: Trx, at: { layer: string; project: string }): Promise<boolean> {
  const { layer, project } = at
  const dropped = await trx.deleteFrom('closing').where('layer', '=', layer).returningAll().executeTakeFirst()
  if (!dropped) return false
  const before = json({ reviewer: dropped.reviewer, at: dropped.at })
  await trx
    .insertInto('audit')
    .values({ project, account: null, act: 'closing.fell', subject: layer, before })
    .execute()
  return true
}

async function writeGold(trx: Trx, ground: Ground, approved: Map<string, Standing>, rulings: Rulings): Promise<void> {
  const standing = await trx
    .selectFrom('gold')
    .select(['annotation', 'digest', 'supporters'])
    .where('layer', '=', ground.layer)
    .where('to_cut', 'is', null)
    .execute()
  const kept = new Set(standing.filter((row) => sameAs(row, approved.get(row.annotation))).map((row) => row.annotation))
  const fallen = standing.filter((row) => !kept.has(row.annotation)).map((row) => row.annotation)
  const fresh = [...approved.values()].filter(({ id }) => !kept.has(id))
  if (fallen.length === 0 && fresh.length === 0) return
  const cut = await tick(trx, goldScope(ground.project))
  await closeRows(trx, ground.layer, fallen, cut)
  for (let i = 0; i < fresh.length; i += ROWS) await openRows(trx, ground, fresh.slice(i, i + ROWS), rulings, cut)
}

const ROWS = 500

const sameAs = (row: { digest: string; supporters: readonly string[] }, standing: Standing | undefined): boolean =>
  standing !== undefined && row.digest === standing.digest && String(row.supporters) === String(standing.supporters)

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

async function openRows(trx: Trx, ground: Ground, standing: readonly Standing[], rulings: Rulings, cut: number) {
  if (standing.length === 0) return
  const { body } = await trx
    .selectFrom('revision')
    .select(bodyOf('revision.id').as('body'))
    .where('id', '=', ground.revision)
    .executeTakeFirstOrThrow()
  const contents = await readContents(
    trx,
    ground.layer,
    standing.map(({ id }) => id),
  )
  const offsets = new OffsetMap(body)
  const rows = standing.map(({ id, digest, supporters }) => ({
    ...toRow(contents.get(id)!, body, offsets),
    project: ground.project,
    layer: ground.layer,
    revision: ground.revision,
    annotation: id,
    from_cut: cut,
    digest,
    decision: rulings.get(id)!.findLast((ruling) => ruling.digest === digest && ruling.verdict !== 'reject')!.id,
    supporters,
  }))
  await trx.insertInto('gold').values(rows).execute()
}

async function readContents(trx: Trx, layer: string, ids: readonly string[]): Promise<Map<string, Content>> {
  const rows = await trx
    .selectFrom('annotation')
    .select(['id', 'content'])
    .where('layer', '=', layer)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row.content]))
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
