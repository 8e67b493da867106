import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { openRateLimits } from '../rate-limits.ts'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  decodeMessage,
  encodeMessage,
  LayerDoc,
  Pending,
  ROOT,
  type FactMessage,
  type Here,
  type Message,
} from '@tamga/collab'
import { sql } from 'kysely'
import { LabelSet, sha256Hex, Settings, type Content, type Role } from '@tamga/model'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { openSessions } from '../auth/sessions.ts'
import { insertAccount } from '../auth/store.ts'
import { alone } from '../bus.ts'
import { json } from '../db/json.ts'
import { openTestDatabase } from '../db/test-db.ts'
import { FactNotifier } from '../facts.ts'
import { silent } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { originsOf } from '../origins.ts'
import { ownTime } from '../test-clock.ts'
import { newId, type Services } from '../services.ts'
import { openLive, type Live } from './open.ts'

export const TEXT = 'Ақтөбеде Қазақстан халқы Ассамблеясының форумы өтті. 👩🏽‍🚀 Форумға жүз адам қатысты.'

const colour = { hue: 1, light: 0.5, dark: 0.75 }
export const labels = LabelSet.parse({
  labels: ['loc', 'org', 'ppl'].map((id) => ({ id, code: id.toUpperCase(), name: {}, colour, group: id === 'ppl' })),
  attributes: [{ id: 'note', code: 'NOTE', name: {}, type: 'text', labels: ['loc'] }],
  relations: [{ id: 'in', code: 'IN', name: {} }],
})

/** `Ақтөбеде` by default: code units. */
export const span = (start = 0, end = 8, label = 'loc'): Content => ({
  kind: 'span',
  ranges: [[start, end]],
  label,
  attributes: [],
})

export interface Person {
  readonly id: string
  readonly name: string
  readonly cookie: string
}

