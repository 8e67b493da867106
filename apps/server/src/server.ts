import { getRequestListener } from '@hono/node-server'
import { createApp } from './app.ts'
import { every } from './background.ts'
import { resumeErasures } from './articles/erase.ts'
import { sweepImports } from './articles/import.ts'
import { Segmenter } from './articles/segmenter.ts'
import { openBus, type Bus } from './bus.ts'
import { openSharedCounts } from './shared-counts.ts'
import { openConsole } from './console.ts'
import { limitPasswordChecks } from './auth/password.ts'
import { openSessions } from './auth/sessions.ts'
import { demoAccounts, nobodyYet } from './auth/store.ts'
import { makeFirstOwnerLink, makeSignInLink } from './auth/tickets.ts'
import { diskSentences } from './db/disk.ts'
import { installationOf } from './db/installation.ts'
import { migrate } from './db/migrate.ts'
import { openDatabase, type Database } from './db/open.ts'
import { lockServer, type ServerLock } from './db/server-lock.ts'
import { isLoopback, type Env } from './env.ts'
import { FactNotifier } from './facts.ts'
import { Readiness } from './health.ts'
import { openLive, type Live } from './live/open.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { originAt, originsOf } from './origins.ts'
import { openRateLimits, type RateLimits } from './rate-limits.ts'
import { resumeRefreshes } from './projects/refresh.ts'
import { removeDue } from './projects/removal.ts'
import { seedDemo } from './seed.ts'
import type { Task } from './tasks.ts'
import { Traffic } from './traffic.ts'
import { keepUp, outgrown } from './upkeep.ts'
import type { Services } from './services.ts'

/** Where the parts lie that are not code of the server: the database's worker, the built pages, the seeds. */
export interface Parts {
  readonly worker: string
  readonly segmentWorker: string
  readonly pagesDir: string | null
  readonly seedsDir: string
}

export interface Running {
  readonly url: string
  /** What a person who started it by hand should read: the address, and the links that let somebody in. */
  readonly greeting: readonly string[]
  onLost(callback: (error: Error) => void): void
  /**
   * Ends everything in order: nobody is let in any more, live rooms are flushed, sockets told to come back, requests that
   * run have ten seconds, then the database is closed.
   */
  stop(): Promise<void>
}

/** How long a request that runs may take to its end when the server stops. */
const REQUEST_MS = 10_000

/** Opens the database, brings it up to date, seeds the demo once, and serves. Throws what keeps it from doing so. */
export async function startServer(env: Env, parts: Parts, log: Log): Promise<Running> {
  const folder = { dir: env.data, worker: parts.worker, takeCopy: env.takeCopy }
  const database = await openDatabase(env.databaseUrl ? { url: env.databaseUrl } : folder, log)
  let lock: ServerLock | null = null
  let bus: Bus | null = null
  try {
    // before anything is written: who else is on the database may be older
    if (env.databaseUrl) lock = await lockServer(env.databaseUrl, database.db, { shared: env.redisUrl !== null }, log)
    await migrate(database.db)
    await sweepImports(database, new Date())
    // a migration takes what it takes
    database.watch()
    const meeting = env.redisUrl ? { url: env.redisUrl, namespace: await installationOf(database.db) } : null
    bus = await openBus(meeting, log)
    return kept(lock, await serve(env, parts, log, database, bus))
  } catch (error) {
    await bus?.close()
    await database.close()
    await lock?.release()
    throw error
  }
}

/** A server with its right to be on its Postgres: lost with that, and given back at the end of all. */
const kept = (lock: ServerLock | null, server: Running): Running => ({
  ...server,
  onLost(callback) {
    server.onLost(callback)
    lock?.onLost(callback)
  },
  async stop() {
    await server.stop()
    await lock?.release()
  },
})

