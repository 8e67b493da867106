import { closeCodes, fieldOf, LayerDoc, messages, OwnUndo, Pending, sameValue } from '@tamga/collab'
import { readAck, readFact, readHere, readRefusal } from '@tamga/collab'
import type { Act, Change, FactMessage, Here, Refusal } from '@tamga/collab'
import { ID_BYTES, idFrom, Problem } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import { SvelteSet } from 'svelte/reactivity'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { signInEnded } from '../api.ts'
import { Annotations } from './annotations.svelte.ts'
import type { Article } from './article.ts'
import { Presence } from './presence.svelte.ts'
import { countingSocket } from './socket.ts'
import { Standing } from './standing.svelte.ts'

/** What the page says at the top: all is in the server's database, some is on its way, or nothing gets through. */
export type Saved = 'saved' | 'saving' | 'offline' | 'expired'

/** Why the room ended for good, until somebody does something about it. */
export type Ending = 'sign_in' | 'forbidden' | 'revision' | 'malformed' | 'limits'

const endings: Readonly<Record<number, Ending>> = {
  [closeCodes.malformed]: 'malformed',
  [closeCodes.signIn]: 'sign_in',
  [closeCodes.notYours]: 'forbidden',
  [closeCodes.revision]: 'revision',
  [closeCodes.limits]: 'limits',
}

// A save that is quicker than this is not worth a word.
const SAVING_SHOWS = 400
// An edit that is not acknowledged for so long means a connection that is dead without knowing it.
const PATIENCE = 6000

export interface RoomOptions {
  /** Loads the article again: a new document began, or labels, people or settings changed. */
  readonly reload: () => Promise<Article>
  /** The account of who is here. */
  readonly me: string
  /** Somebody else changed these annotations. */
  readonly onRemote?: (changed: ReadonlySet<string>) => void
  /** The socket to connect by; the browser's own if it is left out. */
  readonly socket?: typeof WebSocket
}

/**
 * One article as several people have it open: the shared document, the connection, what is not saved yet, undo, who is
 * here. Write by the verbs of `layer` (one `act` a step of undo), read `annotations`. Whoever opens a room disposes it.
 */
