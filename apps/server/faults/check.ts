import { LayerDoc, readKey, ROOT, type Field } from '@tamga/collab'
import { digestOf, isUndecided, stateOf, type Annotation, type State } from '@tamga/model'
import * as Y from 'yjs'
import type { Db } from '../src/db/open.ts'
import { baseOf } from '../src/live/epoch.ts'
import { labels, TEXT, type Article } from './ground.ts'
import { Broken, shortOf, type Entry, type Ledger } from './ledger.ts'
import type { Decided } from './reviewer.ts'

const isServers = (client: number) => client < 1024 || client >= 2 ** 32
/** The server writes again, or puts right, under odd ids. */
const isCorrection = (client: number) => isServers(client) && client % 2 === 1
const text = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

function same(what: string, stored: unknown, expected: unknown): void {
  if (text(stored) !== text(expected)) throw new Broken(`${what} is ${text(stored)}, and should be ${text(expected)}`)
}

/** Up to which clock of each client the log holds everything. */
export async function loggedClocks(db: Db, layer: string): Promise<Map<number, number>> {
  const clocks = new Map<number, number>()
  for (const { data } of await db.selectFrom('layer_log').select('data').where('layer', '=', layer).execute())
    for (const [client, to] of Y.parseUpdateMeta(data).to) clocks.set(client, Math.max(to, clocks.get(client) ?? 0))
  return clocks
}

/** Everything that was called stored must be in the log: asked while nobody can send it again. */
export async function checkLogged(db: Db, layer: string, stored: ReadonlyMap<number, number>): Promise<string | null> {
  return shortOf(stored, await loggedClocks(db, layer))
}

/**
 * Reads all that the database holds of a layer and holds it against what was written: the log is replayed row by row, and
 * what it makes must be the annotations, the changes, the values that were set aside, the counts and the gold that are
 * there. Answers the values by key. Throws Broken with the first disagreement.
 */
export async function checkStored(db: Db, article: Article, ledger: Ledger): Promise<Map<string, unknown>> {
  const { layer } = article
  const replay = new Replay(ledger)
  const log = await db.selectFrom('layer_log').selectAll().where('layer', '=', layer).orderBy('seq').execute()
  for (const row of log) {
    if (row.epoch > replay.epoch) replay.begin(row.epoch, baseClientOf(log.filter(({ epoch }) => epoch === row.epoch)))
    replay.take(row)
  }
  const head = await db.selectFrom('layer_head').selectAll().where('layer', '=', layer).executeTakeFirstOrThrow()
  same('the head', head.seq, log.length)
  if (head.epoch > replay.epoch) replay.begin(head.epoch, ANY_BASE)
  checkEntries(ledger, replay)
  checkNotices(replay.refused)
  await checkChanges(db, layer, replay)
  await checkAnnotations(db, layer, replay)
  await checkAsides(db, layer, replay)
  await checkSnapshot(db, layer, replay, log)
  await checkClients(db, layer, ledger)
  return replay.values
}

/** Where nothing was written on a base, nothing refers to its id. */
const ANY_BASE = 2 ** 32

/** Who began an epoch's document: the server's id that its rows build on and that wrote none of them. */
function baseClientOf(rows: readonly Row[]): number {
  const [authors, named] = [new Set<number>(), new Set<number>()]
  for (const { data } of rows) {
    const { structs, ds } = Y.decodeUpdate(data)
    for (const struct of structs) {
      authors.add(struct.id.client)
      if (struct instanceof Y.Item && struct.origin) named.add(struct.origin.client)
    }
    for (const client of ds.clients.keys()) named.add(client)
  }
  return [...named].find((client) => isServers(client) && !authors.has(client)) ?? ANY_BASE
}

interface Row {
  readonly seq: number
  readonly epoch: number
  readonly account: string
  readonly data: Uint8Array
}

interface Changed {
  readonly seq: number
  readonly annotation: string
  readonly key: string
  readonly before: unknown
  readonly after: unknown
  readonly account: string
}

interface Expected {
  creator: string
  editor: string
  version: number
}

/** What a layer's log makes, by a way of its own: no code that writes it takes part. */
class Replay {
  readonly #ledger: Ledger
  readonly #byClient = new Map<number, Entry[]>()
  #doc = new Y.Doc()
  #layer: LayerDoc
  values = new Map<string, unknown>()
  epoch = 1
  seq = 0
  readonly changes: Changed[] = []
  readonly people = new Map<string, Expected>()
  readonly clocks = new Map<number, number>()
  /** What was taken away from its writer. */
  readonly refused: Entry[] = []

