import { fieldKey, fieldOf, isServerClient, readRecord, ROOT, sameValue, type Field } from '@tamga/collab'
import { idFrom, Problem, type Annotation, type Content } from '@tamga/model'
import { expect, inject, test } from 'vitest'
import * as Y from 'yjs'
import { Page, type Browser } from './test-page.ts'
import { GHOST, Process, Stored, TEXT, type Outcome } from './test-process.ts'

/** A small deterministic source of chance (mulberry32): the seed in a failing test's name is all that is needed. */
function chance(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return { below, pick: <T>(items: readonly T[]): T | undefined => items[below(items.length)] }
}
type Chance = ReturnType<typeof chance>

const MINUTE = 60_000
const NOTES = ['note', 'norm'] as const
const FIELDS: Field[] = ['ranges', 'label', 'gone', 'unsure', 'a/note', 'a/norm', 'from', 'to']

/** Several people on one layer through one or two servers, step by step as chance has it. */
class Story {
  readonly by: Chance
  readonly stored = new Stored()
  readonly processes: Process[] = []
  readonly browsers: Browser[]
  readonly pages: (Page | null)[]
  /** What was removed for good with an old document. */
  readonly purged = new Set<string>()
  #now = 0
  #ids = 0
  #clients = 1024

  constructor(seed: number) {
    this.by = chance(seed)
    const now = () => new Date((this.#now += MINUTE))
    const count = 1 + this.by.below(2)
    for (let i = 0; i < count; i++) this.processes.push(new Process(this.stored, () => this.processes, now))
    this.browsers = Array.from({ length: 2 + this.by.below(5) }, (_, n) => ({
      // every third browser is the same person's as the one before
      ...{
        n,
        account: `account ${n % 3 === 2 ? n - 1 : n}`,
        outbox: [],
        taken: [],
        acts: [],
        lost: [],
        deleted: new Set(),
        raced: new Set(),
      },
    }))
    this.pages = this.browsers.map(() => null)
  }

  run(): void {
    for (let i = 0; i < 60 + this.by.below(200); i++) this.#step()
    this.#settle()
  }

  /** All pages at the end. */
  get open(): Page[] {
    return this.pages.filter((page) => page !== null)
  }

  #step(): void {
    const { by } = this
    const page = this.#page(by.below(this.browsers.length))
    const process = by.pick(this.processes)!
    const at = by.below(100)
    if (at < 30) return this.#carry(page)
    if (at < 45) return this.#flush(process)
    if (at < 50) return this.#tell(process)
    if (at < 53) return page.cut()
    if (at < 58) return page.connect(process)
    if (at < 59) return page.repeat()
    if (at < 86) return this.#write(page)
    if (at < 88) return this.#ruled()
    if (at < 89) return this.stored.snapshot()
    if (at < 90 && !this.stored.holder) return this.stored.beginEpoch(this.#longGone())
    if (at < 91) return process.crash(by.below(2) === 0)
    if (at < 92) return this.#close(page)
    this.#calm()
  }

  /** All that is on its way arrives and is written: people see what the others did. */
  #calm(): void {
    for (let round = 0; round < 4; round++) {
      for (const page of this.open) for (let i = 0; i < 12; i++) this.#carry(page)
      for (const process of this.processes) if (process.isFlushing || process.begin(100)) process.finish('committed')
    }
  }

  #page(n: number): Page {
    const page = this.pages[n]
    if (page) return page
    const browser = this.browsers[n]!
    const isOffline = browser.taken.length > 0 && this.by.below(2) === 0
    return (this.pages[n] = new Page(browser, this.stored, () => (++this.#clients * 3_500_017) % 2 ** 32, isOffline))
  }

  #close(page: Page): void {
    page.crash()
    this.pages[page.browser.n] = null
  }

  /** One frame arrives at one end. */
  #carry(page: Page): void {
    const { wire, process } = page
    if (!wire) return page.connect(this.by.pick(this.processes)!)
    if (this.by.below(2) === 0) return process!.receive(wire)
    page.hear(this.by.below(8) === 0)
    this.#isStored(page)
  }

  #flush(process: Process): void {
    if (!process.isFlushing) process.begin(1 + this.by.below(20))
    else process.finish(this.by.pick<Outcome>(['committed', 'committed', 'committed', 'committed', 'lost', 'unknown'])!)
  }

