import { Problem, type ProblemCode } from '@tamga/model'
import type { Context, ErrorHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { routePath } from 'hono/route'
import type { DiskState } from './db/disk.ts'
import { isAway, isBusy } from './db/transact.ts'
import type { Log } from './log.ts'

/** What a refusal looks like on the wire; the sentence is the reader's, in the reader's language. */
export function answerWith(c: Context, problem: Problem) {
  const wait = retryAfter(problem)
  if (wait !== null) c.header('retry-after', String(wait))
  return c.json(
    { code: problem.code, details: problem.details, data: problem.data ?? null },
    problem.status as ContentfulStatusCode,
  )
}

/** Seconds after which the same request may be answered; null where waiting changes nothing. */
function retryAfter({ code, details }: Problem): number | null {
  if (code === 'rate_limited') return Number(details.seconds)
  return code === 'busy' ? 1 : null
}

/**
 * The last resort of every route: a refusal travels as what it is, a bug as `internal`, logged without its content under
 * the request's id, which the answer names.
 */
export const answerErrors =
  (log: Log, disk: DiskState): ErrorHandler =>
  (error, c) => {
    if (error instanceof Problem) return answerWith(c, error)
    const trouble = disk.note(error)
    const known =
      trouble !== null || (isAway(error) && disk.trouble !== null)
        ? 'disk_full'
        : (fromHttp(error) ?? fromDatabase(error))
    const at = { method: c.req.method, route: routePath(c) }
    if (isAway(error)) log.warn({ ...at, reason: error.message }, 'no answer from the database')
    if (known) return answerWith(c, new Problem(known))
    log.error({ ...at, err: error }, 'a request failed')
    const request = c.get('request') as string | undefined
    return answerWith(c, new Problem('internal', request === undefined ? {} : { request }))
  }

/** What the framework itself refuses: a body that is no JSON, or says it is something else. */
function fromHttp(error: Error): ProblemCode | null {
  if (!(error instanceof HTTPException)) return null
  const codes: Record<number, ProblemCode> = { 400: 'malformed', 413: 'too_large', 415: 'not_json' }
  return codes[error.status] ?? null
}

function fromDatabase(error: unknown): ProblemCode | null {
  if (isBusy(error) || isAway(error)) return 'busy'
  const state = (error as { code?: unknown }).code
  if (typeof state !== 'string') return null
  // class 22: a value the database cannot hold, such as NUL in an address
  return /^22...$/.test(state) ? 'malformed' : null
}