export class Room {
  /** As loaded, and loaded again when labels, people or settings change. Its text never changes. */
  article = $state.raw() as Article
  /** The verbs. Another object after the server began a new document. */
  layer = $state.raw() as LayerDoc
  /** The shared annotations are here; until then the text stands alone. */
  loaded = $state(false)
  /** How many edits of this tab are not in the server's database. */
  pending = $state(0)
  ending = $state.raw<Ending | null>(null)
  /** What the server did not let stand, until it is taken note of. */
  refusals = $state.raw<readonly Refusal[]>([])
  /** Who has which article of the project open: accounts by article. */
  here = $state.raw<Here>({})
  /** Rises with every act, undo and redo, so that what names the next undo is read again. */
  acts = $state(0)
  readonly saved: Saved = $derived.by(() => {
    if (this.ending === 'sign_in') return 'expired'
    if (!this.#connected || this.ending) return 'offline'
    return this.#slow ? 'saving' : 'saved'
  })
  readonly annotations: Annotations
  readonly presence: Presence
  readonly standing: Standing
  readonly undo: OwnUndo
  readonly #options: RoomOptions
  readonly #listening = new AbortController()
  readonly #pendingIds = new SvelteSet<string>()
  readonly #waiting = new Set<() => void>()
  // Acts since all was last saved: written again into a new document if the server begins one.
  #unsaved: Act[] = []
  #connected = $state(true)
  #slow = $state(false)
  #provider!: WebsocketProvider
  #pendingOf!: Pending
  #close = () => {}
  #showsSaving: ReturnType<typeof setTimeout> | undefined
  #patience: ReturnType<typeof setTimeout> | undefined

  constructor(article: Article, options: RoomOptions) {
    this.article = article
    this.#options = options
    this.standing = new Standing(article)
    this.presence = new Presence(options.me)
    this.annotations = new Annotations(() => ({
      text: article.revision.text,
      quorum: this.article.settings.quorum,
      ownApproval: this.article.settings.ownApproval,
      rulingsOf: (id) => this.standing.rulings.get(id) ?? [],
      isPending: (id) => this.#pendingIds.has(id),
    }))
    this.#open()
    this.undo = new OwnUndo(this.layer)
    this.#listen()
  }

  get text(): string {
    return this.article.revision.text
  }

  /** A fresh id for an annotation. */
  newId(): string {
    return idFrom(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  }

  /** Connects again after an ending: somebody signed in, or tries once more. What is pending goes along. */
  resume(): void {
    this.ending = null
    this.#provider.connect()
  }

  /** Takes note of what was refused. */
  dismissRefusals(): void {
    this.refusals = []
  }

  /** Resolves when nothing is pending any more: true; after `patience` ms with something still pending: false. */
  settled(patience = Infinity): Promise<boolean> {
    if (this.pending === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = () => {
        if (this.pending > 0) return
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve(true)
      }
      const timer = Number.isFinite(patience)
        ? setTimeout(() => {
            this.#waiting.delete(done)
            resolve(false)
          }, patience)
        : undefined
      this.#waiting.add(done)
    })
  }

  /** Leaves the room. What is pending is lost: ask `settled` first. */
  dispose(): void {
    this.#listening.abort()
    clearTimeout(this.#showsSaving)
    clearTimeout(this.#patience)
    this.undo.dispose()
    this.presence.dispose()
    this.annotations.dispose()
    this.#close()
  }

  // --- the document and its connection

  #open(): void {
    const doc = new Y.Doc()
    const layer = new LayerDoc(doc, () => ({ text: this.text, labels: this.article.labelSet.set }))
    const pending = new Pending(layer)
    this.layer = layer
    this.#pendingOf = pending
    layer.onAct((act) => {
      this.#unsaved.push(act)
      this.acts++
    })
    pending.observe(() => this.#count())
    const provider = this.#connect(doc, pending)
    this.annotations.attach(layer)
    // after the copy is up to date: what is told of a change is what it says now
    layer.observe((changed, local) => !local && this.loaded && this.#options.onRemote?.(changed))
    this.presence.attach(provider.awareness)
    this.#close = () => {
      provider.destroy()
      pending.dispose()
      layer.dispose()
      doc.destroy()
    }
  }

  #connect(doc: Y.Doc, pending: Pending): WebsocketProvider {
    const wire = { began: () => pending.connected(), sent: () => pending.sent() }
    const url = `${location.origin.replace(/^http/, 'ws')}/live`
    const provider = new WebsocketProvider(url, this.article.layer.id, doc, {
      connect: false,
      disableBc: true,
      params: this.#params(),
      WebSocketPolyfill: countingSocket(wire, this.#options.socket),
    })
    this.#provider = provider
    this.#hear(provider, pending)
    provider.on('sync', (synced) => {
      if (synced) this.loaded = true
    })
    provider.on('status', ({ status }) => {
      if (status === 'connected') this.#connected = true
      if (status === 'disconnected') this.presence.part()
    })
    provider.on('connection-close', () => (this.#connected = false))
    provider.on('closed', ({ code }) => this.#ended(code))
    provider.connect()
    return provider
  }

  #params(): Record<string, string> {
    const { layer, project } = this.article
    const after = this.standing.position(`project/${project}`)
    return { ack: '1', epoch: String(layer.epoch), after: String(after) }
  }

  #hear(provider: WebsocketProvider, pending: Pending): void {
    const handlers = provider.messageHandlers
    const sync = handlers[messages.sync]!
    handlers[messages.sync] = (encoder, decoder, ...rest) => {
      const vector = vectorOf(decoder)
      if (vector) pending.durable(vector)
      sync(encoder, decoder, ...rest)
    }
    handlers[messages.ack] = (_, decoder) => pending.acknowledged(readAck(decoder))
    handlers[messages.refusal] = (_, decoder) => this.#refused(readRefusal(decoder))
    handlers[messages.fact] = (_, decoder) => this.#takeFact(readFact(decoder))
    handlers[messages.here] = (_, decoder) => (this.here = readHere(decoder))
  }

  #ended(code: number): void {
    if (code === closeCodes.epoch) return void this.#renew()
    this.ending = endings[code] ?? 'malformed'
    if (this.ending === 'sign_in') signInEnded()
  }

  /** The server began a new document: mine is left for it, and what was not acknowledged is written again. */
  async #renew(): Promise<void> {
    const again = this.#pendingOf.count > 0 ? this.#unsaved : []
    const ids = this.#pendingOf.ids
    await this.#refresh()
    if (this.#listening.signal.aborted) return
    this.#close()
    this.#unsaved = []
    this.loaded = false
    this.#open()
    this.undo.attach(this.layer)
    this.#provider.once('sync', () => this.layer.act(() => this.#repeat(again, ids)))
  }

  #repeat(acts: readonly Act[], ids: ReadonlySet<string>): void {
    for (const change of acts.flatMap(({ changes }) => changes)) if (ids.has(change.id)) this.#redo(change)
  }

  #redo({ id, field, before, after, made }: Change): void {
    const now = this.layer.read(id)
    try {
      if (made && !now) this.layer.add(made.content, made)
      else if (now && !made && sameValue(fieldOf(now, field), before)) this.layer.set(id, field, after)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.refusals = [...this.refusals, { key: id, code: error.code, details: error.details, aside: null }]
    }
  }

  // --- what comes over the wire

  #refused(refusal: Refusal): void {
    this.undo.refused(refusal.key)
    this.acts++
    this.refusals = [...this.refusals, refusal]
  }