  constructor(ledger: Ledger) {
    this.#ledger = ledger
    this.#layer = new LayerDoc(this.#doc, () => ({ text: TEXT, labels }))
    for (const entry of ledger.entries) {
      const known = this.#byClient.get(entry.client)
      if (known) known.push(entry)
      else this.#byClient.set(entry.client, [entry])
    }
  }

  get annotations(): Annotation[] {
    return this.#layer.ids().map((id) => {
      const annotation = this.#layer.read(id)
      if (!annotation) throw new Broken(`${id} does not parse`)
      return annotation
    })
  }

  /** A new document begins with what the annotations say. */
  begin(epoch: number, base: number): void {
    const rows = this.annotations
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, content, via, unsure, gone }) => ({ id, content, via, unsure, gone_at: gone ? new Date() : null }))
    this.#doc = new Y.Doc()
    Y.applyUpdate(this.#doc, baseOf(epoch, rows, base))
    this.#layer = new LayerDoc(this.#doc, () => ({ text: TEXT, labels }))
    this.values = new Map(this.#map.entries())
    this.epoch = epoch
  }

  take(row: Row): void {
    same('the next number of the log', row.seq, this.seq + 1)
    this.seq = row.seq
    if (row.epoch < this.epoch) throw new Broken(`log row ${row.seq} goes back to epoch ${row.epoch}`)
    const before = new Map(this.#clocks())
    const keys = this.#apply(row)
    const after = this.#clocks()
    for (const [client, clock] of after) {
      this.clocks.set(client, Math.max(clock, this.clocks.get(client) ?? 0))
      if (clock > (before.get(client) ?? 0)) this.#checkAuthor(row, client)
    }
    this.#note(row, keys)
    for (const [client, to] of after) if (!isServers(client)) this.#judge(row, client, before, to)
  }

  get #map(): Y.Map<unknown> {
    return this.#doc.getMap(ROOT)
  }

  #clocks = (): Map<number, number> => Y.decodeStateVector(Y.encodeStateVector(this.#doc))

  #apply({ seq, data }: Row): string[] {
    const keys = new Set<string>()
    const note = (event: Y.YMapEvent<unknown>) => event.keysChanged.forEach((key) => keys.add(key as string))
    this.#map.observe(note)
    Y.applyUpdate(this.#doc, data)
    this.#map.unobserve(note)
    if (this.#doc.store.pendingStructs) throw new Broken(`log row ${seq} lacks what it follows`)
    return [...keys]
  }

  #checkAuthor({ seq, account }: Row, client: number): void {
    if (isServers(client)) return
    const author = this.#ledger.accounts.get(client)
    if (author === undefined) throw new Broken(`log row ${seq} has client ${client}, which nobody used`)
    same(`the account of log row ${seq}, which client ${client} wrote,`, account, author)
  }

  #note({ seq, account }: Row, keys: readonly string[]): void {
    const touched = new Set<string>()
    for (const key of keys) {
      const [before, after] = [this.values.get(key), this.#map.get(key)]
      if (text(before) === text(after)) continue
      if (after === undefined) throw new Broken(`log row ${seq} takes ${key} away`)
      this.values.set(key, after)
      const { id, field } = readKey(key)!
      touched.add(id)
      this.changes.push({ seq, annotation: id, key: field ?? '', before, after, account })
      this.#credit(id, field, account)
    }
    for (const id of touched) this.people.get(id)!.version++
  }

  #credit(id: string, field: Field | null, account: string): void {
    if (field === null) this.people.set(id, { creator: account, editor: account, version: 0 })
    const known = this.people.get(id)
    if (!known) throw new Broken(`${id}/${field} was written before ${id}`)
    if (field !== null && field !== 'gone' && field !== 'unsure') known.editor = account
  }

  /** What a row made of the edits that it brought: each stands, was overwritten, or is set aside for its writer. */
  #judge(row: Row, client: number, before: ReadonlyMap<number, number>, to: number): void {
    const from = before.get(client) ?? 0
    const entries = (this.#byClient.get(client) ?? []).filter(({ clock }) => clock > from && clock <= to)
    if (entries.length < to - from) throw new Broken(`client ${client} wrote less than log row ${row.seq} says`)
    const last = new Map(entries.map((entry) => [entry.key, entry]))
    for (const [key, entry] of last) {
      const item = this.#map._map.get(key)!
      // Yjs joins what was deleted one after the other
      const isOwn = item.id.client === client && item.lastId.clock === entry.clock - 1
      if (isOwn && !item.deleted) {
        same(`${key} as log row ${row.seq} brought it`, this.#map.get(key), entry.value)
        if (entry.doomed) throw new Broken(`${key} = ${text(entry.value)} may not stand, and does`)
        continue
      }
      // somebody else's accepted write may win; a correction does not, nor what was refused: it would be written again
      const lostToRefused = item.deleted || isCorrection(item.id.client)
      if (isOwn || (lostToRefused && text(this.#map.get(key)) !== text(entry.value))) this.refused.push(entry)
    }
  }
}

function checkEntries(ledger: Ledger, { clocks }: Replay): void {
  for (const { key, client, clock, stored, passedOn, undone, value } of ledger.entries) {
    const there = (clocks.get(client) ?? 0) >= clock
    const edit = `${key} = ${text(value)} (client ${client}, clock ${clock})`
    if (undone && there) throw new Broken(`${edit} was stored after the backup, and came back`)
    if (stored && !undone && !there) throw new Broken(`${edit} was called stored (${stored}), and is not in the log`)
    if (!stored && !passedOn)
      throw new Broken(`${edit} is neither stored nor pending: ${there ? 'it is' : 'not'} in the log`)
  }
}

async function checkChanges(db: Db, layer: string, { changes }: Replay): Promise<void> {
  const rows = await db
    .selectFrom('change')
    .selectAll()
    .where('layer', '=', layer)
    .orderBy('seq')
    .orderBy('n')
    .execute()
  const expected = new Map<string, Changed>(changes.map((one) => [`${one.seq} ${one.annotation}/${one.key}`, one]))
  let [seq, n] = [-1, -1]
  for (const row of rows) {
    n = row.seq === seq ? n + 1 : 0
    seq = row.seq
    same(`the next change of log row ${seq}`, row.n, n)
    const name = `${seq} ${row.annotation}/${row.key}`
    const one = expected.get(name)
    if (!one) throw new Broken(`change ${name} (to ${text(row.after)}) is not what the log says, or is there twice`)
    expected.delete(name)
    same(`before of change ${name}`, row.before, one.before === undefined ? null : [one.before])
    same(`after of change ${name}`, row.after, [one.after])
    same(`the account of change ${name}`, row.account, one.account)
  }
  const [missing] = expected.keys()
  if (missing !== undefined) throw new Broken(`change ${missing} is missing`)
}

async function checkAnnotations(db: Db, layer: string, replay: Replay): Promise<void> {
  const rows = await db.selectFrom('annotation').selectAll().where('layer', '=', layer).execute()
  const stored = new Map(rows.map((row) => [row.id, row]))
  for (const { id, content, unsure, gone } of replay.annotations) {
    const row = stored.get(id)
    const people = replay.people.get(id)!
    if (!row) throw new Broken(`annotation ${id} has no row`)
    stored.delete(id)
    same(`the content of ${id}`, sorted(row.content), sorted(content))
    same(`the digest of ${id}`, row.digest, digestOf(content, TEXT))
    same(`"gone" of ${id}`, row.gone_at !== null, gone)
    same(`"unsure" of ${id}`, row.unsure, unsure)
    same(`the creator of ${id}`, row.creator, people.creator)
    same(`the last editor of ${id}`, row.last_editor, people.editor)
    same(`the version of ${id}`, row.version, people.version)
  }
  const [extra] = stored.keys()
  if (extra !== undefined) throw new Broken(`annotation ${extra} has a row, and is not in the document`)
}

// jsonb has an order of its own
const sorted = (content: object): unknown =>
  Object.fromEntries(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)))

async function checkAsides(db: Db, layer: string, { refused }: Replay): Promise<void> {
  const rows = await db.selectFrom('set_aside').select(['account', 'key', 'value']).where('layer', '=', layer).execute()
  const line = (account: string, key: string, value: unknown) => `${key} = ${text(value)} of ${account}`
  const stored = rows.map(({ account, key, value }) => line(account, key, (value as unknown[] | null)?.[0])).sort()
  const expected = refused.map(({ account, key, value }) => line(account, key, value)).sort()
  for (const [i, one] of expected.entries())
    if (one !== stored[i]) throw new Broken(`set aside should be ${one}, and is ${stored[i] ?? 'nothing'}`)
  if (stored.length > expected.length) throw new Broken(`set aside is ${stored.at(-1)!}, and nothing was refused`)
}

/** The snapshot and the log after it make the same document: what a server loads. */
async function checkSnapshot(db: Db, layer: string, replay: Replay, log: readonly Row[]): Promise<void> {
  const snapshot = await db.selectFrom('layer_snapshot').selectAll().where('layer', '=', layer).executeTakeFirst()
  if (!snapshot || snapshot.epoch !== replay.epoch) return
  const doc = new Y.Doc()
  Y.applyUpdate(doc, snapshot.state)
  for (const { seq, data } of log) if (seq > snapshot.seq) Y.applyUpdate(doc, data)
  sameValues(
    `what the snapshot at ${snapshot.seq} and the log after it make`,
    new Map(doc.getMap(ROOT).entries()),
    replay.values,
  )
}

async function checkClients(db: Db, layer: string, ledger: Ledger): Promise<void> {
  const rows = await db.selectFrom('layer_client').select(['client', 'account']).where('layer', '=', layer).execute()
  for (const { client, account } of rows) {
    const owner = ledger.accounts.get(client)
    if (owner !== undefined) same(`the owner of client ${client}`, account, owner)
  }
}

/** Throws Broken with the first key that differs. */
export function sameValues(
  what: string,
  has: ReadonlyMap<string, unknown>,
  expected: ReadonlyMap<string, unknown>,
): void {
  for (const [key, value] of expected) same(`${key} in ${what}`, has.get(key), value)
  for (const key of has.keys()) if (!expected.has(key)) throw new Broken(`${key} in ${what} is not in the database`)
}

/** Who was refused something on a living connection was told so before it was acknowledged. */
function checkNotices(refused: readonly Entry[]): void {
  for (const { key, stored, noticed } of refused)
    if (stored === 'acknowledged' && !noticed)
      throw new Broken(`${key} was refused and acknowledged, and its writer was not told`)
}

/** Decisions, gold and counts as what is stored says. */
export async function checkReview(db: Db, { id, layer }: Article, decided: readonly Decided[]): Promise<void> {
  const decisions = await db.selectFrom('decision').selectAll().where('layer', '=', layer).orderBy('n').execute()
  for (const one of decided)
    if (!decisions.some((row) => (Object.keys(one) as (keyof Decided)[]).every((name) => row[name] === one[name])))
      throw new Broken(`a decision was accepted and is not there: ${text(one)}`)
  const annotations = await db.selectFrom('annotation').selectAll().where('layer', '=', layer).orderBy('id').execute()
  const states = new Map<string, State>()
  const gold = new Map<string, string>()
  for (const { id: annotation, digest, gone_at } of annotations) {
    const rulings = decisions
      .filter((row) => row.annotation === annotation)
      .map(({ account, verdict, digest: on, n }) => ({ account, verdict, digest: on, order: n, own: false }))
    const state = stateOf({ digest, gone: gone_at !== null, rulings, quorum: 1, ownApproval: true })
    states.set(annotation, state)
    if (state === 'approved' && ![...gold.values()].includes(digest)) gold.set(annotation, digest)
  }
  const all = [...states.values()]
  const counts = await db.selectFrom('article_stats').selectAll().where('article', '=', id).executeTakeFirst()
  same('the count of what is annotated', counts?.annotated ?? 0, all.filter((state) => state !== 'gone').length)
  same('the count of what waits', counts?.waiting ?? 0, all.filter(isUndecided).length)
  same('the count of what is approved', counts?.approved ?? 0, all.filter((state) => state === 'approved').length)
  const standing = await db
    .selectFrom('gold')
    .select(['annotation', 'digest'])
    .where('layer', '=', layer)
    .where('to_cut', 'is', null)
    .orderBy('annotation')
    .execute()
  same(
    'gold',
    standing.map(({ annotation, digest }) => [annotation, digest]),
    [...gold].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** The facts of each scope are numbered without holes, up to its clock. */
export async function checkFacts(db: Db): Promise<void> {
  const clocks = await db.selectFrom('clock').selectAll().where('scope', 'not like', 'gold/%').execute()
  for (const { scope, n } of clocks) {
    // up to that clock: pages are told of counts while this looks
    const facts = await db
      .selectFrom('fact')
      .select('n')
      .where('scope', '=', scope)
      .where('n', '<=', n)
      .orderBy('n')
      .execute()
    same(`the number of facts of ${scope}`, facts.length, n)
    same(`the last fact of ${scope}`, facts.at(-1)?.n ?? 0, n)
  }
}
