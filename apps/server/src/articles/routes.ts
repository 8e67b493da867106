import { createRoute, z } from '@hono/zod-openapi'
import {
  ArticleMeta,
  GivenId,
  isStorable,
  LabelSet,
  Language,
  Reason,
  requestLimits,
  Role,
  Settings,
  verdicts,
  type Content,
} from '@tamga/model'
import { ctxOf } from '../auth/guard.ts'
import { routes } from '../routes.ts'
import { answers, body, done, Positions } from '../schema.ts'
import { correctArticle, groupArticle, restoreArticle, withdrawArticle } from './change.ts'
import { goneCopies } from './copies.ts'
import { eraseArticle } from './erase.ts'
import { importRoutes } from './import-routes.ts'
import { listArticles } from './list.ts'
import { showAnnotations, showArticle } from './show.ts'

const ByArticle = z.object({ article: GivenId })
const Brief = z.object({ id: z.string(), title: z.string(), language: Language.nullable() })
const Flag = z.literal('1').optional()

const Listed = Brief.extend({
  date: z.string().nullable(),
  source: z.string().nullable(),
  group: z.string().nullable(),
  /** In code points. */
  size: z.int(),
  annotated: z.int(),
  waiting: z.int(),
  approved: z.int(),
  closed: z.boolean(),
  /** Why it is withdrawn, or null. */
  withdrawn: z.string().nullable(),
  /** When its text was erased, or null. */
  erased: z.string().nullable(),
  hits: z.array(z.object({ before: z.string(), hit: z.string(), after: z.string() })),
  /** Ids of the accounts that have it open now. */
  here: z.array(z.string()),
})

const ArticleView = Brief.extend({
  project: z.string(),
  date: z.string().nullable(),
  source: z.string().nullable(),
  licence: z.string().nullable(),
  group: z.string().nullable(),
  meta: z.record(z.string(), z.unknown()),
  withdrawn: z.string().nullable(),
  /** Articles of the same translation group. */
  siblings: z.array(Brief),
  revision: z.object({ id: z.string(), no: z.int(), sha256: z.string(), text: z.string() }),
  layer: z.object({ id: z.string(), epoch: z.int() }),
  labelSet: z.object({ no: z.int(), set: LabelSet }),
  role: Role,
  settings: Settings,
  /** Members, and those who left but did something here. */
  members: z.array(
    z.object({ account: z.string(), name: z.string(), colour: z.int(), role: Role.nullable(), left: z.boolean() }),
  ),
  rulings: z.array(
    z.object({
      annotation: z.string(),
      account: z.string(),
      verdict: z.enum(verdicts),
      digest: z.string(),
      reason: Reason.nullable(),
      order: z.int(),
      /** By whoever had made the annotation or last changed it. */
      own: z.boolean(),
      at: z.string(),
    }),
  ),
  closing: z.object({ by: z.string(), at: z.string() }).nullable(),
  at: Positions,
  previous: z.string().nullable(),
  next: z.string().nullable(),
  /** Its place among the project's articles, from 1, and their number. */
  position: z.tuple([z.int(), z.int()]),
})

/** As pages show them, gone ones included: what a browser that takes an article along keeps beside it. */
const AnnotationView = z.object({
  id: z.string(),
  content: z.custom<Content>(),
  via: z.string().nullable(),
  unsure: z.boolean(),
  gone: z.boolean(),
})

const { title, language, date, group } = ArticleMeta.shape
const Correction = z
  .object({ title, language, date, group })
  .partial()
  .refine((value) => isStorable(value))
const Words = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => isStorable(value))

const list = createRoute({
  method: 'get',
  path: '/projects/{project}/articles',
  request: {
    params: z.object({ project: GivenId }),
    query: z.object({ q: Words(requestLimits.search).optional(), exact: Flag, withdrawn: Flag }),
  },
  responses: answers('Articles in the order of import.', z.object({ articles: z.array(Listed), at: Positions })),
})
const show = createRoute({
  method: 'get',
  path: '/articles/{article}',
  request: { params: ByArticle },
  responses: answers('An article with all that its page needs.', ArticleView),
})
const annotations = createRoute({
  method: 'get',
  path: '/articles/{article}/annotations',
  request: { params: ByArticle },
  responses: answers('What stands in its layer now.', z.object({ annotations: z.array(AnnotationView) })),
})
const correct = createRoute({
  method: 'patch',
  path: '/articles/{article}',
  request: { params: ByArticle, body: body(Correction) },
  responses: done,
})
const withdraw = createRoute({
  method: 'post',
  path: '/articles/{article}/withdraw',
  request: { params: ByArticle, body: body(z.object({ reason: Words(requestLimits.reason) })) },
  responses: done,
})
const restore = createRoute({
  method: 'post',
  path: '/articles/{article}/restore',
  request: { params: ByArticle },
  responses: done,
})
const erase = createRoute({
  method: 'post',
  path: '/articles/{article}/erase',
  request: { params: ByArticle, body: body(z.object({ reason: Words(requestLimits.reason) })) },
  responses: done,
})
const copies = createRoute({
  method: 'post',
  path: '/copies',
  request: { body: body(z.object({ articles: z.array(GivenId).max(requestLimits.ids) })) },
  responses: answers('Which copies may not stay.', z.object({ gone: z.array(z.string()) })),
})
const group_ = createRoute({
  method: 'post',
  path: '/articles/{article}/group',
  request: { params: ByArticle, body: body(z.object({ with: GivenId.nullable() })) },
  responses: done,
})

/** Articles: the list, one of them, what is known of it; and how new ones come in. */
export const articleRoutes = () =>
  routes()
    .openapi(list, async (c) => {
      const { q = '', exact, withdrawn } = c.req.valid('query')
      const search = q.trim() === '' ? null : { q: q.trim(), exact: exact === '1' }
      const asked = { search, withdrawn: withdrawn === '1' }
      return c.json(await listArticles(ctxOf(c), c.req.valid('param').project, asked), 200)
    })
    .openapi(show, async (c) => c.json(await showArticle(ctxOf(c), c.req.valid('param').article), 200))
    .openapi(annotations, async (c) =>
      c.json({ annotations: await showAnnotations(ctxOf(c), c.req.valid('param').article) }, 200),
    )
    .openapi(correct, async (c) => {
      await correctArticle(ctxOf(c), c.req.valid('param').article, c.req.valid('json'))
      return c.body(null, 204)
    })
    .openapi(withdraw, async (c) => {
      await withdrawArticle(ctxOf(c), c.req.valid('param').article, c.req.valid('json').reason)
      return c.body(null, 204)
    })
    .openapi(restore, async (c) => {
      await restoreArticle(ctxOf(c), c.req.valid('param').article)
      return c.body(null, 204)
    })
    .openapi(copies, async (c) => c.json({ gone: await goneCopies(ctxOf(c), c.req.valid('json').articles) }, 200))
    .openapi(erase, async (c) => {
      await eraseArticle(ctxOf(c), c.req.valid('param').article, c.req.valid('json').reason)
      return c.body(null, 204)
    })
    .openapi(group_, async (c) => {
      await groupArticle(ctxOf(c), c.req.valid('param').article, c.req.valid('json').with)
      return c.body(null, 204)
    })
    .route('/', importRoutes())