  #takeFact(fact: FactMessage): void {
    const decided = this.standing.take(fact)
    if (decided === false) return
    this.#provider.params = this.#params()
    if (decided !== null) this.annotations.refresh([decided])
    if (['labels', 'settings', 'members'].includes(fact.kind)) void this.#refresh()
  }

  async #refresh(): Promise<void> {
    try {
      const article = await this.#options.reload()
      if (this.#listening.signal.aborted) return
      this.article = article
      this.standing.restart(article)
      this.annotations.refresh()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      // what is on the page stays; the next fact, or the next visit, asks again
      if (error.code === 'not_found' || error.code === 'forbidden') this.ending = 'forbidden'
    }
  }

  // --- what is not saved yet

  #count(): void {
    const ids = this.#pendingOf.ids
    const changed = [...new Set([...ids, ...this.#pendingIds])].filter((id) => ids.has(id) !== this.#pendingIds.has(id))
    for (const id of changed) if (!this.#pendingIds.delete(id)) this.#pendingIds.add(id)
    this.pending = this.#pendingOf.count
    this.annotations.refresh(changed)
    this.#wait()
    if (this.pending > 0) return
    this.#unsaved = []
    for (const done of [...this.#waiting]) done()
  }

  #wait(): void {
    clearTimeout(this.#patience)
    if (this.pending === 0) {
      clearTimeout(this.#showsSaving)
      this.#showsSaving = undefined
      this.#slow = false
      return
    }
    this.#showsSaving ??= setTimeout(() => (this.#slow = true), SAVING_SHOWS)
    this.#patience = setTimeout(() => this.#probe(), PATIENCE)
  }

  /** Gives up a connection that may be dead without knowing it, and makes another. */
  #probe = (): void => {
    if (this.ending) return
    this.#provider.disconnect()
    this.#provider.connect()
  }

  #listen(): void {
    const { signal } = this.#listening
    addEventListener('beforeunload', (event) => this.pending > 0 && event.preventDefault(), { signal })
    addEventListener('offline', this.#probe, { signal })
    addEventListener('online', () => this.ending || this.#provider.connect(), { signal })
  }
}

/** The state vector of a sync message of step 1, or null. The decoder is left where it was. */
function vectorOf(decoder: decoding.Decoder): Uint8Array | null {
  const ahead = decoding.clone(decoder)
  return decoding.readVarUint(ahead) === 0 ? decoding.readVarUint8Array(ahead) : null
}
