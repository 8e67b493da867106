import { Problem, type Role } from '@tamga/model'
import { api, ask, onExpired, type AnswerOf } from '../api.ts'
import { lastKnown, noteSignOut, remember, signedOutHere } from '../offline/known.ts'
import { reach } from '../offline/reach.svelte.ts'
import { takenAlong } from '../offline/taken.svelte.ts'
import { askAgain } from '../runes/resource.svelte.ts'
import { leftHere } from '../text/left-here.ts'

export interface Account {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly signInName: string | null
  /** 1 to 8. */
  readonly colour: number
}

/** One of the demo team: entered with one click on the computer that runs the server. */
export interface DemoPerson {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly colour: number
}

type Answer = AnswerOf<Awaited<ReturnType<typeof api.session.$get>>>

/** How long the server may be silent before a page opens with who was here last. */
const PATIENCE = 5000

/** What a tab tells the others of this browser: who is signed in now, or null. */
interface Told {
  readonly account: string | null
}

/** Who is signed in, for the whole page. One there is; `load` it first. */
class Session {
  account = $state.raw<Account | null>(null)
  demo = $state.raw<readonly DemoPerson[]>([])
  /** The address has no encryption and is not this computer's own: worth a warning. */
  plainHttp = $state(false)
  /** Nobody has an account on this server yet. */
  nobody = $state(false)
  loaded = $state(false)
  /** The sign-in ended under an open page: the page stays, and the sign-in is asked over it. */
  expired = $state(false)

  /** The session is bound to the owner who made its link: whose projects it reaches, and until when. */
  bound = $state.raw<Answer['bound']>(null)
  /** Uses of one-time links that were not read of yet, the last first. */
  links = $state.raw<Answer['links']>([])
  /** Whether this session may say that they were read. */
  mayRead = $state(false)

  /** Signed out here, and the server does not know of it yet. */
  leaving = $state(false)
  readonly #tabs = new BroadcastChannel('tamga-session')
  #keeping = Promise.resolve()

  /** Rises whenever somebody signs in or out here: who the server saw before that says nothing any more. */
  #turn = 0

  constructor() {
    onExpired(() => {
      if (!this.account) return
      this.expired = true
      // the page waits for its own person; what was kept here for later does not
      void this.#forget()
    })
    this.#tabs.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(data)
    reach.onBack(() => void this.load().catch(ignoreProblem))
  }

  /** Asks who is signed in; where the server is silent it is who was here last. @throws Problem */
  async load() {
    if (signedOutHere() && !(await this.#tellSignOut())) {
      Object.assign(this, { leaving: true, loaded: true })
      return
    }
    const late = setTimeout(() => void this.#enterLast(), PATIENCE)
    const turn = this.#turn
    try {
      const answer = await ask(api.session.$get())
      if (turn === this.#turn) this.#take(answer)
    } catch (error) {
      const silent = error instanceof Problem && error.code === 'unreachable'
      if (!silent || !(await this.#enterLast())) throw error
    } finally {
      clearTimeout(late)
    }
  }

  /** @throws Problem */
  async signIn(email: string, password: string) {
    this.#become((await ask(api.session.password.$post({ json: { email, password } }))).account)
  }

  /** @throws Problem */
  async enterDemo(person: string) {
    this.#become((await ask(api.session.demo.$post({ json: { person } }))).account)
  }

  /**
   * Signs out here, with or without the server (which is told as soon as it answers), or in every browser.
   * @throws Problem `unreachable` only for every browser
   */
  async signOut(everywhere: boolean) {
    if (everywhere) await ask(api.sessions.$delete())
    else this.leaving = !(await this.#tellSignOut())
    // before the page says so: whoever opens this browser next, without a network too, does not meet the name
    await this.#forget()
    this.#become(null)
    this.#tell(null)
    if (!this.leaving) await this.load()
  }

  /** Tells the server of a sign-out; false where it does not answer: nobody comes in by the cookie until it was told. */
  async #tellSignOut(): Promise<boolean> {
    noteSignOut(true)
    try {
      await Promise.race([ask(api.session.$delete()), silence()])
    } catch (error) {
      if (error instanceof Problem && error.code === 'unreachable') return false
      noteSignOut(false)
      throw error
    }
    noteSignOut(false)
    this.leaving = false
    return true
  }

  /** Takes everybody's articles out of this browser, and names of which no edit is left. */
  #forget(): Promise<void> {
    return this.#inTurn(async () => {
      await remember(null)
      await takenAlong.clearOthers(null)
      await leftHere(null)
    })
  }

  /** One after the other: what somebody who left takes along is never what the next one keeps. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const next = this.#keeping.then(act)
    this.#keeping = next.catch(() => {})
    return next
  }

  /** Another tab of this browser signed out, or in: its cookie is this tab's too. */
  #hear({ account }: Told) {
    if (account === (this.account?.id ?? null)) {
      // its own person signed in again
      if (account !== null && this.expired) this.#enter(this.account)
      return
    }
    // the page is gone with its person; what was not sent stays in the outbox of its own
    if (this.account) this.#become(null, false)
    if (account !== null) void this.load().catch(ignoreProblem)
  }

  #tell(account: string | null) {
    this.#tabs.postMessage({ account } satisfies Told)
  }

