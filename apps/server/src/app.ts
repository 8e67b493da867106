import { Problem } from '@tamga/model'
import { Hono } from 'hono'
import { articleRoutes } from './articles/routes.ts'
import { limitUnknown, readSession, requireSessionForBody, type Env } from './auth/guard.ts'
import { authRoutes } from './auth/routes.ts'
import type { Sessions } from './auth/sessions.ts'
import { checkBody, checkDepth, checkOrigin, secureHeaders } from './origin-checks.ts'
import { goldRoutes } from './gold/routes.ts'
import { healthRoutes, type Readiness } from './health.ts'
import type { Live } from './live/open.ts'
import { asideRoutes } from './live/routes.ts'
import { pages } from './pages.ts'
import { answerErrors } from './problem.ts'
import { projectRoutes } from './projects/routes.ts'
import { follow, followAccount } from './requests.ts'
import { reviewRoutes } from './review/routes.ts'
import { routes } from './routes.ts'
import type { Services } from './services.ts'

/** The rooms in the order of the journey: a later one may use an earlier one's verbs, never the reverse. */
export const createApi = (live: Live) =>
  routes()
    .route('/', authRoutes())
    .route('/', projectRoutes())
    .route('/', articleRoutes())
    .route('/', asideRoutes())
    .route('/', reviewRoutes(live))
    .route('/', goldRoutes())

/** What the web application knows of the server. */
export type Api = ReturnType<typeof createApi>

export interface AppParts {
  readonly services: Services
  readonly sessions: Sessions
  readonly live: Live
  readonly readiness: Readiness
  /** Who sends it may read the metrics from elsewhere; null for nobody. */
  readonly metricsToken: string | null
  /** The folder of the built web application, or null for the API alone. */
  readonly pagesDir: string | null
}

/** One origin: the API under /api, the web application under everything else. */
export function createApp({ services, sessions, live, readiness, metricsToken, pagesDir }: AppParts) {
  const app = new Hono<Env>()
  app.onError(answerErrors(services.log, services.disk))
  // before all checks: those who ask this come by address, and ask often
  app.route('/', healthRoutes(services, readiness, metricsToken))
  app.use(async (c, next) => {
    c.set('services', services)
    c.set('sessions', sessions)
    await next()
  })
  app.use(follow, secureHeaders, limitUnknown, checkOrigin)
  app.use('/api/*', checkBody, readSession, followAccount, requireSessionForBody, checkDepth)
  app.route('/api', createApi(live))
  app.all('/api/*', () => {
    throw new Problem('not_found')
  })
  if (pagesDir !== null) app.route('/', pages(pagesDir))
  return app
}
