import { decodeAwareness, decodeMessage, encodeMessage, LayerDoc } from '@tamga/collab'
import type { AwarenessEntry, FactMessage, Message, Refusal } from '@tamga/collab'
import { LabelSet, Settings } from '@tamga/model'
import * as Y from 'yjs'
import type { Article } from './article.ts'
import type { Aside, AsideDesk, StoredAside } from './asides.svelte.ts'
import { Outbox } from './outbox.ts'

/** A text with its labels, as a test draws it. */
export const text = 'Ақтөбеде XII Азаматтық форум өтті.\nФорумға Асхат Шахаров қатысты.'

const label = (id: string, key: string | null, rest: object = {}) => ({
  id,
  code: id.toUpperCase(),
  name: { en: id, ru: `${id} по-русски`, kk: `${id} қазақша` },
  definition: { en: `What ${id} means`, ru: '', kk: '' },
  colour: { hue: 140, light: 0.5, dark: 0.8 },
  key,
  ...rest,
})

export const labels = LabelSet.parse({
  labels: [
    label('values', null, { group: true }),
    label('per', 'KeyA'),
    label('city', 'KeyT'),
    label('evt', 'KeyE', { holds: ['ord'] }),
    label('ord', 'Digit2'),
    label('old', 'KeyZ', { retired: true }),
    label('far', 'KeyP'),
    label('bare', null),
  ],
  attributes: [{ id: 'base', code: 'base', name: { en: 'Base' }, type: 'text', labels: ['per', 'city'] }],
})

export const articleOf = (part: Partial<Article> = {}): Article => ({
  id: 'article',
  project: 'project',
  title: 'Ақтөбеде',
  language: 'kk',
  date: null,
  source: null,
  licence: null,
  group: null,
  meta: {},
  withdrawn: null,
  siblings: [],
  revision: { id: 'revision', no: 1, sha256: '', text },
  layer: { id: 'layer', epoch: 1 },
  labelSet: { no: 1, set: labels },
  role: 'annotator',
  settings: Settings.parse({}),
  members: [
    { account: 'me', name: 'Айгерім Сәрсенбай', colour: 1, role: 'annotator', left: false },
    { account: 'owner', name: 'Мәдина Ермек', colour: 2, role: 'owner', left: false },
  ],
  rulings: [],
  closing: null,
  at: { 'project/project': 10 },
  previous: null,
  next: null,
  position: [1, 1],
  ...part,
})

/** The server's list of what was not let stand, in the page itself. */
export class Desk implements AsideDesk {
  rows: readonly StoredAside[] = []
  /** What was asked of it, in order. */
  readonly asked: string[] = []

  async list(): Promise<readonly StoredAside[]> {
    return this.rows
  }

  async keep(_article: string, { kept: _, ...aside }: Aside): Promise<void> {
    this.asked.push(`keep ${aside.key}`)
    this.rows = [...this.rows, aside]
  }

  async hand(id: string): Promise<void> {
    this.asked.push('hand')
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, handedAt: '2025-01-01T00:00:00.000Z' } : row))
  }

  async resolve(id: string, how: string): Promise<void> {
    this.asked.push(how)
    this.rows = this.rows.filter((row) => row.id !== id)
  }
}

let accounts = 0

/** What a room keeps by, as in a browser and at a server that no other test has used. */
export const keeping = () => ({ outbox: new Outbox(`test-${Date.now()}-${accounts++}`), desk: new Desk() })

/**
 * The other end of the line, in the page itself: it keeps a document and speaks the room's protocol, and acknowledges
 * only when a test says so, as a server that is slow to store.
 */
export class Line {
  doc = new Y.Doc()
  /** Every address that was dialled. */
  readonly dialled: string[] = []
  /** False: nobody answers, as without a network. */
  isUp = true
  /** Which document is kept: who comes for another one is sent away. */
  epoch = 1
  /** Not null: whoever comes is let in and sent away with this code. */
  hangsUpWith: number | null = null
  /** The client id that somebody else has: who announces it is told to choose another. */
  takenClient: number | null = null
  received = 0
  /** What the page said of itself last. */
  presence: AwarenessEntry | null = null
  #caller: Caller | null = null
  readonly Socket: typeof WebSocket

  constructor() {
    const dial = (caller: Caller) => this.#dial(caller)
    this.Socket = class extends Caller {
      constructor(url: string | URL) {
        super(dial, String(url))
      }
    } as unknown as typeof WebSocket
  }

  /** The verbs on the server's side: what somebody else writes. */
  get layer(): LayerDoc {
    return new LayerDoc(this.doc, () => ({ text, labels }))
  }

  #dial(caller: Caller): (frame: Uint8Array) => void {
    this.dialled.push(caller.url)
    queueMicrotask(() => this.#answer(caller))
    return (frame) => this.#hear(frame)
  }

  #answer(caller: Caller): void {
    if (!this.isUp) return caller.end(1006)
    if (this.hangsUpWith !== null) return caller.end(this.hangsUpWith)
    if (caller.url.includes(`client=${this.takenClient}&`)) return caller.end(4423)
    if (!caller.url.includes(`epoch=${this.epoch}&`)) return caller.end(4409)
    this.#caller = caller
    this.received = 0
    this.doc.on('update', this.#send)
    caller.open()
  }

  #hear(frame: Uint8Array): void {
    const message = decodeMessage(frame)
    if (message?.type === 'step1') {
      // what it has before the other side sends anything: only that is stored
      const vector = Y.encodeStateVector(this.doc)
      this.say({ type: 'step2', update: Y.encodeStateAsUpdate(this.doc, message.vector) })
      this.say({ type: 'step1', vector })
    }
    if (message?.type === 'awareness') this.presence = decodeAwareness(message.update)?.at(-1) ?? null
    if (message?.type !== 'step2' && message?.type !== 'update') return
    this.received++
    Y.applyUpdate(this.doc, message.update, this)
  }

  /** Acknowledges all that came in, or as many messages as are named. */
  acknowledge(count = this.received): void {
    this.say({ type: 'ack', count })
  }

  state(fact: FactMessage): void {
    this.say({ type: 'fact', fact })
  }

  refuse(refusal: Refusal): void {
    this.say({ type: 'refusal', refusal })
  }

  /** Cuts the line: 1006 as a lost network does, or one of the room's own codes. */
  hangUp(code = 1006): void {
    this.doc.off('update', this.#send)
    const caller = this.#caller
    this.#caller = null
    caller?.end(code)
  }

  say(message: Message): void {
    this.#caller?.take(encodeMessage(message))
  }

  readonly #send = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this) this.say({ type: 'update', update })
  }
}

/** As much of a WebSocket as the client uses. */
class Caller {
  readonly OPEN = 1
  readyState = 0
  binaryType = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  readonly url: string
  readonly #hear: (frame: Uint8Array) => void

  constructor(dial: (caller: Caller) => (frame: Uint8Array) => void, url: string) {
    this.url = url
    this.#hear = dial(this)
  }

  send(frame: Uint8Array): void {
    this.#hear(frame)
  }

  close(): void {
    this.readyState = 3
  }

  open(): void {
    this.readyState = 1
    this.onopen?.()
  }

  take(frame: Uint8Array): void {
    this.onmessage?.({ data: frame.slice().buffer })
  }

  end(code: number): void {
    this.readyState = 3
    this.onclose?.({ code, reason: '' })
  }
}
