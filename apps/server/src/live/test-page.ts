import {
  editsOf,
  encodeAwareness,
  encodeMessage,
  fieldOf,
  isCorrectionClient,
  LayerDoc,
  OwnUndo,
  Pending,
  readKey,
  ROOT,
  toRecord,
  writeAgain,
  type Act,
  type Edit,
  type LostEdit,
  type Message,
} from '@tamga/collab'
import type { Annotation } from '@tamga/model'
import * as Y from 'yjs'
import { pageLabels, TEXT, Wire, type Process, type Stored } from './test-process.ts'

/** An own edit as a browser keeps it until it is durable. */
interface Kept extends Edit {
  readonly client: number
  readonly clock: number
}

/** What of a browser outlives its tabs. */
export interface Browser {
  readonly n: number
  readonly account: string
  outbox: Kept[]
  /** The article as it was taken along: what opens without network. */
  taken: readonly Annotation[]
  readonly acts: Act[]
  readonly lost: LostEdit[]
  /** Keys that it deleted. */
  readonly deleted: Set<string>
  /** Keys of edits that were on their way when a tab ended. */
  readonly raced: Set<string>
}

/** One tab on the article: its document, what is pending, undo, the outbox, and at most one connection. */
export class Page {
  readonly browser: Browser
  readonly undo: OwnUndo
  readonly refusals: string[] = []
  doc!: Y.Doc
  layer!: LayerDoc
  pending!: Pending
  wire: Wire | null = null
  process: Process | null = null
  /** What the server keeps is here: from then on it is written in. */
  loaded = false
  /** Keys that somebody else wrote since this document was filled. */
  readonly foreign = new Set<string>()
  readonly #stored: Stored
  readonly #nextClient: () => number
  #stale: boolean
  #epoch = 0
  #waiting: Kept[]
  #written: Kept[] = []
  // while what waits is written again
  #again: Kept[] | null = null
  #showing = false
  #lastUpdate: Uint8Array | null = null

  /** A tab opens; without network on what was taken along, in a document that is never synced. */
  constructor(browser: Browser, stored: Stored, nextClient: () => number, isOffline: boolean) {
    this.browser = browser
    this.#stored = stored
    this.#nextClient = nextClient
    this.#stale = isOffline
    this.#waiting = [...browser.outbox]
    this.#open()
    this.undo = new OwnUndo(this.layer)
    if (isOffline) this.#fillFromTaken()
  }

  get values(): Record<string, unknown> {
    return Object.fromEntries(this.doc.getMap(ROOT).entries())
  }

  /** All that it wrote is known to be stored, and nothing is on its way. */
  get isSettled(): boolean {
    const { wire, loaded, pending, browser } = this
    if (!wire || wire.closed || !loaded) return false
    return wire.up.length === 0 && wire.down.length === 0 && pending.count === 0 && browser.outbox.length === 0
  }

  /** True if what stands under a key is an item of somebody else that came after this document was filled. */
  isForeign(key: string): boolean {
    const item = this.doc.getMap(ROOT)._map.get(key)
    return this.foreign.has(key) && item !== undefined && item.id.client !== this.doc.clientID
  }

  /** Connects, with a fresh document where the old one is of no use. */
  connect(process: Process): void {
    if (this.wire) return
    if (this.#stale) this.#renew()
    this.wire = new Wire(this.browser.account, [this.doc.clientID])
    this.process = process
    this.pending.connected()
    process.enter(this.wire, this.#epoch)
    this.#say({ type: 'step1', vector: Y.encodeStateVector(this.doc) })
    this.#say({ type: 'awareness', update: this.#presence() })
  }

  /** The connection breaks: what was on its way either way is gone. */
  cut(): void {
    if (!this.wire) return
    const { wire, process } = this
    this.wire = this.process = null
    wire.closed = true
    process!.leave(wire)
  }

  /** Takes the next that the server said; when it has closed, that after all else. */
  hear(twice = false): void {
    const { wire } = this
    const message = wire?.down.shift()
    if (message) {
      this.#take(message)
      if (twice && message.type !== 'step1') this.#take(message)
    } else if (wire?.closed) this.#closed(wire.code)
  }

  /** Sends an update once more, as another document message. */
  repeat(): void {
    if (this.wire && this.#lastUpdate) this.#sayUpdate('update', this.#lastUpdate)
  }

  /** The tab is gone; what it had written is in the outbox. */
  crash(): void {
    for (const { key } of this.browser.outbox) this.browser.raced.add(key)
    this.cut()
    this.layer.dispose()
    this.doc.destroy()
  }

  #take(message: Message): void {
    switch (message.type) {
      case 'step1':
        this.pending.durable(message.vector)
        return this.#sayUpdate('step2', Y.encodeStateAsUpdate(this.doc, message.vector))
      case 'step2':
        Y.applyUpdate(this.doc, message.update, this)
        return this.#joined()
      case 'update':
        return Y.applyUpdate(this.doc, message.update, this)
      case 'ack':
        return this.pending.acknowledged(message.count)
      case 'refusal':
        this.refusals.push(message.refusal.key)
        return this.undo.refused(message.refusal.key)
      case 'awareness':
      case 'queryAwareness':
      case 'fact':
      case 'here':
      case 'disk':
        return
    }
  }

  #closed(code: number | null): void {
    this.cut()
    if (code === 4409) this.#stale = true
    else if (code !== null && code < 4500) throw new Error(`an honest page was closed with ${code}`)
  }

  #joined(): void {
    if (!this.loaded) {
      this.layer.begin()
      this.foreign.clear()
    }
    this.loaded = true
    this.browser.taken = this.layer.snapshot().annotations
    this.#writeWaiting()
  }