  /** What another process told arrives, or never does. */
  #tell(process: Process): void {
    const share = process.shares.shift()
    if (share && this.by.below(4) > 0) process.hear(share)
    else if (!process.isFlushing) process.poll()
    process.sendPresence()
  }

  #ruled(): void {
    const { stored, by } = this
    const id = by.pick([...stored.rows.keys()])
    if (by.below(3) === 0) stored.shut = stored.shut ? null : 'frozen'
    else if (id && !stored.locked.delete(id)) stored.locked.add(id)
  }

  /** What has been gone for long has no place in a new document. */
  #longGone(): Set<string> {
    const gone = [...this.stored.rows.values()].filter(({ gone }) => gone && this.by.below(3) === 0)
    for (const { id } of gone) {
      this.purged.add(id)
      this.stored.rows.delete(id)
    }
    return new Set(gone.map(({ id }) => id))
  }

  #write(page: Page): void {
    if (!page.loaded) return this.#carry(page)
    const kind = this.by.below(7)
    if (kind < 2) return this.#takeBack(page, kind === 0)
    try {
      this.#edit(page)
    } catch (error) {
      // a relation to what is not there, or not any more
      if (!(error instanceof Problem)) throw error
    }
  }

  #edit(page: Page): void {
    const { by } = this
    const { layer, browser } = page
    const { n } = browser
    const ids = layer.snapshot().annotations.map(({ id }) => id)
    const id = by.pick(ids)
    const label = () => (by.below(25) === 0 ? GHOST : `L${by.below(3) ? n * 4 + by.below(4) : 0}`)
    const start = n * 10
    const range = (): [number, number] => [
      start + by.below(4),
      by.below(25) === 0 ? TEXT.length + 1 : start + 5 + by.below(4),
    ]
    const span = (): Content => ({ kind: 'span', ranges: [range()], label: label(), attributes: [] })
    if (!id || by.below(4) === 0) return layer.add(span(), { id: this.#newId() })
    const verbs = [
      () => layer.setLabel(id, label()),
      () => layer.setRanges(id, [range()]),
      () => layer.setAttribute(id, by.pick(NOTES)!, by.below(3) ? `p${by.below(3) ? n : 0} ${by.below(4)}` : null),
      () => layer.setUnsure(id, by.below(2) === 0),
      () => layer.setGone(id, by.below(3) > 0),
      () => layer.act(() => ids.slice(0, 3).forEach((one) => layer.setLabel(one, label()))),
      () =>
        layer.add(
          { kind: 'relation', from: id, to: by.pick(ids)!, label: 'in', attributes: [] },
          { id: this.#newId() },
        ),
      () => by.below(8) === 0 && this.#deleteKey(page),
    ]
    by.pick(verbs)!()
  }

  /** What no page of ours does: nobody else may lose anything by it. */
  #deleteKey({ doc, browser }: Page): void {
    const map = doc.getMap(ROOT)
    const key = this.by.pick([...map.keys()])!
    browser.deleted.add(key)
    map.delete(key)
  }

  /** Undo and redo: only what says what I said, and what nobody wrote since. */
  #takeBack(page: Page, isUndo: boolean): void {
    const before = new Map(page.layer.snapshot().annotations.map((one) => [one.id, one]))
    const wasForeign = new Set([...page.doc.getMap(ROOT).keys()].filter((key) => page.isForeign(key)))
    const made = new Map(changesIn(page.browser.acts).flatMap(({ id, made }) => (made ? [[id, made]] : [])))
    const top = isUndo ? page.undo.top() : null
    if (isUndo) page.undo.undo()
    else page.undo.redo()
    for (const [id, was] of before)
      for (const field of FIELDS) {
        const now = page.layer.read(id)!
        if (sameValue(fieldOf(now, field), fieldOf(was, field))) continue
        expect(wasForeign.has(fieldKey(id, field)), `${id}/${field} was somebody else's`).toBe(false)
        const isOwnMaking = field === 'gone' && now.gone && top?.act === 'add'
        if (isOwnMaking && made.has(id)) expect(was.content).toEqual(made.get(id)!.content)
      }
  }

  /** Nobody sees, and nobody is told to be safe, what is not in the log. */
  #isStored({ doc, pending, browser }: Page): void {
    const { stored } = this
    const has = new Map(Y.decodeStateVector(Y.encodeStateVector(stored.doc)))
    for (const [client, clock] of has) expect(pending.isDurable(client, clock + 1)).toBe(false)
    for (const [client, structs] of doc.store.clients) {
      const owner = stored.clients.get(client)
      if (owner === undefined || owner === browser.account) continue
      const last = structs.at(-1)!
      if (doc.clientID !== client) expect(last.id.clock + last.length).toBeLessThanOrEqual(has.get(client) ?? 0)
    }
  }

  #newId(): string {
    const bytes = new Uint8Array(12)
    new DataView(bytes.buffer).setUint32(0, ++this.#ids)
    return idFrom(bytes)
  }

  /** Everybody is connected, and nothing is on its way any more. */
  #settle(): void {
    for (let round = 0; round < 400; round++) {
      for (let n = 0; n < this.browsers.length; n++) {
        const page = this.#page(n)
        if (!page.wire) page.connect(this.processes[n % this.processes.length]!)
        while (page.wire && (page.wire.up.length > 0 || page.wire.down.length > 0 || page.wire.closed)) {
          if (!page.wire.closed && page.wire.up.length > 0) page.process!.receive(page.wire)
          else {
            page.hear()
            this.#isStored(page)
          }
        }
      }
      for (const process of this.processes) {
        process.shares.splice(0)
        if (process.isFlushing || process.begin(100)) process.finish('committed')
        else process.poll()
      }
      if (this.open.every((page) => page.isSettled)) return
    }
    throw new Error('it never came to rest')
  }
}