/** A live server over a fresh database, with one project, one article and one open layer. */
export async function openTestRoom() {
  const database = await openTestDatabase()
  const { db } = database
  const project = newId()
  const http = createServer()
  const sockets = new Set<Duplex>()
  http.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const sessions = openSessions(db, { secure: false, port, demo: true })
  const bus = alone()
  const services = {
    db,
    kind: database.kind,
    disk: database.disk,
    origins: originsOf(null, port),
    bus,
    limits: openRateLimits(),
    notifier: new FactNotifier(bus),
    metrics: new Metrics(),
    log: silent,
    demo: false,
    here: () => ({}),
    now: () => new Date(),
  } as unknown as Services
  let live = openLive(services, sessions)
  const others: Live[] = []
  http.on('upgrade', (request, stream, head) => live.upgrade(request, stream, head))

  await db
    .insertInto('project')
    .values({ id: project, name: 'Test', settings: json(Settings.parse({})) })
    .execute()
  await db
    .insertInto('label_set')
    .values({ project, no: 1, content: json(labels) })
    .execute()

  return {
    database,
    db,
    services,
    project,
    url: `ws://127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    get live() {
      return live
    },
    /** Makes an article and answers its shared layer. */
    async layer(): Promise<string> {
      const [article, revision, layer] = [newId(), newId(), newId()]
      await db.insertInto('article').values({ id: article, project, title: 'T', meta: '{}' }).execute()
      await db
        .insertInto('revision')
        .values({
          ...{ id: revision, article, no: 1, sha256: sha256Hex(TEXT), code_points: [...TEXT].length },
          segmenter: 1,
        })
        .execute()
      await db.insertInto('revision_chunk').values({ revision, no: 0, body: TEXT }).execute()
      await db.insertInto('layer').values({ id: layer, revision }).execute()
      await db.insertInto('layer_head').values({ layer }).execute()
      return layer
    },
    /** Makes an account with a session; a member of the project if it is given a role. */
    async person(name: string, role: Role | null = 'annotator'): Promise<Person> {
      const id = newId()
      await insertAccount(db, { id, name })
      if (role) await db.insertInto('member').values({ project, account: id, role, pseudonym: id }).execute()
      const cookie = (await sessions.create(id)).split(';', 1)[0]!
      return { id, name, cookie }
    },
    /** As a crash does: every socket breaks, nothing is flushed, a new server stands in the old one's place. */
    crash(): void {
      this.another()
      for (const socket of sockets) socket.destroy()
    },
    /** A second server over the same database: who comes from now on comes to it. */
    another(): void {
      others.push(live)
      live = openLive(services, sessions)
    },
    async close() {
      for (const one of [...others, live]) await one.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => http.close(resolve))
      await database.close()
    },
  }
}

export type TestRoom = Awaited<ReturnType<typeof openTestRoom>>

/** What a dump of the database has of a layer, and of how far its project's facts have come. */
const dumped = ['layer_head', 'layer_log', 'layer_snapshot', 'layer_client', 'annotation', 'change'] as const

/** Takes a backup of a layer. Answers what puts it back, under whatever runs. */
export async function backupOf({ db, project }: TestRoom, layer: string): Promise<() => Promise<void>> {
  const name = newId().replaceAll(/\W/g, 'x').toLowerCase()
  const kept = (table: string) => sql.table(`kept_${name}_${table}`)
  const scope = `project/${project}`
  for (const table of dumped)
    await sql`create table ${kept(table)} as select * from ${sql.table(table)} where layer = ${sql.lit(layer)}`.execute(
      db,
    )
  const { n } = (await db.selectFrom('clock').select('n').where('scope', '=', scope).executeTakeFirst()) ?? { n: 0 }
  return () =>
    db.transaction().execute(async (trx) => {
      // the head first, as everybody who writes here
      await trx.selectFrom('layer_head').select('layer').where('layer', '=', layer).forUpdate().execute()
      for (const table of dumped.toReversed())
        await sql`delete from ${sql.table(table)} where layer = ${layer}`.execute(trx)
      for (const table of dumped) await sql`insert into ${sql.table(table)} select * from ${kept(table)}`.execute(trx)
      await trx.deleteFrom('fact').where('scope', '=', scope).where('n', '>', n).execute()
      await trx.updateTable('clock').set({ n }).where('scope', '=', scope).execute()
    })
}

/**
 * One browser tab on a layer: the unmodified y-websocket client, with what our own client adds to it. With `client` among the
 * parameters it announces its id in the address, as our own does.
 */
export class Tab {
  readonly doc = new Y.Doc()
  readonly layer = new LayerDoc(this.doc, () => ({ text: TEXT, labels }))
  readonly pending = new Pending(this.layer)
  readonly heard: Message[] = []
  readonly closes: number[] = []
  readonly provider: WebsocketProvider

  constructor(room: TestRoom, layer: string, person: Person, params: Record<string, string> = {}) {
    const { pending, heard, closes } = this
    class CookieSocket extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { cookie: person.cookie, origin: room.origin } })
        pending.connected()
        this.on('message', (data: Buffer) => {
          // what comes after its provider has given it up is of no connection
          if (!this.onmessage) return
          const message = decodeMessage(new Uint8Array(data))!
          heard.push(message)
          if (message.type === 'ack') pending.acknowledged(message.count)
          if (message.type === 'step1') pending.durable(message.vector)
        })
        this.on('close', (code: number) => closes.push(code))
      }
      override send(data: never): void {
        const message = decodeMessage(new Uint8Array(data))
        if (message?.type === 'step2' || message?.type === 'update') pending.sent()
        super.send(data)
      }
    }
    this.provider = new WebsocketProvider(`${room.url}/live`, layer, this.doc, {
      params: { ack: '1', ...params, ...(params.client && { client: `${this.doc.clientID}` }) },
      WebSocketPolyfill: CookieSocket as never,
      disableBc: true,
    })
    // y-websocket has no handlers for our own messages; what they say is read above
    for (const number of [120, 121, 122, 123, 124]) this.provider.messageHandlers[number] = () => undefined
  }

  get values(): Record<string, unknown> {
    return Object.fromEntries(this.doc.getMap(ROOT).entries())
  }

  get refusals() {
    return this.heard.flatMap((message) => (message.type === 'refusal' ? [message.refusal] : []))
  }

  get facts(): FactMessage[] {
    return this.heard.flatMap((message) => (message.type === 'fact' ? [message.fact] : []))
  }

  /** Until it has what the server has. */
  joined = () => until(() => this.provider.synced)
  /** Until everything it wrote is acknowledged. */
  saved = () => until(() => this.pending.count === 0)
  closed = (code: number) => until(() => this.closes.includes(code))

  end(): void {
    this.provider.destroy()
    this.doc.destroy()
  }
}

/** A socket that speaks the protocol by hand, to say what no honest client says. */
export class Stranger {
  readonly socket: WebSocket
  readonly heard: Message[] = []
  readonly client: number
  code: number | null = null
  status: number | null = null

  constructor(
    room: TestRoom,
    path: string,
    { cookie, origin = room.origin, host }: { cookie?: string; origin?: string; host?: string },
    /** The client ids that it announces in its address; null for a plain client, which names none there. */
    clients: readonly number[] | null = [],
  ) {
    this.client = clients?.[0] ?? randomInt(2 ** 31, 2 ** 32)
    const named = clients && path.startsWith('/live/') ? `client=${[this.client, ...clients.slice(1)].join()}` : ''
    const address = named ? `${path}${path.includes('?') ? '&' : '?'}${named}` : path

    const headers = { ...(cookie && { cookie }), origin, ...(host && { host }) }
    this.socket = new WebSocket(`${room.url}${address}`, { headers })
    this.socket.on('message', (data: Buffer) => this.heard.push(decodeMessage(new Uint8Array(data))!))
    this.socket.on('close', (code: number) => (this.code = code))
    this.socket.on('unexpected-response', (_request, response) => (this.status = response.statusCode ?? null))
    this.socket.on('error', () => undefined)
  }

  opened = () => until(() => this.heard.some(({ type }) => type === 'step1'))
  say = (message: Message) => this.socket.send(encodeMessage(message))
  closed = () => until(() => this.code)
  get here(): Here[] {
    return this.heard.flatMap((message) => (message.type === 'here' ? [message.here] : []))
  }
  end = () => this.socket.terminate()
}

/** Waits until something is so, and answers it. Fails after a while in which the machine had time for it. */
export async function until<T>(is: () => T | Promise<T>, ms = 30_000): Promise<NonNullable<T>> {
  const end = ownTime() + ms
  for (;;) {
    const value = await is()
    if (value) return value
    if (ownTime() > end) throw new Error(`not within ${ms} ms: ${is.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
