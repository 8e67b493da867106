import { createRoute, z } from '@hono/zod-openapi'
import {
  boundedJson,
  boundedRecord,
  GivenId,
  isId,
  problemCodes,
  requestLimits,
  type Plain,
  type ProblemCode,
} from '@tamga/model'
import { ctxOf } from '../auth/guard.ts'
import { routes } from '../routes.ts'
import { answers, body, done } from '../schema.ts'
import { listAsides } from './asides.ts'
import { handAside } from './hand-aside.ts'
import { keepAside } from './keep-aside.ts'
import { resolveAside, ways } from './resolve-aside.ts'

const ByArticle = z.object({ article: GivenId })
const ById = z.object({ id: GivenId })
const LARGEST = Number.MAX_SAFE_INTEGER
const Code = z.enum(problemCodes as [ProblemCode, ...ProblemCode[]])
const Detail = z.union([z.string().max(requestLimits.detail), z.number().min(-LARGEST).max(LARGEST), z.null()])
const Details = boundedRecord(Detail, requestLimits.details)

const Aside = z.object({
  id: z.string(),
  layer: z.string(),
  /** Whose edit it was. */
  account: z.string(),
  key: z.string(),
  /** The value that was wanted, alone in a list; null where a key was to go. */
  value: z.custom<[Plain] | null>(),
  code: Code,
  details: Details,
  at: z.string(),
  /** When it was handed to the reviewers, or null. */
  handedAt: z.string().nullable(),
})
const KeptInput = z.object({
  id: GivenId.refine(isId),
  key: GivenId,
  value: boundedJson(requestLimits.value),
  code: Code,
  details: Details.default({}),
})

const list = createRoute({
  method: 'get',
  path: '/articles/{article}/asides',
  request: { params: ByArticle },
  responses: answers(
    'Edits that were not let stand and still wait: mine, and for reviewers those handed over.',
    z.object({ asides: z.array(Aside) }),
  ),
})
const keep = createRoute({
  method: 'post',
  path: '/articles/{article}/asides',
  request: { params: ByArticle, body: body(KeptInput) },
  responses: done,
})
const hand = createRoute({
  method: 'post',
  path: '/asides/{id}/hand',
  request: { params: ById },
  responses: done,
})
const resolve = createRoute({
  method: 'post',
  path: '/asides/{id}/resolve',
  request: { params: ById, body: body(z.object({ how: z.enum(ways) })) },
  responses: done,
})

/** What the live room did not let stand, and what becomes of it. */
export const asideRoutes = () =>
  routes()
    .openapi(list, async (c) => c.json({ asides: await listAsides(ctxOf(c), c.req.valid('param').article) }, 200))
    .openapi(keep, async (c) => {
      const { value = null, ...kept } = c.req.valid('json')
      await keepAside(ctxOf(c), c.req.valid('param').article, { ...kept, value })
      return c.body(null, 204)
    })
    .openapi(hand, async (c) => {
      await handAside(ctxOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    })
    .openapi(resolve, async (c) => {
      await resolveAside(ctxOf(c), c.req.valid('param').id, c.req.valid('json').how)
      return c.body(null, 204)
    })
