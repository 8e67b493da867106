import { Problem, type Language } from '@tamga/model'
import {
  correctLanguage,
  discardImport,
  dropFile,
  listFiles,
  loadMore,
  openImport,
  publishImport,
  sendFile,
  type StagedFile,
} from './imports.ts'

/** A file on its way to the server. */
export class Sending {
  readonly name: string
  share = $state(0)
  readonly #stop = new AbortController()

  constructor(name: string) {
    this.name = name
  }

  get signal() {
    return this.#stop.signal
  }

  stop() {
    this.#stop.abort()
  }
}

/** What one sees while adding articles: files on their way, files that were read, what went wrong with whole files. */
export class ImportDesk {
  readonly #project: string
  #import: string | null = null
  #opening: Promise<string> | null = null
  /** The last file in the queue, whichever choice it came by. */
  #turn: Promise<void> = Promise.resolve()
  /** True when a file went without an answer: the server may hold what is not shown here. */
  #unsure = false
  sending = $state.raw<readonly Sending[]>([])
  files = $state.raw<readonly StagedFile[]>([])
  stopped = $state.raw<readonly string[]>([])
  failed = $state.raw<readonly { readonly file: string; readonly problem: Problem }[]>([])
  /** How many articles were added, once they were. */
  published = $state<number | null>(null)

  constructor(project: string) {
    this.#project = project
  }

  get articles(): number {
    return this.files.reduce((sum, file) => sum + file.articles, 0)
  }

  get refused(): readonly StagedFile[] {
    return this.files.filter((file) => file.refused > 0)
  }

  get ready(): boolean {
    return this.articles > 0 && this.refused.length === 0 && this.sending.length === 0
  }

  /** True while leaving the page would lose what was read. */
  get unsafe(): boolean {
    return this.published === null && (this.files.length > 0 || this.sending.length > 0)
  }

  /** Reads files one after the other, so that one that is stopped or refused does not hold up the rest. */
  async add(list: readonly File[]) {
    this.stopped = []
    this.failed = []
    this.published = null
    const queue = list.map((file) => ({ file, sending: new Sending(file.name) }))
    this.sending = [...this.sending, ...queue.map(({ sending }) => sending)]
    for (const { file, sending } of queue) this.#turn = this.#turn.then(() => this.#send(file, sending))
    await this.#turn
  }

  async #send(file: File, sending: Sending) {
    try {
      sending.signal.throwIfAborted()
      const id = await this.#open()
      await this.#settle()
      this.#unsure = true
      const read = await sendFile(id, file, (share) => (sending.share = share), sending.signal)
      this.#unsure = false
      this.files = [...this.files, ...read]
    } catch (error) {
      if (error instanceof Problem) this.failed = [...this.failed, { file: sending.name, problem: error }]
      else if (!sending.signal.aborted) throw error
      // should this fail, the next file or the publication does it
      await this.#settle().catch(() => undefined)
      if (!(error instanceof Problem)) this.stopped = [...this.stopped, sending.name]
    } finally {
      this.sending = this.sending.filter((other) => other !== sending)
    }
  }

  /** Drops what the server holds and nobody sees here: files that were stopped, or whose answer was lost. @throws Problem */
  async #settle() {
    const id = this.#import
    if (!this.#unsure || id === null) return
    const shown = new Set(this.files.map((file) => file.id))
    const unseen = (await listFiles(id)).filter((file) => !shown.has(file.id))
    for (const file of unseen) await dropFile(id, file.id).catch(unlessGone)
    this.#unsure = false
  }

  async #open(): Promise<string> {
    if (this.#import !== null) return this.#import
    this.#opening ??= openImport(this.#project)
    try {
      this.#import = await this.#opening
    } finally {
      this.#opening = null
    }
    return this.#import
  }

  /** @throws Problem */
  async drop(file: StagedFile) {
    await dropFile(await this.#open(), file.id)
    this.files = this.files.filter((other) => other.id !== file.id)
  }

  /** Corrects the language of an article, or by a file's id of all its articles. @throws Problem */
  async correct(ids: readonly string[], language: Language | null) {
    const corrected = await correctLanguage(await this.#open(), Object.fromEntries(ids.map((id) => [id, language])))
    this.files = this.files.map((file) => keepLength(file, corrected) ?? file)
  }

  /** @throws Problem */
  async more(file: StagedFile) {
    const { preview } = await loadMore(await this.#open(), file.id, file.preview.length)
    this.files = this.files.map((other) =>
      other.id === file.id ? { ...file, preview: [...file.preview, ...preview] } : other,
    )
  }

  /** @throws Problem */
  async publish() {
    const id = await this.#open()
    await this.#settle()
    this.published = await publishImport(id)
    this.#forget()
  }

  /** @throws Problem */
  async discard() {
    for (const sending of this.sending) sending.stop()
    if (this.#import !== null) await discardImport(this.#import)
    this.#forget()
  }

  #forget() {
    this.#import = null
    this.#unsure = false
    this.files = []
    this.stopped = []
    this.failed = []
  }
}

/** The server dropped the file by itself. */
function unlessGone(error: unknown) {
  if (!(error instanceof Problem) || error.code !== 'import_gone') throw error
}

/** The corrected file, with the articles beyond its first hundred as they were shown. */
function keepLength(shown: StagedFile, corrected: readonly StagedFile[]): StagedFile | undefined {
  const file = corrected.find(({ id }) => id === shown.id)
  return file && { ...file, preview: [...file.preview, ...shown.preview.slice(file.preview.length)] }
}
