import { closeCodes, insist, LayerDoc, liveLimits, messages, OwnUndo, Pending } from '@tamga/collab'
import { readAck, readDisk, readFact, readHere, readKey, readRefusal } from '@tamga/collab'
import type { FactMessage, Here, Refusal, Unsent } from '@tamga/collab'
import { can, ID_BYTES, idFrom, labelById, Problem, type Annotation } from '@tamga/model'
import * as decoding from 'lib0/decoding'
import { SvelteSet } from 'svelte/reactivity'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { signInEnded } from '../api.ts'
import { Annotations } from './annotations.svelte.ts'
import type { Article } from './article.ts'
import { Asides, type Aside, type AsideDesk } from './asides.svelte.ts'
import { outboxOf, type LostHere, type Outbox } from './outbox.ts'
import { OwnEdits } from './own-edits.ts'
import { quoteOf } from './quote.ts'
import { Presence } from './presence.svelte.ts'
import { Reconnect } from './reconnect.ts'
import { countingSocket } from './socket.ts'
import { Standing } from './standing.svelte.ts'
import { takenDoc } from './taken.ts'
import { onTick } from './wake.ts'

/**
 * What the page says at the top: all is in the server's database, some is on its way, the server's disk is full, or nothing
 * gets through.
 */
export type Saved = 'saved' | 'saving' | 'full' | 'offline' | 'expired'

/** Why the room ended for good, until somebody does something about it. */
export type Ending = 'sign_in' | 'forbidden' | 'revision' | 'erased' | 'malformed' | 'limits'

const endings: Readonly<Record<number, Ending>> = {
  [closeCodes.malformed]: 'malformed',
  [closeCodes.signIn]: 'sign_in',
  [closeCodes.notYours]: 'forbidden',
  [closeCodes.revision]: 'revision',
  [closeCodes.erased]: 'erased',
  [closeCodes.limits]: 'limits',
}

/** After these nothing of this page is ever sent. */
const hopeless = new Set<Ending>(['forbidden', 'revision', 'erased', 'malformed'])

// A save that is quicker than this is not worth a word.
const SAVING_SHOWS = 400
// An edit that is not acknowledged for so long means a connection that is dead without knowing it.
const PATIENCE = 6000
// The server says something every 20 s: who heard nothing for so long talks to nobody.
const SILENCE = 45_000
// The same for a page that comes into view: it may have slept.
const SHORT_SILENCE = 25_000

/** What came of own edits when the server's database was put back to an earlier state. */
export interface Restored {
  /** What had not been acknowledged and was sent again, one a key. */
  readonly sent: readonly Unsent[]
  /** How many of them could not be written again: they wait in the list of what does not stand. */
  readonly lost: number
}

