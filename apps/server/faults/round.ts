import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Db } from '../src/db/open.ts'
import { ownTime } from '../src/test-clock.ts'
import type { Base } from './base.ts'
import { Chance } from './chance.ts'
import { checkFacts, checkLogged, checkReview, checkStored, loggedClocks, sameValues } from './check.ts'
import { Editor, type Desk } from './editor.ts'
import { layArticle, type Article } from './ground.ts'
import type { Launcher, Mortal } from './launcher.ts'
import { Broken, Ledger, shortOf } from './ledger.ts'
import { Line } from './line.ts'
import type { Fault, Plan } from './plan.ts'
import { Reviewer, type Decided } from './reviewer.ts'
import { ServerProcess } from './server.ts'
import { endSessions, endStrike, healDatabase, holdHead, readOnly, strike } from './strikes.ts'

/** How long everybody may take to be done when nothing fails any more. */
const SETTLE_MS = 20_000
const STARTS = 30
/** How often the database is looked into until an answer comes. */
const LOOKS = 30

/** Errors that speak of a value: the room closes whose value it was, once it is alone. */
const ofValues = /^2[123]/

/** Servers that were started for one base, and the network before them. */
interface Site {
  readonly servers: readonly ServerProcess[]
  readonly lines: readonly Line[]
}

/** One round: people write while things fail; then all is healed, and what is there is held against what was said. */
export class Round {
  readonly #launcher: Launcher
  readonly #plan: Plan
  readonly #base: Base
  readonly #redis: Mortal | null
  readonly #chance: Chance
  readonly #ledger = new Ledger()
  readonly #logs = mkdtempSync(join(tmpdir(), 'tamga-faults-logs-'))
  readonly #failing = new Set<Promise<void>>()
  #site!: Site
  #article!: Article
  #refuses = false
  #reviewer: Reviewer | null = null
  #killing = Promise.resolve()
  // the database is down: nobody can look into it
  #down: Promise<void> | null = null

  constructor(launcher: Launcher, plan: Plan, base: Base, redis: Mortal | null) {
    this.#launcher = launcher
    this.#plan = plan
    this.#base = base
    this.#redis = redis
    this.#chance = new Chance(plan.seed ^ 0x5eed)
  }

