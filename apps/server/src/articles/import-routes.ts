import { createRoute, z } from '@hono/zod-openapi'
import { boundedRecord, GivenId, Language, problemCodes, requestLimits, type ProblemCode } from '@tamga/model'
import { ctxOf } from '../auth/guard.ts'
import { routes } from '../routes.ts'
import { answers, body, done } from '../schema.ts'
import {
  correctLanguage,
  discardImport,
  dropFile,
  findImport,
  openImport,
  publishImport,
  viewFile,
  viewImport,
  viewStaged,
} from './import.ts'
import { importFile } from './import-file.ts'
import { eachFile } from './multipart.ts'

const ByImport = z.object({ import: GivenId })
const ByFile = ByImport.extend({ file: GivenId })

const Refused = z.object({
  file: z.string(),
  line: z.int().nullable(),
  code: z.enum(problemCodes as [ProblemCode, ...ProblemCode[]]),
  details: z.record(z.string(), z.union([z.string(), z.number()]).nullable()),
})

const Preview = z.object({
  article: z.string(),
  title: z.string(),
  language: Language.nullable(),
  /** In code points. */
  size: z.int(),
  date: z.string().nullable(),
  /** The first 200 code points. */
  start: z.string(),
})

const FileView = z.object({
  id: z.string(),
  file: z.string(),
  /** `text`, `lines`, or null when it cannot be read. */
  kind: z.string().nullable(),
  articles: z.int(),
  /** How many refusals there are; the first hundred are listed. */
  refused: z.int(),
  refusals: z.array(Refused),
  /** A hundred articles at most; none of a file with refusals. */
  preview: z.array(Preview),
})
const Files = z.object({ files: z.array(FileView) })

const open = createRoute({
  method: 'post',
  path: '/projects/{project}/imports',
  request: { params: z.object({ project: GivenId }) },
  responses: answers(
    'An import to put files into; nobody sees them before it is published.',
    z.object({ id: z.string() }),
  ),
})
const addFiles = createRoute({
  method: 'post',
  path: '/imports/{import}/files',
  request: {
    params: ByImport,
    body: {
      required: true,
      // no schema of ours: the body is read as a stream, never parsed as a whole
      content: {
        'multipart/form-data': {
          schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } },
        },
      },
    },
  },
  responses: answers('How the files of this request fared.', Files),
})
const show = createRoute({
  method: 'get',
  path: '/imports/{import}',
  request: { params: ByImport },
  responses: answers('All files of the import.', Files),
})
const showFile = createRoute({
  method: 'get',
  path: '/imports/{import}/files/{file}',
  request: {
    params: ByFile,
    query: z.object({ from: z.coerce.number().int().min(0).max(requestLimits.integer).default(0) }),
  },
  responses: answers('One file, its preview from a place on.', FileView),
})
const drop = createRoute({
  method: 'delete',
  path: '/imports/{import}/files/{file}',
  request: { params: ByFile },
  responses: done,
})
const correct = createRoute({
  method: 'patch',
  path: '/imports/{import}',
  request: {
    params: ByImport,
    body: body(z.object({ language: boundedRecord(Language.nullable(), requestLimits.corrections) })),
  },
  responses: answers('Corrected: languages by the id of an article, or of a file for all of its articles.', Files),
})
const publish = createRoute({
  method: 'post',
  path: '/imports/{import}/publish',
  request: { params: ByImport },
  responses: answers('All articles are in the project now.', z.object({ articles: z.int() })),
})
const discard = createRoute({
  method: 'delete',
  path: '/imports/{import}',
  request: { params: ByImport },
  responses: done,
})

/** How articles come in: files are staged, looked at, and published all at once or not at all. */
export const importRoutes = () =>
  routes()
    .openapi(open, async (c) => c.json({ id: (await openImport(ctxOf(c), c.req.valid('param').project)).id }, 200))
    .openapi(addFiles, async (c) => {
      const ctx = ctxOf(c)
      const into = await findImport(ctx, c.req.valid('param').import)
      const files: z.infer<typeof FileView>[] = []
      const { signal } = c.req.raw
      await eachFile(c.req.raw, async (name, bytes) => {
        files.push(await viewFile(ctx.services.db, await importFile(ctx, into, name, bytes, signal)))
      })
      return c.json({ files }, 200)
    })
    .openapi(show, async (c) => c.json({ files: await viewImport(ctxOf(c), c.req.valid('param').import) }, 200))
    .openapi(showFile, async (c) => {
      const { import: id, file } = c.req.valid('param')
      return c.json(await viewStaged(ctxOf(c), id, file, c.req.valid('query').from), 200)
    })
    .openapi(drop, async (c) => {
      const { import: id, file } = c.req.valid('param')
      await dropFile(ctxOf(c), id, file)
      return c.body(null, 204)
    })
    .openapi(correct, async (c) => {
      const { import: id } = c.req.valid('param')
      await correctLanguage(ctxOf(c), id, c.req.valid('json').language)
      return c.json({ files: await viewImport(ctxOf(c), id) }, 200)
    })
    .openapi(publish, async (c) => c.json(await publishImport(ctxOf(c), c.req.valid('param').import), 200))
    .openapi(discard, async (c) => {
      await discardImport(ctxOf(c), c.req.valid('param').import)
      return c.body(null, 204)
    })
