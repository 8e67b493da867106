import {
  closeCodes,
  decodeMessage,
  editsOf,
  LayerDoc,
  OwnUndo,
  Pending,
  readKey,
  ROOT,
  writeAgain,
  type Act as Written,
  type Message,
} from '@tamga/collab'
import { ID_BYTES, idFrom, Problem, type AttributeValue } from '@tamga/model'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { Chance } from './chance.ts'
import { believed, labels, PHANTOM, TEXT, words, type Article, type Person } from './ground.ts'
import { shortOf, type Entry, type Ledger } from './ledger.ts'
import type { Act } from './plan.ts'

/** What an editor works on. */
export interface Desk {
  readonly article: Article
  readonly ledger: Ledger
  /** A server to dial, and its line. */
  dial(): { readonly port: number; readonly server: number }
  /** The document that the layer has now, as the page would load it. Null while nobody answers. */
  epoch(): Promise<number | null>
  /** Whether a room may have been opened after what was acknowledged, so that it must know all of it. */
  readonly alone: boolean
  /** Whether the database has been made to refuse values, whosever they are. */
  refusesValues(): boolean
}

/** How long an editor waits before it comes again by itself after it was turned away. */
const AGAIN_MS = 250
const BURST = 520

/**
 * Somebody at work in a browser: the unmodified y-websocket client with what our own adds to it. What a tab wrote and was
 * not told is stored stays with it while it is offline, and goes to the next tab when it crashes.
 */
export class Editor {
  readonly person: Person
  readonly #desk: Desk
  #tab: Tab
  #away = false
  #over = false

  constructor(desk: Desk, person: Person, epoch: number) {
    this.#desk = desk
    this.person = person
    this.#tab = this.#open(epoch, [])
  }