  /** Plays it. Throws Broken with the first disagreement; the servers' logs are kept then. */
  async play(): Promise<string> {
    try {
      this.#article = await this.#base.look((db) => layArticle(db, this.#base.ground.project))
      this.#site = await this.#openSite()
      return await this.#perform()
    } catch (error) {
      this.#keepLogs(error as Error)
      throw error
    } finally {
      await this.#closeSite()
      rmSync(this.#logs, { recursive: true, force: true })
    }
  }

  async #perform(): Promise<string> {
    const { editors: plans, decisions, faults, ms } = this.#plan
    const { people } = this.#base.ground
    const editors = plans.map(({ person }) => new Editor(this.#desk(), people[person]!, 1))
    const reviewer = (this.#reviewer = new Reviewer(people[0]!, this.#desk()))
    try {
      const timeline = [
        ...plans.flatMap(({ acts }, i) => acts.map((act) => ({ at: act.at, run: () => editors[i]!.act(act) }))),
        ...decisions.map((act) => ({ at: act.at, run: () => reviewer.act(act, editors[0]!.values) })),
        ...faults.map((fault) => ({ at: fault.at, run: () => this.#fail(fault) })),
      ].sort((a, b) => a.at - b.at)
      await within(
        () => editors.every(({ loaded }) => loaded),
        () => 'not everybody could join',
      )
      const start = performance.now()
      for (const { at, run } of timeline) {
        await until(() => performance.now() - start >= at)
        run()
      }
      await until(() => performance.now() - start >= ms)
      await this.#heal()
      for (const editor of editors) editor.return()
      await reviewer.settled(SETTLE_MS)
      await this.#settle(editors)
      const values = await this.#compare(editors, reviewer)
      const { entries } = this.#ledger
      const stored = entries.filter((entry) => entry.stored).length
      return `${entries.length} edits (${stored} stored, ${values.size} keys), ${reviewer.decided.length} decisions`
    } finally {
      for (const editor of editors) editor.end()
    }
  }

  #desk(): Desk {
    return {
      article: this.#article,
      ledger: this.#ledger,
      alone: this.#plan.servers === 1,
      dial: () => this.#dial(),
      epoch: () => this.#epoch(),
      refusesValues: () => this.#refuses,
    }
  }

  #dial() {
    const line = this.#chance.pick(this.#site.lines)
    return { port: line.port, server: line.target }
  }

  async #epoch(): Promise<number | null> {
    const { port, server } = this.#dial()
    const headers = { cookie: this.#base.ground.people[0]!.cookie(server) }
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/articles/${this.#article.id}`, { headers })
      const article = (await response.json()) as { layer?: { epoch: number } }
      return article.layer?.epoch ?? null
    } catch {
      return null
    }
  }

  // --- what fails

  #fail(fault: Fault): void {
    const failing: Promise<void> = this.#act(fault)
      // the database may be away at that moment: then it cannot be told to fail in another way
      .catch((error: unknown) => {
        if (!isAway(error)) this.#ledger.note(`${fault.kind}: ${String(error)}`)
      })
      .finally(() => this.#failing.delete(failing))
    this.#failing.add(failing)
  }

  async #act(fault: Fault): Promise<void> {
    const { servers, lines } = this.#site
    const url = this.#base.postgres?.url ?? ''
    switch (fault.kind) {
      case 'kill-server':
        return this.#killServers([fault.server], fault.ms)
      case 'kill-all':
        return this.#killServers(
          servers.map((_, i) => i),
          fault.ms,
        )
      case 'kill-postgres':
        return this.#killPostgres(fault.ms)
      case 'kill-redis':
        await this.#redis!.kill()
        await rest(fault.ms)
        return this.#redis!.start()
      case 'freeze-server':
        servers[fault.server]!.freeze()
        await rest(fault.ms)
        return servers[fault.server]!.thaw()
      case 'cut':
        for (const line of lines) line.cut(fault.how, () => this.#chance.hits(fault.share))
        return
      case 'delay':
        for (const line of lines) line.delay = fault.by
        await rest(fault.ms)
        for (const line of lines) line.delay = 0
        return
      case 'strike':
        return this.#strike(url, fault)
      case 'restore':
        return this.#restore(fault.ms)
      case 'end-sessions':
        return void (await endSessions(url))
      case 'read-only':
        await readOnly(url, true)
        await rest(fault.ms)
        return this.#insist(() => readOnly(url, false))
      case 'hold-head':
        return holdHead(url, this.#article.layer, fault.ms)
    }
  }

  async #strike(url: string, fault: Fault & { kind: 'strike' }): Promise<void> {
    // who is refused by it may hear so a moment after it is over
    this.#refuses ||= ofValues.test(fault.code)
    await strike(url, fault)
    await rest(fault.ms)
    await this.#insist(() => endStrike(url, fault))
  }

  /** Takes a fault back, again if another has taken the database away: no server could start against it. */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    for (let tries = 1; ; tries++) {
      await this.#down
      try {
        await act()
        return
      } catch (error) {
        if (!isAway(error) || tries === LOOKS) throw error
        await rest(50)
      }
    }
  }

  /** Kills servers; if none is left to take anything again, what they called stored must be there. */
  #killServers(which: readonly number[], ms: number): Promise<void> {
    // one after the other: who looks into an embedded database must be alone with it
    this.#killing = this.#killing.catch(() => undefined).then(() => this.#killNow(which, ms))
    return this.#killing
  }

  async #killNow(which: readonly number[], ms: number): Promise<void> {
    const { servers, lines } = this.#site
    const killed = which.map((i) => servers[i]!).filter((server) => server.runs)
    const shut = lines.filter(({ target }) => killed.some(({ port }) => port === target))
    await Promise.all(killed.map((server) => server.kill()))
    for (const line of shut) line.shut()
    // what was on its way to the clients arrives first
    await rest(30)
    if (!servers.some((server) => server.runs)) await this.#checkLogged('the servers were killed')
    await rest(ms)
    for (const line of shut) line.open()
    await this.#startServers()
  }

