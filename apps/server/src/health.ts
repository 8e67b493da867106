import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { diskSentences } from './db/disk.ts'
import { unappliedSteps } from './db/migrate.ts'
import { isLoopback } from './env.ts'
import type { Services } from './services.ts'

/** What a server may lack. */
type Need = 'stopping' | 'database' | 'migrations'

const PATIENCE_MS = 2000
const FRESH_MS = 1000
const WATCH_MS = 5000

/**
 * Whether this server should be sent people: its database answers, has its newest schema, and it is not stopping. Without
 * its Redis it serves on, slower, and says so.
 */
export class Readiness {
  readonly #services: Services
  readonly #patienceMs: number
  #stopping = false
  #looked: { at: number; missing: Promise<Need[]> } | null = null
  #running: Promise<Need[]> | null = null
  #away = false

  constructor(services: Services, patienceMs = PATIENCE_MS) {
    this.#services = services
    this.#patienceMs = patienceMs
  }

  get stopping(): boolean {
    return this.#stopping
  }

  stop(): void {
    this.#stopping = true
  }

  /** What is missing; asked of the database at most once a second, and by one question at a time. */
  async missing(): Promise<readonly Need[]> {
    if (this.#stopping) return ['stopping']
    if (!this.#looked || performance.now() - this.#looked.at > FRESH_MS)
      this.#looked = { at: performance.now(), missing: this.#look() }
    return this.#looked.missing
  }

  /** Looks by itself as well, so that the log says when the database went and came back. Answers how to end that. */
  watch(): () => void {
    const timer = setInterval(() => void this.missing(), WATCH_MS)
    timer.unref()
    return () => clearInterval(timer)
  }

  async #look(): Promise<Need[]> {
    this.#running ??= this.#ask().finally(() => (this.#running = null))
    let timer
    const late = new Promise<Need[]>((resolve) => (timer = setTimeout(resolve, this.#patienceMs, ['database'])))
    const missing = await Promise.race([this.#running, late])
    clearTimeout(timer)
    this.#tell(missing.includes('database'))
    return missing
  }

  async #ask(): Promise<Need[]> {
    try {
      return (await unappliedSteps(this.#services.db)).length > 0 ? ['migrations'] : []
    } catch {
      return ['database']
    }
  }

  #tell(away: boolean): void {
    const { log, metrics } = this.#services
    metrics.databaseUp.set(away ? 0 : 1)
    if (away !== this.#away && !this.#stopping)
      if (away) log.error('the database does not answer')
      else log.warn('the database answers again')
    this.#away = away
  }
}

/**
 * What machines ask: `/healthz` (the process answers), `/readyz` (send people here), `/metrics`. Under any Host, without a
 * session, and so without anything secret; the metrics for this machine alone, or for whoever has the token.
 */
export const healthRoutes = (services: Services, readiness: Readiness, token: string | null) =>
  new Hono()
    .get('/healthz', (c) => c.json({ alive: true }, 200, fresh))
    .get('/readyz', async (c) => {
      const missing = await readiness.missing()
      const failing = services.metrics.background.failing.map((task) => `background:${task}`)
      const { trouble } = services.disk
      const disk = trouble === null ? null : diskSentences[trouble]
      const degraded = [...(services.bus.state === 'down' ? ['redis'] : []), ...(disk ? ['disk'] : []), ...failing]
      return c.json(
        { ready: missing.length === 0, missing, degraded, ...(disk && { disk }) },
        missing.length === 0 ? 200 : 503,
        fresh,
      )
    })
    .get('/metrics', async (c) => {
      if (!isNear(c) && !(token !== null && carries(c, token))) return c.notFound()
      const { registry } = services.metrics
      return c.body(await registry.metrics(), 200, { ...fresh, 'content-type': registry.contentType })
    })

const fresh = { 'cache-control': 'no-store' }

/** What a proxy says of whom it speaks for. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** A program of this machine, by a name of this machine: no proxy's guest, and no page of a stranger's. */
function isNear(c: Context): boolean {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string } } }
  const peer = incoming?.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  const host = (c.req.header('host') ?? '').replace(/:\d+$/, '')
  return isLoopback(peer) && isLoopback(host) && FORWARDING.every((name) => c.req.header(name) === undefined)
}

function carries(c: Context, token: string): boolean {
  const given = c.req.header('authorization') ?? ''
  return timingSafeEqual(digest(given), digest(`Bearer ${token}`))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
