import { randomBytes } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { ServerResponse } from 'node:http'
import type { Env } from './auth/guard.ts'
import { isOf, onBehalfOf } from './log.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Gives each request an id, its proxy's or a new one, and counts and logs it by the pattern of its route. */
export const follow = createMiddleware<Env>(async (c, next) => {
  const { log, metrics } = c.var.services
  const began = performance.now()
  const request = idOf(c.req.header('x-request-id'))
  c.set('request', request)
  await onBehalfOf({ request }, next)
  c.header('x-request-id', request)

  const method = METHODS.has(c.req.method) ? c.req.method : 'other'
  const route = routePath(c)
  const { status } = c.res
  const account = c.var.account?.id
  const outgoing = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing
  const done = () => {
    const ms = performance.now() - began
    metrics.requests.inc({ method, route, status })
    metrics.requestSeconds.observe({ method, route }, ms / 1000)
    const cut = outgoing && !outgoing.writableEnded
    log.routine({ request, account, method, route, status, ms: Math.round(ms), ...(cut && { cut }) }, 'request')
  }
  // a download is over when its last byte is out
  if (outgoing) outgoing.once('close', done)
  else done()
})

/** Lets what is logged from here on name the account. */
export const followAccount = createMiddleware<Env>(async (c, next) => {
  if (c.var.account) isOf(c.var.account.id)
  await next()
})

/** A proxy's id is taken if it is short and plain, so that one search finds both logs' lines. */
const idOf = (given: string | undefined): string =>
  given !== undefined && /^[\w.:-]{8,64}$/.test(given) ? given : randomBytes(9).toString('base64url')