  get values(): Map<string, unknown> {
    return new Map(this.#tab.doc.getMap(ROOT).entries())
  }

  get epoch(): number {
    return this.#tab.epoch
  }

  /** It has the document in front of it. */
  get loaded(): boolean {
    return this.#tab.loaded
  }

  /** Nothing of it is on its way, and it has what the server has. */
  get settled(): boolean {
    return this.#tab.settled
  }

  /** What keeps it from being settled. */
  get state(): string {
    return this.#tab.state
  }

  act(act: Act): void {
    if (act.kind === 'leave') return this.leave()
    if (act.kind === 'return') return this.return()
    if (act.kind === 'crash') return void this.#renew(this.#tab)
    if (!this.#tab.loaded || this.#tab.ended) return
    try {
      this.#tab.act(act)
    } catch (error) {
      // the verbs refuse what may not stand: nothing was written
      if (!(error instanceof Problem)) throw error
    }
  }

  leave(): void {
    this.#away = true
    this.#tab.provider.disconnect()
  }

  return(): void {
    this.#away = false
    if (!this.#tab.ended) this.#tab.provider.connect()
  }

  end(): void {
    this.#over = true
    this.#tab.end()
  }

  #open(epoch: number, waiting: readonly Entry[]): Tab {
    const tab: Tab = new Tab(this.#desk, this.person, epoch, waiting, (code, reason) =>
      this.#turnedAway(tab, code, reason),
    )
    if (!this.#away) tab.provider.connect()
    return tab
  }

  #turnedAway(tab: Tab, code: number, reason: string): void {
    if (tab !== this.#tab) return
    // a backup was put back, and only then
    if (code === closeCodes.history && this.#desk.ledger.restored) return void this.#renew(tab)
    // two of random ids may be equal: another document has another
    if (code === closeCodes.epoch || code === closeCodes.clientTaken) return void this.#renew(tab)
    const refused = code === closeCodes.malformed && reason === 'the database refuses it'
    if (!refused || !this.#desk.refusesValues())
      this.#desk.ledger.note(`an honest client was closed with ${code}: ${reason}`)
    setTimeout(() => tab === this.#tab && !this.#away && !this.#over && tab.provider.connect(), AGAIN_MS)
  }

  /** Opens another tab in the place of this one, with what this one had not been told is stored. */
  async #renew(tab: Tab): Promise<void> {
    if (tab.ended) return
    tab.end()
    while (!this.#over) {
      const epoch = await this.#desk.epoch()
      if (tab !== this.#tab || this.#over) return
      if (epoch !== null) return void (this.#tab = this.#open(epoch, tab.unsent))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** One document in a browser, with its connection. */
class Tab {
  readonly doc = new Y.Doc()
  readonly layer: LayerDoc
  readonly provider: WebsocketProvider
  readonly epoch: number
  ended = false
  /** The shared annotations have come once: there is something to edit. */
  loaded = false
  readonly #desk: Desk
  readonly #person: Person
  readonly #turnedAway: (code: number, reason: string) => void
  readonly #pending: Pending
  readonly #undo: OwnUndo
  readonly #entries: Entry[] = []
  readonly #notices = new Set<string>()
  /** What an earlier tab left. */
  #waiting: readonly Entry[]
  #doomed = false
  #connection = 0

  constructor(
    desk: Desk,
    person: Person,
    epoch: number,
    waiting: readonly Entry[],
    turnedAway: (code: number, reason: string) => void,
  ) {
    this.#desk = desk
    this.#person = person
    this.#turnedAway = turnedAway
    this.#waiting = waiting
    this.epoch = epoch
    this.layer = new LayerDoc(this.doc, () => ({ text: TEXT, labels: this.#doomed ? believed : labels }))
    this.#pending = new Pending(this.layer)
    this.#undo = new OwnUndo(this.layer)
    this.layer.onAct((act) => this.#record(act))
    this.provider = new WebsocketProvider('ws://127.0.0.1/live', desk.article.layer, this.doc, {
      connect: false,
      disableBc: true,
      maxBackoffTime: 300,
      params: { ack: '1', epoch: `${epoch}`, client: `${this.doc.clientID}` },
      WebSocketPolyfill: this.#socket() as never,
    })
    // y-websocket has no handlers for our own messages; what they say is read by the socket
    for (const number of [120, 121, 122, 123]) this.provider.messageHandlers[number] = () => undefined
    this.provider.on('sync', (synced) => synced && this.#load())
    this.provider.on('closed', ({ code, reason }) => turnedAway(code, reason))
  }

  get settled(): boolean {
    return !this.ended && this.loaded && this.provider.synced && this.#pending.count === 0 && this.#waiting.length === 0
  }

  get state(): string {
    const { loaded, ended, provider } = this
    const [synced, dials] = [provider.synced, provider.shouldConnect]
    return JSON.stringify({ loaded, ended, synced, dials, pending: this.#pending.count, waiting: this.#waiting.length })
  }

  /** What it is not known to have stored, in order. */
  get unsent(): Entry[] {
    return [...this.#waiting, ...this.#entries.filter(({ stored }) => !stored)]
  }

  end(): void {
    this.ended = true
    this.provider.destroy()
    this.#undo.dispose()
    this.#pending.dispose()
    // awareness has a clock of its own, which ends with its document
    this.doc.destroy()
  }

  act({ kind, a, b }: Act): void {
    const { layer } = this
    const ids = [...layer.ids()].sort()
    const id = ids[Math.floor(a * ids.length)]
    const label = ['loc', 'org', 'ppl'][Math.floor(b * 3)]!
    switch (kind) {
      case 'make':
        return this.#make(a, b, label)
      case 'phantom':
        return this.#unlawfully(() => (b < 0.5 || !id ? this.#make(a, b, PHANTOM) : layer.setLabel(id, PHANTOM)))
      case 'several':
        return layer.act(() => [0, 0.2, 0.4, 0.6].forEach((more) => this.#make((a + more) % 1, b, label)))
      case 'burst':
        for (let i = 0; i < BURST; i++) this.#make((a + i / BURST) % 1, (b * 7 + i / 13) % 1, label)
        return
      case 'undo':
        return void this.#undo.undo()
      case 'redo':
        return void this.#undo.redo()
      default:
        if (id) this.#change(kind, id, a, b, label)
    }
  }

  #change(kind: Act['kind'], id: string, a: number, b: number, label: string): void {
    const { layer } = this
    switch (kind) {
      case 'relabel':
        return layer.setLabel(id, label)
      case 'move':
        return layer.setRanges(id, [rangeOf(a, b)])
      case 'note':
        return layer.setAttribute(id, 'note', noteOf(a, b))
      case 'doubt':
        return layer.setUnsure(id, b < 0.7)
      case 'remove':
        return layer.setGone(id, true)
      case 'restore':
        return layer.setGone(id, false)
      default:
        throw new Error(`no act of an editor: ${kind}`)
    }
  }

  #make(a: number, b: number, label: string): void {
    const id = idFrom(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
    this.layer.add({ kind: 'span', ranges: [rangeOf(a, b)], label, attributes: [] }, { id })
  }

  #unlawfully(act: () => void): void {
    this.#doomed = true
    try {
      act()
    } finally {
      this.#doomed = false
    }
  }

  #record(act: Written): void {
    const { clientID } = this.doc
    const edits = editsOf(act)
    const clock = Y.getState(this.doc.store, clientID)
    for (const [i, edit] of edits.entries()) {
      const own = {
        ...{ account: this.#person.id, epoch: this.epoch, client: clientID, clock: clock - edits.length + 1 + i },
        ...{
          doomed: this.#doomed,
          connection: this.#connection,
          stored: null,
          noticed: false,
          passedOn: false,
          undone: false,
        },
      }
      const entry: Entry = { ...edit, ...own }
      this.#entries.push(entry)
      this.#desk.ledger.write(entry)
    }
  }

  /** The document is as the server has it: what an earlier tab left is written into it. */
  #load(): void {
    this.loaded = true
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    const lost = new Set(writeAgain(this.layer, waiting).map(({ key }) => key))
    // what was made in vain and removed again is not missed
    const removed = new Set(
      waiting.filter(({ key, value }) => key.endsWith('/gone') && value === true).map(({ key }) => key.slice(0, 16)),
    )
    for (const entry of waiting) entry.passedOn = true
    for (const [key, { value }] of new Map(waiting.map((entry) => [entry.key, entry]))) {
      const { id, field } = readKey(key)!
      const now = field === null ? this.layer.has(id) : this.doc.getMap(ROOT).get(key)
      const stands = field === null ? now === true : JSON.stringify(now) === JSON.stringify(value)
      if (!stands && !lost.has(key) && !lost.has(id) && !removed.has(id) && !this.#isBase(id, key, value))
        this.#desk.ledger.note(`${key} was pending in a tab that ended and is neither written again nor told of`)
    }
  }

  /** A value that the record says itself needs no key of its own. */
  #isBase(id: string, key: string, value: unknown): boolean {
    const now = this.layer.read(id)
    const field = readKey(key)!.field
    if (!now || field === null) return false
    if (field === 'gone' || field === 'unsure') return now[field] === value
    if (field === 'label') return now.content.label === value
    if (field === 'ranges')
      return now.content.kind === 'span' && JSON.stringify(now.content.ranges) === JSON.stringify(value)
    const given = now.content.attributes.find(([attribute]) => `a/${attribute}` === field)
    return JSON.stringify(given?.[1] ?? null) === JSON.stringify(value)
  }

  #socket() {
    const [desk, person, pending] = [this.#desk, this.#person, this.#pending]
    const hear = (message: Message, floor: ReadonlyMap<number, number>) => this.#hear(message, floor)
    const connected = () => {
      this.#connection++
      pending.connected()
    }
    const { epoch } = this
    return class extends WebSocket {
      constructor(url: string) {
        const { port, server } = desk.dial()
        const origin = `http://127.0.0.1:${port}`
        super(url.replace('ws://127.0.0.1/', `ws://127.0.0.1:${port}/`), {
          headers: { cookie: person.cookie(server), origin },
          handshakeTimeout: 3000,
        })
        connected()
        const floor = desk.alone ? desk.ledger.floor(epoch) : new Map<number, number>()
        this.on('message', (data: Buffer) => {
          // what comes after a provider has given its socket up is nobody's
          if (this.onmessage) hear(decodeMessage(new Uint8Array(data))!, floor)
        })
        this.on('error', () => undefined)
      }
      override send(data: never): void {
        const message = decodeMessage(new Uint8Array(data))
        if (message?.type === 'step2' || message?.type === 'update') pending.sent()
        super.send(data, () => undefined)
      }
    }
  }

  #hear(message: Message, floor: ReadonlyMap<number, number>): void {
    const { ledger } = this.#desk
    if (this.ended) return
    if (message.type === 'step1') {
      // nothing of a document of another history is sent
      if (this.#pending.isAheadOf(message.vector))
        return this.#turnedAway(closeCodes.history, 'has more than the server')
      const short = shortOf(floor, Y.decodeStateVector(message.vector))
      if (short) ledger.note(`the server began before it had loaded: ${short}`)
      this.#pending.durable(message.vector)
      this.#settle('vector')
    }
    if (message.type === 'step2') this.#compare(message.update, floor)
    if (message.type === 'refusal') {
      this.#notices.add(message.refusal.key)
      this.#undo.refused(message.refusal.key)
    }
    if (message.type === 'ack') {
      this.#pending.acknowledged(message.count)
      this.#settle('acknowledged')
    }
  }

  /** What the server answers together with what is here must hold all that was acknowledged to anybody. */
  #compare(update: Uint8Array, floor: ReadonlyMap<number, number>): void {
    const has = Y.decodeStateVector(Y.encodeStateVector(this.doc))
    for (const [client, clock] of Y.parseUpdateMeta(update).to) has.set(client, Math.max(clock, has.get(client) ?? 0))
    const short = shortOf(floor, has)
    if (short) this.#desk.ledger.note(`"synced" before all was there: ${short}`)
  }

  #settle(how: 'acknowledged' | 'vector'): void {
    const { ledger } = this.#desk
    const isStored = (entry: Entry) => entry.epoch === this.epoch && this.#pending.isDurable(entry.client, entry.clock)
    for (const entry of [...this.#waiting, ...this.#entries])
      if (!entry.stored && isStored(entry))
        ledger.markStored(entry, how, this.#notices.has(entry.key) || entry.connection !== this.#connection)
    this.#waiting = this.#waiting.filter(({ stored }) => !stored)
  }
}

function rangeOf(a: number, b: number): [number, number] {
  const from = Math.floor(a * words.length)
  const to = Math.min(words.length - 1, from + Math.floor(b * 3))
  return [words[from]![0], words[to]![1]]
}

/** Text of many scripts, or none. */
function noteOf(a: number, b: number): AttributeValue | null {
  if (b < 0.2) return null
  return new Chance(a * 2 ** 32).pick(['белгісіз', 'сомнительно', 'why?', '👩🏽‍🚀', '"quoted" \\ and\nnew line'])
}