async function serve(env: Env, parts: Parts, log: Log, database: Database, bus: Bus): Promise<Running> {
  const shared = env.redisUrl ? await openSharedCounts(env.redisUrl, await installationOf(database.db), log) : null
  const limits = openRateLimits(env.limits, shared)
  limitPasswordChecks(env.limits.passwordChecks)
  const traffic = await Traffic.listen(env, limits)
  const { services, sessions, live } = openServices(env, parts, log, database, bus, traffic.port, limits)
  if (env.demo) await seedDemo(services, live, parts.seedsDir)
  const readiness = new Readiness(services)
  const { metricsToken } = env
  const app = createApp({ services, sessions, live, readiness, metricsToken, pagesDir: parts.pagesDir })
  const listener = getRequestListener((request, nodeEnv) => app.fetch(request, nodeEnv))
  traffic.begin({
    request: (request, response) => void listener(request, response),
    upgrade: (...asked) => live.upgrade(...asked),
    isSigned: (cookie) => sessions.isSigned(cookie),
    get stopping() {
      return readiness.stopping
    },
  })
  services.metrics.watchProcess()
  services.metrics.watchConnections(database)
  tellOfDisk(services)
  const endUpkeep = keepUp(database, services, () => traffic.idle)
  const unwatch = readiness.watch()
  const console = await openConsole(services)
  database.announce({ url: services.origins.url, socket: console.path })
  const sweeping = every(services, 'sessions', HOUR, () => sessions.sweep())
  const jobs = [
    keepDoing(services, 'settings', MINUTE, (signal) => resumeRefreshes(services, signal)),
    keepDoing(services, 'erasure', MINUTE, (signal) => resumeErasures(services, signal)),
    keepDoing(services, 'removal', HOUR, (signal) => removeDue(services, signal)),
  ]
  return {
    url: services.origins.url,
    greeting: await greet(services, env),
    onLost: (callback) => database.onLost(callback),
    async stop() {
      readiness.stop()
      unwatch()
      await Promise.all([
        live.close(),
        sweeping.stop(),
        ...jobs.map((job) => job.stop()),
        endUpkeep(),
        console.close(),
        traffic.settled(REQUEST_MS),
      ])
      await traffic.close()
      await services.segmenter.close()
      await bus.close()
      await shared?.close()
      await database.close()
    },
  }
}

/** Says once when the disk stops to take writes, and once when it takes them again. */
function tellOfDisk({ disk, log, metrics }: Services): void {
  metrics.diskWritable.set(1)
  disk.onChange((trouble) => {
    metrics.diskWritable.set(trouble === null ? 1 : 0)
    if (trouble === null) log.warn('the disk takes writes again')
    else log.error(`${diskSentences[trouble]}: nothing can be saved until that ends; reading goes on`)
  })
}

/** What all parts of a server share, with the two that know each other through it. */
function openServices(
  env: Env,
  parts: Parts,
  log: Log,
  database: Database,
  bus: Bus,
  port: number,
  limits: RateLimits,
) {
  const origins = originsOf(env.publicUrl ?? (isLoopback(env.host) ? null : originAt(env.host, port)), port, env.host)
  // all servers behind one address share its cookie, whatever port each listens on
  const publicPort = Number(new URL(origins.url).port || 80)
  const { plainCookies } = limits
  const sessions = openSessions(database.db, { secure: origins.secure, port: publicPort, demo: env.demo, plainCookies })
  let live: Live | null = null
  const services: Services = {
    db: database.db,
    kind: database.kind,
    disk: database.disk,
    origins,
    bus,
    notifier: new FactNotifier(bus),
    metrics: new Metrics(),
    log,
    limits,
    segmenter: new Segmenter(parts.segmentWorker),
    demo: env.demo,
    here: (project) => live?.here(project) ?? {},
    now: () => new Date(),
  }
  live = openLive(services, sessions)
  return { services, sessions, live }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Takes up, now and every so often, what is left of long work, until it is stopped. */
function keepDoing(services: Services, task: Task, ms: number, job: (signal: AbortSignal) => Promise<void>) {
  const ended = new AbortController()
  const timer = every(services, task, ms, () => job(ended.signal))
  timer.now()
  return {
    stop() {
      ended.abort()
      return timer.stop()
    },
  }
}

async function greet(services: Services, env: Env): Promise<string[]> {
  const { url, secure } = services.origins
  const lines = ['', `  Tamga is ready:  ${url}`, '']
  if (services.demo) {
    lines.push('  One-time sign-in links of the demo team (or click a name on the sign-in page):')
    for (const person of await demoAccounts(services.db))
      lines.push(`    ${person.role.padEnd(10)} ${person.name.padEnd(20)} ${await makeSignInLink(services, person.id)}`)
    lines.push('')
  } else if (await nobodyYet(services.db)) {
    lines.push(
      '  Nobody has an account yet. This one-time link makes the first owner (24 hours):',
      `    ${await makeFirstOwnerLink(services)}`,
      '',
    )
  }
  if (!secure && !isLoopback(new URL(url).hostname))
    lines.push(
      '  Warning: plain HTTP. Passwords and texts travel readable; put a TLS proxy in front and set PUBLIC_URL.',
      '',
    )
  const grown = await outgrown(services)
  if (grown !== null) lines.push(`  Warning: ${grown}`, '')
  lines.push(`  ${env.databaseUrl ? 'Postgres' : `Data: ${env.data}`}.  Stop with Ctrl-C.`, '')
  return lines
}
