import { createRoute, z } from '@hono/zod-openapi'
import { GivenId, requestLimits } from '@tamga/model'
import {
  aboutFormat,
  formatById,
  formatIds,
  formats,
  includes,
  policies,
  type ClipReason,
  type DropReason,
  type Lost,
} from '@tamga/formats'
import { ctxOf } from '../auth/guard.ts'
import { routes } from '../routes.ts'
import { answers } from '../schema.ts'
import { bodyOf } from './body.ts'
import { exportFile, reportExport, reportExports, type ExportRequest } from './export.ts'

const Policy = z.enum(policies)
const Include = z.enum(includes)
const FormatName = z.enum(formatIds)

const FormatView = z.object({
  id: FormatName,
  title: z.string(),
  extension: z.string(),
  loses: z.array(z.custom<Lost>().meta({ type: 'string' })),
  policies: z.array(Policy),
  training: z.boolean(),
})

const Named = z.object({ article: z.string(), annotation: z.string(), quote: z.string(), label: z.string() })
const clipReasons = ['inside_token', 'blank_edge'] as const satisfies readonly ClipReason[]
const dropReasons = [
  ...(['relation', 'article_label', 'discontinuous', 'no_token'] as const),
  ...(['nested', 'holds', 'crossing', 'same_tokens'] as const),
] as const satisfies readonly DropReason[]

const Left = z.object({
  article: z.string(),
  title: z.string(),
  undecided: z.int(),
  annotations: z.int(),
  reason: z.enum(['not_closed', 'undecided']),
})

const Report = z.object({
  cut: z.int(),
  format: z.string(),
  policy: Policy,
  include: Include,
  refused: z.boolean(),
  articles: z.int(),
  levels: z.int(),
  kept: z.int(),
  clipped: z.array(Named.extend({ reason: z.enum(clipReasons), became: z.string() })).readonly(),
  dropped: z
    .array(
      Named.extend({ reason: z.enum(dropReasons), inside: z.string().nullable(), insideLabel: z.string().nullable() }),
    )
    .readonly(),
  left: z.array(Left).readonly(),
  unclosed: z.array(Left).readonly(),
  notes: z.object({ attributes: z.int(), joined: z.int(), rewritten: z.int() }),
})

const ByProject = z.object({ project: GivenId })
const Request = z.object({
  format: FormatName,
  policy: Policy.optional(),
  include: Include.default('closed'),
  people: z.enum(['pseudonyms', 'names']).default('pseudonyms'),
  cut: z.coerce.number().int().min(0).max(requestLimits.integer).optional(),
})

const list = createRoute({
  method: 'get',
  path: '/formats',
  responses: answers('What a corpus can be exported as.', z.object({ formats: z.array(FormatView) })),
})
const about = createRoute({
  method: 'get',
  path: '/formats/about',
  request: { query: z.object({ format: FormatName }) },
  responses: {
    200: {
      description: 'What every file of an export in this format means, as Markdown; it lies in every archive too.',
      content: { 'text/plain': { schema: z.string() } },
    },
  },
})
const report = createRoute({
  method: 'get',
  path: '/projects/{project}/export/report',
  request: { params: ByProject, query: Request },
  responses: answers('What the file would carry and lose; its cut makes the file the same.', Report),
})
const reports = createRoute({
  method: 'get',
  path: '/projects/{project}/export/reports',
  request: { params: ByProject, query: Request.omit({ policy: true }) },
  responses: answers(
    'One report for each policy of the format, all at one cut.',
    z.object({ reports: z.array(Report) }),
  ),
})
const file = createRoute({
  method: 'get',
  path: '/projects/{project}/export/file',
  request: { params: ByProject, query: Request },
  responses: {
    200: {
      description: 'A zip of FORMAT.md, the corpus and report.json, streamed.',
      content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
    },
  },
})

/** The corpus out: formats and their pages, the report before the download, the file with its report. */
export const goldRoutes = () =>
  routes()
    .openapi(list, (c) => {
      ctxOf(c)
      return c.json({ formats: formats.map(viewFormat) }, 200)
    })
    .openapi(about, (c) => {
      ctxOf(c)
      return c.text(aboutFormat(formatById(c.req.valid('query').format)), 200)
    })
    .openapi(report, async (c) => {
      const { project } = c.req.valid('param')
      return c.json(await reportExport(ctxOf(c), project, requestOf(c.req.valid('query')), c.req.raw.signal), 200)
    })
    .openapi(reports, async (c) => {
      const { project } = c.req.valid('param')
      const { cut = null, ...query } = c.req.valid('query')
      const found = await reportExports(ctxOf(c), project, { ...query, cut }, c.req.raw.signal)
      return c.json({ reports: [...found] }, 200)
    })
    .openapi(file, async (c) => {
      const { project } = c.req.valid('param')
      const { name, stream } = await exportFile(ctxOf(c), project, requestOf(c.req.valid('query')), c.req.raw.signal)
      c.header('content-type', 'application/zip')
      c.header('content-disposition', `attachment; filename="${name}"`)
      return c.body(bodyOf(stream), 200)
    })

const viewFormat = ({ id, title, extension, loses, policies, training }: (typeof formats)[number]) => ({
  ...{ id, title, extension, training },
  loses: [...loses],
  policies: [...policies],
})

const requestOf = ({ policy, cut, ...request }: z.infer<typeof Request>): ExportRequest => ({
  ...request,
  policy: policy ?? null,
  cut: cut ?? null,
})
