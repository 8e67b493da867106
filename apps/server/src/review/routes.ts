import { createRoute, z } from '@hono/zod-openapi'
import {
  AnnotationId,
  ContentInput,
  DecisionInput,
  GivenId,
  reasons,
  requestLimits,
  verdicts,
  type Content,
} from '@tamga/model'
import { ctxOf, type Ctx } from '../auth/guard.ts'
import type { Live } from '../live/open.ts'
import { routes } from '../routes.ts'
import { answers, body, done } from '../schema.ts'
import { addMissed, amend } from './amend.ts'
import { openBench } from './bench.ts'
import { reopen, signOff } from './close.ts'
import { decide } from './decide.ts'
import { changesOf, decisionsOf } from './store.ts'

const ByArticle = z.object({ article: GivenId })
const ContentView = z.custom<Content>()
const Difference = z.object({
  annotation: z.string(),
  shown: ContentView,
  now: ContentView.nullable(),
  by: z.object({ account: z.string(), name: z.string() }).nullable(),
})
const Result = z.discriminatedUnion('ok', [
  z.object({ annotation: z.string(), ok: z.literal(true) }),
  z.object({
    annotation: z.string(),
    ok: z.literal(false),
    code: z.enum(['changed_meanwhile', 'annotation_gone']),
    difference: Difference,
  }),
])
const Entry = z.object({
  at: z.string(),
  account: z.string(),
  kind: z.enum(['field', 'decision']),
  /** The field that changed: '' for the record itself, 'ranges', 'label', 'a/<attribute>', 'gone', 'unsure'. */
  key: z.string().nullable(),
  before: z.array(z.unknown()).nullable(),
  after: z.array(z.unknown()).nullable(),
  verdict: z.enum(verdicts).nullable(),
  reason: z.enum(reasons).nullable(),
  note: z.string().nullable(),
  act: z.enum(['decide', 'amend', 'missed']).nullable(),
})

const decisions = createRoute({
  method: 'post',
  path: '/articles/{article}/decisions',
  request: {
    params: ByArticle,
    body: body(z.object({ items: z.array(DecisionInput).min(1).max(requestLimits.decisions) })),
  },
  responses: answers(
    'Each decided, or back with its reason and the difference.',
    z.object({ results: z.array(Result) }),
  ),
})
const amendment = createRoute({
  method: 'post',
  path: '/articles/{article}/amend',
  request: {
    params: ByArticle,
    body: body(
      z.object({
        annotation: AnnotationId,
        shown: ContentInput,
        content: ContentInput,
        note: z.string().max(requestLimits.note).default(''),
      }),
    ),
  },
  responses: done,
})
const missed = createRoute({
  method: 'post',
  path: '/articles/{article}/missed',
  request: { params: ByArticle, body: body(z.object({ id: AnnotationId, content: ContentInput })) },
  responses: done,
})
const close = createRoute({
  method: 'post',
  path: '/articles/{article}/closing',
  request: { params: ByArticle },
  responses: done,
})
const open = createRoute({
  method: 'delete',
  path: '/articles/{article}/closing',
  request: { params: ByArticle },
  responses: done,
})
const history = createRoute({
  method: 'get',
  path: '/articles/{article}/history/{annotation}',
  request: { params: ByArticle.extend({ annotation: AnnotationId }) },
  responses: answers('All that happened to an annotation, oldest first.', z.object({ entries: z.array(Entry) })),
})

/** Decisions, corrections, sign-off, and what happened to a span. */
export const reviewRoutes = (live: Live) =>
  routes()
    .openapi(decisions, async (c) => {
      const results = await decide(ctxOf(c), c.req.valid('param').article, c.req.valid('json').items)
      return c.json({ results }, 200)
    })
    .openapi(amendment, async (c) => {
      await amend(ctxOf(c), live, c.req.valid('param').article, c.req.valid('json'))
      return c.body(null, 204)
    })
    .openapi(missed, async (c) => {
      const { id, content } = c.req.valid('json')
      await addMissed(ctxOf(c), live, c.req.valid('param').article, id, content)
      return c.body(null, 204)
    })
    .openapi(close, async (c) => {
      await signOff(ctxOf(c), c.req.valid('param').article)
      return c.body(null, 204)
    })
    .openapi(open, async (c) => {
      await reopen(ctxOf(c), c.req.valid('param').article)
      return c.body(null, 204)
    })
    .openapi(history, async (c) => {
      const { article, annotation } = c.req.valid('param')
      return c.json({ entries: await historyOf(ctxOf(c), article, annotation) }, 200)
    })

async function historyOf(ctx: Ctx, article: string, annotation: string): Promise<z.infer<typeof Entry>[]> {
  const { layer } = await openBench(ctx, article, 'read')
  const { db } = ctx.services
  const changes = (await changesOf(db, layer, annotation)).map((change) => ({
    ...change,
    kind: 'field' as const,
    verdict: null,
    reason: null,
    note: null,
    act: null,
  }))
  const decided = (await decisionsOf(db, layer, annotation)).map(({ digest: _, n: __, ...decision }) => ({
    ...decision,
    kind: 'decision' as const,
    key: null,
    before: null,
    after: null,
  }))
  const entries = [...changes, ...decided].sort((a, b) => a.at.getTime() - b.at.getTime())
  return entries.map((entry) => ({ ...entry, at: entry.at.toISOString() }))
}
