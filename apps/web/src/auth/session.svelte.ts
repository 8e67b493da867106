import type { Role } from '@tamga/model'
import { api, ask, onExpired } from '../api.ts'
import { askAgain } from '../runes/resource.svelte.ts'

export interface Account {
  readonly id: string
  readonly name: string
  readonly email: string | null
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

/** Who is signed in, for the whole page. One there is; `load` it first. */
class Session {
  account = $state.raw<Account | null>(null)
  demo = $state.raw<readonly DemoPerson[]>([])
  /** The address has no encryption and is not this computer's own: worth a warning. */
  plainHttp = $state(false)
  loaded = $state(false)
  /** The sign-in ended under an open page: the page stays, and the sign-in is asked over it. */
  expired = $state(false)

  constructor() {
    onExpired(() => {
      if (this.account) this.expired = true
    })
  }

  /** @throws Problem */
  async load() {
    const { account, demo, plainHttp } = await ask(api.session.$get())
    Object.assign(this, { demo, plainHttp, loaded: true })
    this.#enter(account)
  }

  /** @throws Problem */
  async signIn(email: string, password: string) {
    this.#enter((await ask(api.session.password.$post({ json: { email, password } }))).account)
  }

  /** @throws Problem */
  async enterDemo(person: string) {
    this.#enter((await ask(api.session.demo.$post({ json: { person } }))).account)
  }

  /** Signs out here, or in every browser. @throws Problem */
  async signOut(everywhere: boolean) {
    await (everywhere ? ask(api.sessions.$delete()) : ask(api.session.$delete()))
    this.#enter(null)
    await this.load()
  }

  /** @throws Problem */
  async rename(name: string) {
    this.#enter((await ask(api.account.$patch({ json: { name } }))).account)
  }

  /** `current` is null for who came by a link and has no password yet. @throws Problem */
  async changePassword(current: string | null, next: string) {
    this.#enter((await ask(api.account.$patch({ json: { password: { current, next } } }))).account)
  }

  /** What a used ticket answered. */
  entered(account: Account) {
    this.#enter(account)
  }

  #enter(account: Account | null) {
    this.account = account
    this.expired = false
    askAgain()
  }
}

export const session = new Session()
