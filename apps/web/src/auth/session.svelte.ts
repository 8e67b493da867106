import { Problem, type Role } from '@tamga/model'
import { api, ask, onExpired, type AnswerOf } from '../api.ts'
import { lastKnown, remember } from '../offline/known.ts'
import { reach } from '../offline/reach.svelte.ts'
import { takenAlong } from '../offline/taken.svelte.ts'
import { askAgain } from '../runes/resource.svelte.ts'

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

  /** Rises whenever somebody signs in or out here: who the server saw before that says nothing any more. */
  #turn = 0

  constructor() {
    onExpired(() => {
      if (this.account) this.expired = true
    })
    reach.onBack(() => void this.load().catch(ignoreProblem))
  }

  /** Asks who is signed in; where the server is silent it is who was here last. @throws Problem */
  async load() {
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

  /** Signs out here, or in every browser. @throws Problem */
  async signOut(everywhere: boolean) {
    await (everywhere ? ask(api.sessions.$delete()) : ask(api.session.$delete()))
    // before the page says so: whoever opens this browser next, without a network too, does not meet the name
    await remember(null)
    if (this.account) await takenAlong.clear(this.account.id)
    this.#become(null)
    await this.load()
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
    const known = await lastKnown()
    if (!known) return false
    // the answer may have come while the browser looked
    if (this.loaded) return true
    void takenAlong.of(known.id)
    Object.assign(this, { account: { ...known, email: null, signInName: null }, loaded: true })
    return true
  }

  #become(account: Account | null) {
    this.#turn += 1
    this.#enter(account)
    Object.assign(this, { bound: null, links: [], mayRead: false })
    // what the page says of links is asked for apart
    if (account) void this.load().catch(ignoreProblem)
  }

  #enter(account: Account | null) {
    this.account = account
    this.expired = false
    void takenAlong.of(account?.id ?? null).then(() => account && takenAlong.check())
    void remember(account && { id: account.id, name: account.name, colour: account.colour })
    askAgain()
  }
}

function ignoreProblem(error: unknown) {
  if (!(error instanceof Problem)) throw error
}

export const session = new Session()