  /** Takes a backup of the stopped site, lets everybody work on, and puts it back. */
  async #restore(ms: number): Promise<void> {
    let stored = new Map<number, number>()
    let putBack = () => Promise.resolve()
    await this.#whileStopped(async () => {
      await this.#checkLogged('the servers were stopped')
      stored = new Map(this.#ledger.stored)
      putBack = await this.#alone(() => this.#base.backup())
    })
    await rest(ms)
    await this.#whileStopped(async () => {
      await this.#alone(putBack)
      await this.#look(async (db) => {
        const clocks = await loggedClocks(db, this.#article.layer)
        const short = shortOf(stored, clocks)
        if (short) this.#ledger.note(`after a backup was put back: ${short}`)
        this.#ledger.putBack(clocks)
        const rows = await db.selectFrom('decision').selectAll().where('layer', '=', this.#article.layer).execute()
        this.#reviewer?.keepOnly((one) =>
          rows.some((row) => (Object.keys(one) as (keyof Decided)[]).every((name) => row[name] === one[name])),
        )
      })
    })
  }

  /** Does something while no server runs and nothing arrives. */
  #whileStopped(act: () => Promise<void>): Promise<void> {
    this.#killing = this.#killing
      .catch(() => undefined)
      .then(async () => {
        const { servers, lines } = this.#site
        await Promise.all(servers.map((server) => server.stop()))
        for (const line of lines) line.shut()
        // what was on its way to the clients arrives first
        await rest(30)
        await act()
        for (const line of lines) line.open()
        await this.#startServers()
      })
    return this.#killing
  }

  /** Does something to the whole database while nobody looks into it. */
  async #alone<T>(act: () => Promise<T>): Promise<T> {
    while (this.#down) await this.#down
    let end = () => undefined as void
    this.#down = new Promise<void>((resolve) => (end = resolve))
    try {
      return await act()
    } finally {
      this.#down = null
      end()
    }
  }

  async #killPostgres(ms: number): Promise<void> {
    if (this.#down) return
    const { lines } = this.#site
    const killing = async () => {
      await this.#base.postgres!.kill()
      for (const line of lines) line.shut()
      await rest(ms)
      await this.#base.postgres!.start()
    }
    this.#down = killing()
    await this.#down
    this.#down = null
    await this.#checkLogged('Postgres was killed')
    for (const line of lines) line.open()
  }

  async #checkLogged(when: string): Promise<void> {
    await this.#down
    const stored = new Map(this.#ledger.stored)
    const short = await this.#look((db) => checkLogged(db, this.#article.layer, stored))
    if (short) this.#ledger.note(`after ${when}: ${short}`)
  }

  /** Looks into the database, again if what fails at the moment has struck this too. */
  async #look<T>(act: (db: Db) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      await this.#down
      try {
        return await this.#base.look(act)
      } catch (error) {
        if (error instanceof Broken || tries === LOOKS) throw error
        await rest(50)
      }
    }
  }

  /** As a supervisor does: a server that cannot reach its database at the start is started again. */
  async #startServers(): Promise<void> {
    await Promise.all(this.#site.servers.map((server) => this.#startServer(server)))
  }

  async #startServer(server: ServerProcess): Promise<void> {
    for (let tries = 1; ; tries++) {
      await this.#down
      try {
        return await server.start()
      } catch (error) {
        if (tries === STARTS) throw error
        await rest(100)
      }
    }
  }

  // --- what is healed

  async #heal(): Promise<void> {
    while (this.#failing.size > 0) await Promise.all(this.#failing)
    const { servers, lines } = this.#site
    if (this.#base.postgres) await healDatabase(this.#base.postgres.url)
    for (const line of lines) {
      line.delay = 0
      line.open()
    }
    await Promise.all(lines.map((line) => line.idle()))
    for (const server of servers) {
      server.thaw()
      if (server.fell) throw new Broken('a server ended by itself, see its log')
    }
    await this.#startServers()
  }

  async #settle(editors: readonly Editor[]): Promise<void> {
    const waiting = () => editors.filter(({ settled }) => !settled)
    await within(
      () => waiting().length === 0,
      () =>
        `not settled: ${waiting()
          .map(({ state }) => state)
          .join(', ')}`,
    )
  }

  // --- what is compared

  async #compare(editors: readonly Editor[], reviewer: Reviewer): Promise<ReadonlyMap<string, unknown>> {
    const { people } = this.#base.ground
    const [fault] = this.#ledger.wrong
    if (fault) throw new Broken(fault)
    const epoch = await this.#epoch()
    const newcomer = new Editor(this.#desk(), people[1]!, epoch ?? 1)
    try {
      await this.#settle([newcomer])
      const all = [...editors, newcomer]
      await this.#alike(all)
      // the embedded database opens for one at a time
      if (!this.#base.postgres) await this.#site.servers[0]!.stop()
      return await this.#look((db) => this.#check(db, all, reviewer))
    } finally {
      newcomer.end()
    }
  }

  /** What one wrote last may still be on its way to the others. */
  async #alike(editors: readonly Editor[]): Promise<void> {
    const [first, ...others] = editors
    const end = ownTime() + SETTLE_MS / 2
    for (;;) {
      try {
        for (const other of others) sameValues('what another editor shows', other.values, first!.values)
        return
      } catch (error) {
        if (ownTime() > end) throw error
        await rest(20)
      }
    }
  }

  async #check(db: Db, editors: readonly Editor[], reviewer: Reviewer): Promise<ReadonlyMap<string, unknown>> {
    const values = await checkStored(db, this.#article, this.#ledger)
    for (const editor of editors) sameValues('what an editor shows', editor.values, values)
    await checkReview(db, this.#article, reviewer.decided)
    await checkFacts(db)
    const [fault] = this.#ledger.wrong
    if (fault) throw new Broken(fault)
    return values
  }

  // --- servers

  async #openSite(): Promise<Site> {
    const shared = this.#plan.servers > 1 ? { REDIS_URL: this.#redis!.url } : { REDIS_URL: '' }
    const env = this.#launcher.environment({ NODE_ENV: 'production', LOG: 'text', ...this.#base.env, ...shared })
    const servers: ServerProcess[] = []
    for (let i = 0; i < this.#plan.servers; i++) {
      const port = await this.#launcher.steadyPort()
      const args = ['--port', `${port}`, '--no-demo', ...this.#base.args]
      const server = new ServerProcess(
        this.#launcher.serverCommand(args),
        port,
        env,
        join(this.#logs, `server-${i}.log`),
      )
      servers.push(server)
    }
    this.#launcher.atEnd(() => Promise.all(servers.map((server) => server.kill())))
    const lines = await Promise.all(servers.map(({ port }) => Line.open(port)))
    this.#site = { servers, lines }
    await this.#startServers()
    return this.#site
  }

  async #closeSite(): Promise<void> {
    while (this.#failing.size > 0) await Promise.all(this.#failing)
    const { servers, lines } = this.#site ?? { servers: [], lines: [] }
    await Promise.all(lines.map((line) => line.close()))
    for (const server of servers) server.thaw()
    await Promise.all(servers.map((server) => server.kill()))
    if (this.#base.postgres) await healDatabase(this.#base.postgres.url)
  }

  #keepLogs({ message }: Error): void {
    const kept = join(this.#launcher.reports, `seed-${this.#plan.seed}`)
    mkdirSync(kept, { recursive: true })
    cpSync(this.#logs, kept, { recursive: true })
    writeFileSync(join(kept, 'edits.json'), this.#ledger.entries.map((entry) => JSON.stringify(entry)).join('\n'))
    console.error(`seed ${this.#plan.seed}: ${message}\n  the servers' logs: ${kept}`)
    const { base, servers, faults } = this.#plan
    console.error(
      `  on ${base}, ${servers} server(s):\n${faults.map((fault) => `    ${JSON.stringify(fault)}`).join('\n')}`,
    )
  }
}

const rest = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Waits for what must come when nothing fails. */
async function within(is: () => boolean, otherwise: () => string): Promise<void> {
  for (const end = ownTime() + SETTLE_MS; !is();) {
    if (ownTime() > end) throw new Broken(otherwise())
    await rest(10)
  }
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await rest(4)
}

/** The database is down, or this very session of it was ended. */
function isAway(error: unknown): boolean {
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
  return (
    /^(ECONN|57P|EPIPE|3D000|55006)/.test(String(code)) ||
    /Connection terminated|the database system|connection error/.test(String(message)) ||
    (cause instanceof Error && isAway(cause))
  )
}
