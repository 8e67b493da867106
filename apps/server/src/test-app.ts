import { inject } from 'vitest'
import { createApp } from './app.ts'
import { openSessions } from './auth/sessions.ts'
import { insertAccount } from './auth/store.ts'
import { hashPassword } from './auth/password.ts'
import { openTestDatabase } from './db/test-db.ts'
import { Readiness } from './health.ts'
import { openLive } from './live/open.ts'
import { newId, openServices, type Services } from './services.ts'

const HOST = '127.0.0.1:4173'
export const ORIGIN = `http://${HOST}`
export const METRICS_TOKEN = 'a token of the metrics'
export const PASSWORD = 'a long enough password'

/** A person with a browser of their own: a cookie, and the Host and Origin of the page they are on. */
export interface Browser {
  readonly account: string
  readonly cookie: string
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  get<T>(path: string): Promise<T>
  /** Sends JSON and answers JSON. Throws with the refusal's code when the answer is one. */
  send<T>(method: string, path: string, body?: unknown): Promise<T>
  /** The code of the refusal that a request meets, or its status when it is none. */
  refusal(method: string, path: string, body?: unknown): Promise<string | number>
}

/** The whole server on a fresh database, spoken to through its front door. */
export async function openTestApp({ demo = false } = {}) {
  const database = await openTestDatabase()
  const sessions = openSessions(database.db, { secure: false, port: 4173, demo })
  const services: Services = { ...openServices(database, null, inject('segmentWorker')), demo }
  const live = openLive(services, sessions)
  const readiness = new Readiness(services, 60_000)
  const app = createApp({ services, sessions, live, readiness, metricsToken: METRICS_TOKEN, pagesDir: null })

  const browser = (account: string, given: string): Browser => {
    let cookie = given
    const request: Browser['request'] = async (method, path, body, headers = {}) => {
      const response = await app.request(
        `/api${path}`,
        {
          method,
          headers: {
            host: HOST,
            origin: ORIGIN,
            cookie,
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        },
        { incoming: { socket: { remoteAddress: account } } },
      )
      const renewed = response.headers.get('set-cookie')
      if (renewed && account !== '') cookie = cookieOf(renewed)
      return response
    }
    const send: Browser['send'] = async <T>(method: string, path: string, body?: unknown) => {
      const response = await request(method, path, body)
      if (!response.ok) throw new Error(((await response.json()) as { code: string }).code)
      return (response.status === 204 ? null : await response.json()) as T
    }
    return {
      account,
      get cookie() {
        return cookie
      },
      request,
      send,
      get: (path) => send('GET', path),
      async refusal(method, path, body) {
        const response = await request(method, path, body)
        return response.ok ? response.status : ((await response.json()) as { code: string }).code
      },
    }
  }

  return {
    services,
    sessions,
    live,
    readiness,
    metricsToken: METRICS_TOKEN,
    app,
    /** Somebody who is not signed in. */
    stranger: browser('', ''),
    /** Makes an account (with `PASSWORD`) and signs it in. */
    async person(name: string): Promise<Browser> {
      const id = newId()
      const email = `${id.toLowerCase()}@example.org`
      await insertAccount(services.db, { id, name, email, password_hash: await hashPassword(PASSWORD) })
      return browser(id, cookieOf(await sessions.create(id)))
    },
    browser,
    async close() {
      await live.close()
      await services.segmenter.close()
      await database.close()
    },
  }
}

/** The name=value part of a Set-Cookie header. */
export const cookieOf = (setCookie: string): string => setCookie.split(';', 1)[0]!

/** The session's own id in a cookie, without the signature. */
export const sessionIdOf = (cookie: string): string => cookie.split(/[=.]/)[1]!

export type TestApp = Awaited<ReturnType<typeof openTestApp>>
