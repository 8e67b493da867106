import { hc, type ClientResponse } from 'hono/client'
import { Problem, problemCodes, type ProblemCode, type ProblemDetails } from '@tamga/model'
import type { Api } from '@tamga/server/api'

/** The server's routes, typed by the server itself: `ask(api.projects.$get())`. */
export const api = hc<Api>('/api', { fetch: send })

/** What a route answers when it does not refuse. */
export type AnswerOf<R> = R extends ClientResponse<infer T, number, string> ? T : never

/**
 * The answer of a request.
 * @throws Problem the server's refusal; `unreachable` when no answer came
 */
export async function ask<T>(asked: Promise<ClientResponse<T, number, string>>): Promise<T> {
  const response = await asked
  if (!response.ok) throw refusal(response.status, await response.text())
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T)
}

/** Called when the server says that nobody is signed in any more. */
let expired = () => {}
export const onExpired = (listener: () => void) => {
  expired = listener
}

/** Tells the same from elsewhere: a socket that was closed with "sign in". */
export const signInEnded = () => expired()

/** Called when a request got no answer, or a proxy's that the server is away. */
let lost = () => {}
export const onLost = (listener: () => void) => {
  lost = listener
}

async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init)
  } catch {
    lost()
    throw new Problem('unreachable')
  }
}

interface RefusalBody {
  readonly code: ProblemCode
  readonly details?: ProblemDetails
  readonly data?: unknown
}

/** The refusal that a status and a body tell; a proxy's own error page counts by its status alone. */
function refusal(status: number, body: string): Problem {
  const told = readBody(body)
  const problem = told ? new Problem(told.code, told.details ?? {}, told.data) : new Problem(codeOf(status))
  if (problem.code === 'sign_in') expired()
  if (problem.code === 'unreachable') lost()
  return problem
}

function readBody(body: string): RefusalBody | null {
  try {
    const read = JSON.parse(body) as Partial<RefusalBody> | null
    return read && problemCodes.some((code) => code === read.code) ? (read as RefusalBody) : null
  } catch {
    return null
  }
}

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed',
  401: 'sign_in',
  403: 'forbidden',
  404: 'not_found',
  408: 'timed_out',
  413: 'too_large',
  415: 'not_json',
  429: 'rate_limited',
  431: 'headers_too_large',
  502: 'unreachable',
  503: 'unreachable',
  504: 'unreachable',
}
const codeOf = (status: number): ProblemCode => byStatus[status] ?? 'internal'

/**
 * Sends a form with a file and tells how much is on its way (0 to 1), which `fetch` cannot.
 * @throws Problem as `ask` does; `signal` ends it silently with `AbortError`
 */
export function upload(url: string, form: FormData, progress: (share: number) => void, signal: AbortSignal) {
  return new Promise<unknown>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0)
    request.onerror = () => {
      lost()
      reject(new Problem('unreachable'))
    }
    request.onabort = () => reject(new DOMException('upload cancelled', 'AbortError'))
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText || 'null'))
      else reject(refusal(request.status, request.responseText))
    }
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}