  /** @throws Problem */
  async rename(name: string) {
    this.#become((await ask(api.account.$patch({ json: { name } }))).account)
  }

  /** `current` is null for who came by a link and has no password yet. @throws Problem */
  async changePassword(current: string | null, next: string) {
    this.#become((await ask(api.account.$patch({ json: { password: { current, next } } }))).account)
  }

  /** What a used ticket answered. */
  entered(account: Account) {
    this.#become(account)
  }

  /** Says that the uses of links were read. @throws Problem */
  async readLinks() {
    await ask(api.session.links.read.$post({ json: { links: this.links.map(({ id }) => id) } }))
    this.links = []
  }

  #take({ account, demo, plainHttp, nobody, bound, links, mayRead }: Answer) {
    Object.assign(this, { demo, plainHttp, nobody, bound, links, mayRead, loaded: true })
    // a page that stands open is its reader's: it is not shut, the sign-in is asked over it
    if (!account && this.account) this.expired = true
    else this.#enter(account)
  }

  async #enterLast(): Promise<boolean> {
    if (this.loaded) return true
    if (signedOutHere()) return false
    const known = await lastKnown()
    if (!known) return false
    // the answer may have come while the browser looked
    if (this.loaded) return true
    void takenAlong.of(known.id)
    Object.assign(this, { account: { ...known, email: null, signInName: null }, loaded: true })
    return true
  }

  #become(account: Account | null, keeps = true) {
    this.#turn += 1
    if (account) {
      // the server ended the session before with this sign-in
      noteSignOut(false)
      this.leaving = false
      this.#tell(account.id)
    }
    this.#enter(account, keeps)
    Object.assign(this, { bound: null, links: [], mayRead: false })
    // what the page says of links is asked for apart
    if (account) void this.load().catch(ignoreProblem)
  }

  /** `keeps` false leaves to another tab what this browser keeps. */
  #enter(account: Account | null, keeps = true) {
    this.account = account
    this.expired = false
    if (keeps) void this.#keepOnly(account)
    else void takenAlong.of(account?.id ?? null)
    askAgain()
  }

  /** What this browser keeps is this person's alone from now on. */
  #keepOnly(account: Account | null): Promise<void> {
    const id = account?.id ?? null
    return this.#inTurn(async () => {
      await remember(account && { id: account.id, name: account.name, colour: account.colour })
      await takenAlong.clearOthers(id)
      await takenAlong.of(id)
      if (account) void takenAlong.check()
      await leftHere(id)
    })
  }
}

const silence = () => new Promise<never>((_, reject) => setTimeout(() => reject(new Problem('unreachable')), PATIENCE))

function ignoreProblem(error: unknown) {
  if (!(error instanceof Problem)) throw error
}

export const session = new Session()
