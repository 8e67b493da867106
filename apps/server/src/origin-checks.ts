import { nestingOf, Problem, requestLimits } from '@tamga/model'
import type { HonoRequest } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Env } from './auth/guard.ts'
import { otherAddressPage, otherAddressPolicy } from './other-address.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
const JSON_BYTES = requestLimits.jsonBytes

/** Host and Origin: a foreign page may neither read this server under another name nor act on it with a cookie. */
export const checkOrigin = createMiddleware<Env>(async (c, next) => {
  const { origins } = c.var.services
  const host = c.req.header('host')
  if (!origins.hostAllowed(host)) {
    if (!wantsPage(c.req)) throw new Problem('foreign_origin')
    c.header('content-security-policy', otherAddressPolicy)
    return c.html(otherAddressPage(origins.url, c.req.header('accept-language') ?? ''), 403)
  }
  if (!SAFE.has(c.req.method) && !origins.originAllowed(c.req.header('origin'), host))
    throw new Problem('foreign_origin')
  await next()
})

/** True for somebody at a browser who opened an address; programs and the page's own requests get JSON. */
const wantsPage = (request: HonoRequest): boolean =>
  request.method === 'GET' &&
  !request.path.startsWith('/api/') &&
  (request.header('accept') ?? '').includes('text/html')

/** Bodies are JSON of at most 1 MB, or multipart where a route reads it as a stream. */
export const checkBody = createMiddleware<Env>(async (c, next) => {
  const length = Number(c.req.header('content-length') ?? '0')
  const hasBody = length > 0 || c.req.header('transfer-encoding') !== undefined
  const kind = kindOf(c.req)
  if (hasBody && !SAFE.has(c.req.method)) {
    if (kind !== 'application/json' && kind !== 'multipart/form-data') throw new Problem('not_json')
    if (kind === 'application/json' && (length > JSON_BYTES || c.req.header('transfer-encoding') !== undefined))
      throw new Problem('too_large', { most: JSON_BYTES })
  }
  await next()
})

/**
 * Counts how deep JSON is nested before it is parsed: deep nesting ends the embedded database's process. It reads the body,
 * so it comes after whatever refuses a request unread.
 */
export const checkDepth = createMiddleware<Env>(async (c, next) => {
  const most = requestLimits.jsonDepth
  if (!SAFE.has(c.req.method) && kindOf(c.req) === 'application/json' && nestingOf(await c.req.text(), most) > most)
    throw new Problem('too_deep', { most })
  await next()
})

const kindOf = (request: HonoRequest): string =>
  (request.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()

// style attributes are set by the popover and dialog library at run time; scripts and style sheets come as files
const POLICY = [
  "default-src 'self'",
  "worker-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** What every answer says to the browser about what may run. */
export const secureHeaders = createMiddleware<Env>(async (c, next) => {
  await next()
  if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', POLICY)
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  c.header('cross-origin-opener-policy', 'same-origin')
  c.header('permissions-policy', 'camera=(), microphone=(), geolocation=()')
  if (c.var.services.origins.secure) c.header('strict-transport-security', 'max-age=31536000')
  if (c.req.path.startsWith('/api/')) c.header('cache-control', 'no-store')
})
