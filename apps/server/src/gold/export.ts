import type { Readable } from 'node:stream'
import {
  formatById,
  reportOn,
  reportsOn,
  write,
  type Export,
  type ExportReport,
  type FormatId,
  type Include,
  type Policy,
} from '@tamga/formats'
import { slug } from '@tamga/language'
import { Problem } from '@tamga/model'
import { requireRole, type Ctx } from '../auth/guard.ts'
import type { Db } from '../db/open.ts'
import { labelSetOf, projectById } from '../projects/store.ts'
import type { Services } from '../services.ts'
import { goldArticles, openCorpus, type People } from './corpus.ts'
import { zipPieces } from './zip.ts'

/** What somebody asks to be exported. */
export interface ExportRequest {
  readonly format: FormatId
  /** Null: the format's default. */
  readonly policy: Policy | null
  /** Which articles a training format takes. */
  readonly include: Include
  readonly people: People
  /** The cut a report was made at, or null for the newest. */
  readonly cut: number | null
}

/**
 * What an export would carry and lose: the walk that writes the file, its text thrown away. The walk ends by throwing
 * the reason of `gone` once whoever asked has left.
 */
export async function reportExport(
  ctx: Ctx,
  project: string,
  request: ExportRequest,
  gone?: AbortSignal,
): Promise<ExportReport> {
  await requireExport(ctx, project, request)
  return reportOn(await planExport(ctx.services.db, project, request, gone))
}

/** The same for every policy that a format has, from one walk. */
export async function reportExports(
  ctx: Ctx,
  project: string,
  request: Omit<ExportRequest, 'policy'>,
  gone?: AbortSignal,
): Promise<readonly ExportReport[]> {
  await requireExport(ctx, project, request)
  const plan = await planExport(ctx.services.db, project, { ...request, policy: null }, gone)
  return reportsOn(plan, plan.format.policies)
}

/**
 * The archive of an export, as a stream: corpus files and `report.json`. Throws `nothing_to_export`, and
 * `spans_would_be_lost` with the report if the policy is to refuse. Destroying the stream ends the walk, and so does
 * `gone` before there is a stream.
 */
export async function exportFile(
  ctx: Ctx,
  project: string,
  request: ExportRequest,
  gone?: AbortSignal,
): Promise<{ name: string; stream: Readable }> {
  await requireExport(ctx, project, request)
  const { services } = ctx
  const { name } = await projectById(services.db, project)
  const { stream } = await zipPieces(await writeExport(services.db, project, request, gone), services.now())
  return { name: `${slug(name)}-${request.format}.zip`, stream }
}

/** The same report for whoever holds the machine: no role is asked. */
export const reportUnasked = async ({ db }: Services, project: string, request: ExportRequest): Promise<ExportReport> =>
  reportOn(await planExport(db, project, request))

/** The same archive for whoever holds the machine. Refuses as `exportFile` does. */
export async function exportUnasked(services: Services, project: string, request: ExportRequest): Promise<Readable> {
  return (await zipPieces(await writeExport(services.db, project, request), services.now())).stream
}

async function requireExport(ctx: Ctx, project: string, { people }: Pick<ExportRequest, 'people'>): Promise<void> {
  const role = await requireRole(ctx, project, 'export')
  if (people === 'names' && role !== 'owner') throw new Problem('names_for_owner')
}

async function writeExport(db: Db, project: string, request: ExportRequest, gone?: AbortSignal) {
  const plan = await planExport(db, project, request, gone)
  if (plan.ready === 0) throw new Problem('nothing_to_export')
  return write(plan)
}

/** An export with the number of articles that it will hold. */
async function planExport(
  db: Db,
  project: string,
  request: ExportRequest,
  gone?: AbortSignal,
): Promise<Export & { readonly ready: number }> {
  const { include, people } = request
  const format = formatById(request.format)
  const policy = request.policy ?? format.policies[0]!
  if (!format.policies.includes(policy)) throw new Problem('malformed', { field: 'policy' })
  const corpus = await openCorpus(db, project, request.cut, people)
  const { set: labels } = await labelSetOf(db, project)
  const closed = corpus.articles.filter(({ reviewer, waiting, moved }) => reviewer && !waiting && !moved)
  const ready = format.training && include === 'closed' ? closed.length : corpus.articles.length
  const articles = () => goldArticles(db, corpus, gone)
  return { format, policy, include, labels, cut: corpus.cut, articles, ready }
}