/** The field values of each annotation by the plainest of means: what was accepted, one after the other. */
function told({ stored, purged }: Story): Record<string, Record<string, unknown>> {
  const fields: Record<string, Record<string, unknown>> = {}
  for (const { annotation: id, key, after } of stored.changes) {
    const [value] = after as [unknown]
    if (key === '') fields[id] = recordFields(value)
    else if (key.startsWith('a/') && value === null) delete fields[id]![key]
    else fields[id]![key] = value
  }
  for (const id of purged) delete fields[id]
  return fields
}

function recordFields(value: unknown): Record<string, unknown> {
  const { content } = readRecord(value)!
  return fieldsOf({ id: '', content, via: null, unsure: false, gone: false })
}

const fieldsOf = (annotation: Annotation): Record<string, unknown> =>
  Object.fromEntries(
    FIELDS.flatMap((field) => {
      const value = fieldOf(annotation, field)
      return value === null ? [] : [[field, value]]
    }),
  )

const seen = (page: Page) =>
  Object.fromEntries(page.layer.ids().map((id) => [id, fieldsOf(page.layer.read(id)!)] as const))

interface Written {
  readonly id: string
  readonly field: Field
  readonly last: unknown
}

/** The fields that one browser alone wrote, with the last that it wrote there. A making is a field of its own: `gone`. */
function loneWriters({ browsers }: Story): Written[] {
  const fields = new Map<string, Written & { browsers: Set<number> }>()
  for (const { n, acts } of browsers)
    for (const { id, field, after } of changesIn(acts)) {
      const key = fieldKey(id, field)
      fields.set(key, { id, field, last: after, browsers: new Set(fields.get(key)?.browsers).add(n) })
    }
  return [...fields.values()].filter(({ browsers: writers }) => writers.size === 1)
}

/** Annotations and keys of which a writer was told that they did not stand, and what no page of ours does. */
function excusedIn({ browsers, stored, purged }: Story): Set<string> {
  const excused = new Set([...purged, ...stored.asides.map(({ key }) => key)])
  for (const { acts, lost, deleted } of browsers) {
    for (const { key } of lost) excused.add(key)
    for (const key of deleted) excused.add(key.slice(0, 16))
    // what was made and removed again before it was stored is missed by nobody
    for (const { id, field, after } of changesIn(acts))
      if (field === 'gone' && after === true && !stored.rows.has(id)) excused.add(id)
  }
  return excused
}