  #writeWaiting(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#again = []
    const before = this.#saying(waiting)
    this.undo.unremembered(() => this.browser.lost.push(...writeAgain(this.layer, waiting)))
    const after = this.#saying(waiting)
    for (const [key, value] of before)
      if (!after.has(key) || (after.get(key) !== value && !known(waiting, key).has(value)))
        throw new Error(`${key} was written over, which said ${value}`)
    const gone = new Set(waiting)
    this.browser.outbox = [...this.browser.outbox.filter((edit) => !gone.has(edit)), ...this.#again]
    this.#again = null
  }

  /** What stands now of the fields that these edits changed. */
  #saying(edits: readonly Edit[]): Map<string, string> {
    return new Map(
      edits.flatMap(({ key }) => {
        const { id, field } = readKey(key)!
        const now = field && this.layer.read(id)
        return now ? [[key, JSON.stringify(fieldOf(now, field))]] : []
      }),
    )
  }

  #open(): void {
    this.doc = new Y.Doc()
    this.doc.clientID = this.#nextClient()
    this.layer = new LayerDoc(this.doc, () => ({ text: `${TEXT}…`, labels: pageLabels }))
    this.pending = new Pending(this.layer)
    this.foreign.clear()
    this.layer.onAct((act) => this.#record(act))
    this.pending.observe(() => this.#settle())
    this.doc.getMap(ROOT).observe((event) => {
      for (const key of event.keysChanged as Set<string>) {
        const { id, deleted } = event.target._map.get(key)!
        const isCorrection = deleted || isCorrectionClient(id.client)
        if (event.transaction.local) this.foreign.delete(key)
        // what the server says again is nobody's
        else if (!isCorrection) this.foreign.add(key)
      }
    })
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === this) return
      this.#lastUpdate = update
      if (this.wire) this.#sayUpdate('update', update)
    })
    this.#epoch = this.#stored.epoch
  }

  #renew(): void {
    this.#stale = false
    this.#waiting = [...this.#waiting, ...this.#written]
    this.#written = []
    this.#lastUpdate = null
    this.loaded = false
    this.layer.dispose()
    this.#open()
    this.undo.attach(this.layer)
  }

  #fillFromTaken(): void {
    const filled = new Y.Doc()
    const map = filled.getMap<unknown>(ROOT)
    for (const { id, content, via, unsure, gone } of this.browser.taken) {
      map.set(id, toRecord(content, via))
      if (unsure) map.set(`${id}/unsure`, true)
      if (gone) map.set(`${id}/gone`, true)
    }
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(filled), this)
    this.loaded = true
    this.foreign.clear()
    this.#show()
  }

  /** What waits is seen, and goes on waiting: only a document that is synced can say what became of it. */
  #show(): void {
    this.#showing = true
    this.undo.unremembered(() => writeAgain(this.layer, this.#waiting))
    this.#showing = false
  }

  #record(act: Act): void {
    if (this.#showing) return
    const edits = editsOf(act)
    const { clientID, store } = this.doc
    const clock = Y.getState(store, clientID)
    const kept = edits.map((edit, i) => ({ ...edit, client: clientID, clock: clock - edits.length + 1 + i }))
    this.#written.push(...kept)
    if (this.#again) this.#again.push(...kept)
    else {
      this.browser.acts.push(act)
      this.browser.outbox.push(...kept)
    }
  }

  #settle(): void {
    const stays = ({ client, clock }: Kept) => !this.pending.isDurable(client, clock)
    this.#waiting = this.#waiting.filter(stays)
    this.#written = this.#written.filter(stays)
    this.browser.outbox = this.browser.outbox.filter(stays)
  }

  #presence(): Uint8Array {
    return encodeAwareness([{ client: this.doc.clientID, clock: 1, state: { at: [0, 1], chosen: null } }])
  }

  #say(message: Message): void {
    this.wire?.up.push(encodeMessage(message))
  }

  #sayUpdate(type: 'step2' | 'update', update: Uint8Array): void {
    this.pending.sent()
    this.#say({ type, update })
  }
}

/** The values that these edits of a key build on, and make. */
const known = (edits: readonly Edit[], key: string): Set<string> =>
  new Set(edits.flatMap((edit) => (edit.key === key ? [JSON.stringify(edit.before), JSON.stringify(edit.value)] : [])))