export interface RoomOptions {
  /**
   * Loads the article again from the server, never from a copy: a new document began, labels, people or settings changed,
   * or the network is to be tried. Throws `unreachable` without one.
   */
  readonly reload: () => Promise<Article>
  /** The account of who is here. */
  readonly me: string
  /** Somebody else changed these annotations. */
  readonly onRemote?: (changed: ReadonlySet<string>) => void
  /** The socket to connect by; the browser's own if it is left out. */
  readonly socket?: typeof WebSocket
  /**
   * The annotations that were taken along with the article: the page opens without network, on a document that is never
   * synced. What was not sent is shown in it, and as soon as `reload` answers the room joins with a fresh one.
   */
  readonly taken?: readonly Annotation[]
  /** Where own edits are kept until they are durable; this browser's for `me` if it is left out. */
  readonly outbox?: Outbox
  /** The server's list of what was not let stand; the API's if it is left out. */
  readonly desk?: AsideDesk
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
  /** How many edits are on their way to the server's database, those that were left from before among them. */
  pending = $state(0)
  ending = $state.raw<Ending | null>(null)
  /** Edits that cannot be sent as things stand: no right to mark any more, or a text that was replaced. */
  stuck = $state.raw<readonly Unsent[]>([])
  /** The server's database was put back to an earlier state under this page, until that was read. */
  restored = $state.raw<Restored | null>(null)
  /** False if this browser keeps nothing: what is pending lives as long as the tab. */
  keeps = $state(true)
  /** Who has which article of the project open: accounts by article. */
  here = $state.raw<Here>({})
  /** Rises with every act, undo and redo, so that what names the next undo is read again. */
  acts = $state(0)
  readonly saved: Saved = $derived.by(() => {
    if (this.ending === 'sign_in') return 'expired'
    if (!this.#connected || this.ending) return 'offline'
    if (this.#diskFull) return 'full'
    return this.#slow ? 'saving' : 'saved'
  })
  readonly annotations: Annotations
  readonly presence: Presence
  readonly standing: Standing
  readonly undo: OwnUndo
  /** What was not let stand or could not be sent, until somebody says what becomes of it. */
  readonly asides: Asides
  readonly #options: RoomOptions
  readonly #outbox: Outbox
  readonly #edits: OwnEdits
  readonly #reconnect = new Reconnect(() => this.#dial())
  readonly #listening = new AbortController()
  readonly #pendingIds = new SvelteSet<string>()
  readonly #waiting = new Set<() => void>()
  #connected = $state(true)
  #slow = $state(false)
  #diskFull = $state(false)
  #provider: WebsocketProvider | null = null
  #pendingOf!: Pending
  // of the document: the article may be loaded anew, with a later number, while an older document is open
  #epoch = 0
  #close = () => {}
  // the document is to be given up for a fresh one before anything is sent
  #stale: boolean
  #renewing = false
  // the database was put back, and this page has not yet said so
  #isRestored = false
  #heardAt = performance.now()
  #showsSaving: ReturnType<typeof setTimeout> | undefined
  #patience: ReturnType<typeof setTimeout> | undefined

  constructor(article: Article, options: RoomOptions) {
    this.article = article
    this.#options = options
    this.standing = new Standing(article)
    this.presence = new Presence(
      options.me,
      (account) => this.article.members.find((member) => member.account === account)?.name,
    )
    this.annotations = new Annotations(() => ({
      text: article.revision.text,
      quorum: this.article.settings.quorum,
      ownApproval: this.article.settings.ownApproval,
      rulingsOf: (id) => this.standing.rulings.get(id) ?? [],
      isPending: (id) => this.#pendingIds.has(id),
    }))
    this.#outbox = options.outbox ?? outboxOf(options.me)
    this.asides = new Asides({ article: article.id, me: options.me, outbox: this.#outbox, desk: options.desk })
    this.#edits = new OwnEdits(
      this.#outbox,
      () => this.article,
      (id) => this.#describe(id),
      () => this.#count(),
    )
    this.#stale = options.taken !== undefined
    this.#connected = !this.#stale
    this.#open(options.taken)
    this.undo = new OwnUndo(this.layer)
    if (this.#stale) this.#reconnect.lost()
    this.#listen()
    void this.#adopt()
    void this.asides.loadHere()
  }

  get text(): string {
    return this.article.revision.text
  }

  /** A fresh id for an annotation. */
  newId(): string {
    return idFrom(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  }

  /** May somebody of this role write here, as far as is known? */
  get #mayWrite(): boolean {
    return can(this.article.role, 'annotate') && (this.ending === null || !hopeless.has(this.ending))
  }

  /** Connects again after an ending: somebody signed in, or tries once more. What is pending goes along. */
  resume(): void {
    // too much at once: a fresh document takes it in parts
    if (this.ending === 'limits') this.#stale = true
    this.ending = null
    this.#reconnect.stop()
    this.#dial()
  }

  /** Writes what was set aside once more, in my name and over whatever stands. @throws Problem */
  async again(aside: Aside): Promise<void> {
    if (!aside.value) throw new Problem('annotation_malformed')
    insist(this.layer, { key: aside.key, value: aside.value[0] })
    await this.asides.done(aside)
  }

  /** Forgets an edit that cannot be sent. */
  dropStuck(edit: Unsent): void {
    this.#edits.forget(edit)
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

  /** Leaves the room. What is pending stays in this browser, if that keeps anything: ask `settled` first. */
  dispose(): void {
    this.#listening.abort()
    this.#reconnect.stop()
    this.#edits.dispose()
    clearTimeout(this.#showsSaving)
    clearTimeout(this.#patience)
    this.undo.dispose()
    this.presence.dispose()
    this.annotations.dispose()
    this.#close()
  }

  // --- the document and its connection

  #open(taken?: readonly Annotation[]): void {
    const doc = taken ? takenDoc(taken) : new Y.Doc()
    const layer = new LayerDoc(doc, () => ({ text: this.text, labels: this.article.labelSet.set }))
    const pending = new Pending(layer)
    this.layer = layer
    this.#epoch = this.article.layer.epoch
    this.#pendingOf = pending
    layer.onAct((act) => {
      this.#edits.record(act, doc.clientID, Y.getState(doc.store, doc.clientID))
      this.acts++
    })
    pending.observe(() => this.#settle())
    const provider = taken ? null : this.#connect(doc, pending)
    this.annotations.attach(layer)
    // after the copy is up to date: what is told of a change is what it says now
    layer.observe((changed, local) => !local && this.loaded && this.#options.onRemote?.(changed))
    if (provider) this.presence.attach(provider.awareness)
    else this.loaded = true
    this.#close = () => {
      this.#provider = null
      provider?.destroy()
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
      params: this.#params(doc),
      WebSocketPolyfill: countingSocket(wire, this.#options.socket),
    })
    this.#provider = provider
    const { clientID } = doc
    // another page writes under the same id, and Yjs has chosen another, which was not announced
    doc.on('afterTransactionCleanup', () => {
      if (doc.clientID === clientID || provider !== this.#provider) return
      // the provider says goodbye under the first
      doc.clientID = clientID
      this.#giveUp()
    })
    this.#hear(provider, pending)
    provider.on('sync', (synced) => synced && this.#joined())
    provider.on('status', ({ status }) => {
      if (status === 'connected') this.#stands()
      if (status === 'disconnected') this.presence.part()
    })
    provider.on('connection-close', (event) => this.#broke(provider, event?.code ?? null))
    provider.on('closed', ({ code }) => this.#ended(code))
    provider.connect()
    return provider
  }

  #describe(id: string): { quote: string; label: string } {
    const content = this.layer.read(id)?.content
    if (!content) return { quote: '', label: '' }
    const label = labelById(this.article.labelSet.set, content.label)?.code ?? content.label
    return { quote: quoteOf(this.text, content), label }
  }

  #stands(): void {
    this.#connected = true
    // said again to whoever comes back while it is so
    this.#diskFull = false
    this.#heardAt = performance.now()
    this.#reconnect.opened()
  }

  /** The connection broke, or did not come about. When it is dialled again is ours to say, not the provider's. */
  #broke(provider: WebsocketProvider, code: number | null): void {
    this.#connected = false
    if (provider !== this.#provider) return
    provider.shouldConnect = false
    if (code === null || code < 4400 || code > 4499) this.#reconnect.lost()
  }

  #dial(): void {
    if (this.ending || this.#listening.signal.aborted) return
    // sent at once it would be too much for one step 2: a fresh document takes it in parts
    if (this.#edits.written.length > liveLimits.offlineEdits) this.#stale = true
    if (this.#stale) void this.#renew()
    else this.#provider?.connect()
  }

  /** The document is what the server keeps, and what was written here before. */
  #joined(): void {
    if (!this.loaded) this.layer.begin()
    this.loaded = true
    this.#settle()
    const { waiting } = this.#edits
    const lost = this.#writeWaiting()
    if (this.#isRestored) this.#tellRestored(waiting, lost.length)
    void this.#adopt()
    void this.asides.load()
  }

  #tellRestored(waiting: readonly Unsent[], lost: number): void {
    this.#isRestored = false
    const written = new Set(this.#edits.written.map(({ key }) => key))
    const sent = new Map(waiting.filter(({ key }) => written.has(key)).map((edit) => [edit.key, edit]))
    // a second restore may come before the first was read
    for (const edit of this.restored?.sent ?? []) if (!sent.has(edit.key)) sent.set(edit.key, edit)
    this.restored = { sent: [...sent.values()], lost: lost + (this.restored?.lost ?? 0) }
  }

  #params(doc: Y.Doc): Record<string, string> {
    const { project } = this.article
    const after = this.standing.position(`project/${project}`)
    // whose page it is: another's session in the same browser must not send what I wrote
    // the id under which this document is written in, and which page it is of: one that is taken is another's
    const own = { client: String(doc.clientID), page: this.#edits.tab }
    return { ack: '1', epoch: String(this.#epoch), after: String(after), as: this.#options.me, ...own }
  }

  #hear(provider: WebsocketProvider, pending: Pending): void {
    const handlers = provider.messageHandlers
    const sync = handlers[messages.sync]!
    handlers[messages.sync] = (encoder, decoder, ...rest) => {
      const vector = vectorOf(decoder)
      if (vector && pending.isAheadOf(vector)) return this.#comeToRestored()
      if (vector) pending.durable(vector)
      sync(encoder, decoder, ...rest)
    }
    handlers[messages.ack] = (_, decoder) => pending.acknowledged(readAck(decoder))
    handlers[messages.refusal] = (_, decoder) => this.#refused(readRefusal(decoder))
    handlers[messages.fact] = (_, decoder) => this.#takeFact(readFact(decoder))
    handlers[messages.disk] = (_, decoder) => (this.#diskFull = readDisk(decoder))
    handlers[messages.here] = (_, decoder) => (this.here = readHere(decoder))
    provider.messageHandlers = handlers.map((handle): typeof handle => (...message) => {
      this.#heardAt = performance.now()
      handle(...message)
    })
  }

  #ended(code: number): void {
    if (code === closeCodes.history) return this.#comeToRestored()
    // a document of its own has a client id of its own
    if (code === closeCodes.epoch || code === closeCodes.clientTaken) return this.#giveUp()
    this.#end(endings[code] ?? 'malformed')
  }

  /**
   * The database was put back to an earlier state: of this document nothing is sent but what was not acknowledged, and that
   * through a fresh one.
   */
  #comeToRestored(): void {
    this.#isRestored = true
    this.#giveUp()
  }

  /** Takes a fresh document in place of this one. */
  #giveUp(): void {
    this.#stale = true
    // nothing more of it is sent
    this.#provider?.disconnect()
    this.#reconnect.stop()
    // one that was turned away before it was filled is not followed by the next at full speed
    if (this.loaded) void this.#renew()
    else this.#reconnect.lost()
  }

  #end(ending: Ending): void {
    this.ending = ending
    this.#connected = false
    if (ending === 'sign_in') signInEnded()
    // sent again it would end the same way
    if (ending === 'malformed') this.asides.add(this.#edits.giveUp('annotation_malformed'))
    this.#count()
  }

  /** A fresh document in place of this one; what is not durable is written into it once it is filled. */
  async #renew(): Promise<void> {
    if (this.#renewing) return
    this.#renewing = true
    const loaded = await this.#refresh()
    this.#renewing = false
    if (this.#listening.signal.aborted || this.ending) return
    if (!loaded) return this.#reconnect.lost()
    this.#stale = false
    this.#close()
    this.#edits.startAgain()
    this.loaded = false
    this.#open()
    this.undo.attach(this.layer)
  }

  // --- what is left from before

  async #adopt(): Promise<void> {
    this.asides.add(await this.#edits.adopt())
    if (!this.#listening.signal.aborted) this.#writeWaiting()
  }

  /** Writes what waits into the document. Answers what could not be written. */
  #writeWaiting(): readonly LostHere[] {
    let lost: LostHere[] = []
    if (!this.loaded || !this.#mayWrite) return lost
    const isSent = this.#provider !== null
    this.undo.unremembered(() => {
      if (isSent) lost = this.#edits.writeInto(this.layer)
      else this.#edits.showIn(this.layer)
    })
    this.asides.add(lost)
    return lost
  }

  // --- what comes over the wire

  #refused(refusal: Refusal): void {
    this.undo.refused(refusal.key)
    this.acts++
    this.asides.refused(refusal, this.#edits.lostUnder(refusal.key, refusal.code, refusal.details))
  }

  #takeFact(fact: FactMessage): void {
    const decided = this.standing.take(fact)
    if (decided === false) return
    if (this.#provider) this.#provider.params = this.#params(this.#provider.doc)
    if (fact.kind === 'asides' && isAbout(fact, this.article.id)) void this.asides.load()
    if (decided !== null) this.annotations.refresh([decided])
    if (['labels', 'settings', 'members'].includes(fact.kind)) void this.#refresh()
  }

  /** True if the article is loaded anew. */
  async #refresh(): Promise<boolean> {
    try {
      const known = this.standing.position(`project/${this.article.project}`)
      const article = await this.#options.reload()
      if (this.#listening.signal.aborted) return false
      if (article.revision.id !== this.article.revision.id) {
        this.#end('revision')
        return false
      }
      const scope = `project/${article.project}`
      const at = article.at[scope] ?? 0
      // less than was known before it was asked for: the database was put back
      const wentBack = at < known
      // overtaken by the answer to a later question
      if (!wentBack && at < (this.article.at[scope] ?? 0)) return true
      this.article = article
      if (wentBack || this.#isRestored) this.standing.begin(article)
      else this.standing.restart(article)
      if (wentBack && !this.#isRestored) this.#comeToRestored()
      this.annotations.refresh()
      this.#count()
      this.#writeWaiting()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      // what is on the page stays; the next fact, or the next visit, asks again
      if (error.code === 'article_erased') this.#end('erased')
      else if (error.code === 'not_found' || error.code === 'forbidden') this.#end('forbidden')
      if (error.code === 'sign_in') this.#end('sign_in')
      return false
    }
  }

  // --- what is not saved yet

  /** Forgets what has become durable. */
  #settle(): void {
    const { id, epoch } = this.article.layer
    const { store } = this.layer.doc
    // a document that was filled by the server holds of other clients what the server holds
    const isDurable = ({ client, clock }: Unsent) =>
      this.#pendingOf.isDurable(client, clock) ||
      (this.loaded &&
        this.#provider !== null &&
        client !== this.layer.doc.clientID &&
        Y.getState(store, client) >= clock)
    this.#edits.settle((edit) => edit.layer === id && edit.epoch === epoch && isDurable(edit))
    this.#count()
  }

  #count(): void {
    const { written, waiting } = this.#edits
    const ids = new Set([...written, ...waiting].flatMap(({ key }) => readKey(key)?.id ?? []))
    const changed = [...new Set([...ids, ...this.#pendingIds])].filter((id) => ids.has(id) !== this.#pendingIds.has(id))
    for (const id of changed) if (!this.#pendingIds.delete(id)) this.#pendingIds.add(id)
    this.stuck = this.#mayWrite ? [] : [...waiting, ...written]
    this.pending = this.#mayWrite ? written.length + waiting.length : 0
    this.annotations.refresh(changed)
    this.#wait()
    if (this.pending === 0) for (const done of [...this.#waiting]) done()
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
    // a server whose disk is full acknowledges nothing and is there
    this.#patience = setTimeout(() => this.#connected && !this.#diskFull && this.#probe(), PATIENCE)
  }

  /** Gives up a connection that may be dead without knowing it, and makes another. */
  #probe = (): void => {
    if (this.ending || !this.#provider) return
    this.#provider.disconnect()
    this.#reconnect.stop()
    this.#dial()
  }

  /** Time passed, or the page came into view: is anybody still on the line? */
  #look(patience: number): void {
    if (this.#connected && performance.now() - this.#heardAt > patience) this.#probe()
  }

  #listen(): void {
    const { signal } = this.#listening
    addEventListener('beforeunload', (event) => this.pending > 0 && event.preventDefault(), { signal })
    addEventListener('offline', this.#probe, { signal })
    addEventListener('online', this.#reconnect.hurry, { signal })
    document.addEventListener('visibilitychange', () => this.#comesIntoView(), { signal })
    onTick((jumped) => {
      void this.#adopt()
      if (jumped) this.#reconnect.hurry()
      this.#look(jumped ? 0 : SILENCE)
    }, signal)
    const stop = this.#outbox.observe(() => (this.keeps = this.#outbox.works))
    signal.addEventListener('abort', stop)
  }

  #comesIntoView(): void {
    if (document.visibilityState !== 'visible') return
    this.#reconnect.hurry()
    this.#look(SHORT_SILENCE)
  }
}

const isAbout = ({ payload }: FactMessage, article: string): boolean =>
  (payload as { readonly article?: string } | null)?.article === article

/** The state vector of a sync message of step 1, or null. The decoder is left where it was. */
function vectorOf(decoder: decoding.Decoder): Uint8Array | null {
  const ahead = decoding.clone(decoder)
  return decoding.readVarUint(ahead) === 0 ? decoding.readVarUint8Array(ahead) : null
}