const changesIn = (acts: Browser['acts']) => acts.flatMap(({ changes }) => changes)

/** What became of one annotation, for whoever reads a failure. */
const about = ({ browsers, stored }: Story, id: string): string =>
  JSON.stringify({
    acts: browsers.map(({ acts }) => changesIn(acts).filter((change) => change.id === id)),
    lost: browsers.map(({ lost }) => lost.filter(({ key }) => key.startsWith(id))),
    changes: stored.changes.filter(({ annotation }) => annotation === id),
    asides: stored.asides.filter(({ key }) => key.startsWith(id)),
  })

/** A few where every change is tried; `npm run story` plays thousands. */
const count = Number(process.env.STORY_SEEDS ?? 60)
const first = inject('seed')
/** Seeds that failed once. */
const failed = [7792, 8651, 1842637115]
const seeds = [...failed, ...Array.from({ length: count }, (_, i) => (first + i) | 0)]

test.each(seeds)('everybody sees what is stored, nothing is lost, and all is whose it is, seed %i', (seed) => {
  const story = new Story(seed)
  story.run()
  const { stored, open, processes, browsers } = story

  // whatever was corrected, however often: only people's ids and the server's own
  for (const client of stored.doc.store.clients.keys())
    expect(isServerClient(client) || stored.clients.has(client), `client ${client}`).toBe(true)

  // the same everywhere: pages, servers, what a server that starts now would load, the rows
  const values = Object.fromEntries(stored.doc.getMap(ROOT).entries())
  for (const page of open) expect(page.values).toEqual(values)
  for (const replica of [stored.load(), ...processes.flatMap(({ replica }) => replica ?? [])]) {
    expect(Object.fromEntries(replica.map.entries())).toEqual(values)
    expect(Object.fromEntries(replica.values)).toEqual(values)
    for (const [id, annotation] of replica.annotations) expect(annotation).toEqual(replica.layer.read(id))
    for (const [id, row] of stored.rows) {
      expect(replica.annotations.get(id)).toMatchObject({ content: row.content, unsure: row.unsure, gone: row.gone })
      expect([replica.creators.get(id), replica.editors.get(id)]).toEqual([row.creator, row.last_editor])
    }
    expect(replica.annotations.size).toBe(stored.rows.size)
  }

  // every accepted change that nobody wrote over stands
  expect(seen(open[0]!)).toEqual(told(story))
  expect(stored.annotated).toBe([...stored.rows.values()].filter(({ gone }) => !gone).length)

  // what stands in somebody's name is what that person wrote
  const wrote = new Set<string>()
  for (const { account, acts } of browsers)
    for (const { id, field, after, made } of changesIn(acts)) {
      wrote.add(JSON.stringify([account, id, made ? '' : field, made ? fieldsOf(made) : after]))
    }
  for (const { annotation, key, after, account } of stored.changes) {
    const [value] = after as [unknown]
    expect(wrote).toContain(JSON.stringify([account, annotation, key, key === '' ? recordFields(value) : value]))
  }

  // who made it, and who changed its content last, by the plainest of means again
  for (const { id, creator, last_editor } of stored.rows.values()) {
    const own = stored.changes.filter(({ annotation, key }) => annotation === id && key !== 'gone' && key !== 'unsure')
    expect([creator, last_editor], about(story, id)).toEqual([own[0]!.account, own.at(-1)!.account])
  }

  // a field that one browser alone wrote says the last that was written there, unless its writer was told otherwise
  const excused = excusedIn(story)
  for (const { id, field, last } of loneWriters(story)) {
    if ([id, fieldKey(id, field)].some((key) => excused.has(key))) continue
    const now = open[0]!.layer.read(id)
    expect(now, about(story, id)).not.toBeNull()
    const value = fieldOf(now!, field)
    // a tab that ended may still be heard at one server after the next tab came to another: then either edit may be the last
    const isRaced = browsers.some(
      ({ acts, raced }) =>
        raced.has(fieldKey(id, field)) &&
        changesIn(acts).some((one) => one.id === id && one.field === field && sameValue(one.after, value)),
    )
    if (!isRaced) expect(value, about(story, id)).toEqual(last)
  }
})
