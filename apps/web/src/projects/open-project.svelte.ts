import { untrack } from 'svelte'
import { place } from '../runes/router.svelte.ts'
import { Resource } from '../runes/resource.svelte.ts'
import { Lobby, type Fact } from './lobby.svelte.ts'
import { loadProject, type Member, type Project } from './project.ts'

const SETTLE = 300

/**
 * The project that the address names, kept up to date by its lobby: make one while a page of the project is being set
 * up. Pages that have more to refresh say so by `follow`.
 */
export class OpenProject {
  readonly data: Resource<string, Project>
  lobby = $state.raw<Lobby | null>(null)
  /** What the lobby tells of begins behind this number. */
  #since = 0
  readonly #followers = new Set<(fact: Fact) => void>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.data = new Resource(() => place.param('project'), loadProject)
    const id = $derived(this.data.value?.id)
    $effect(() => {
      if (id === undefined) return
      const happened = (fact: Fact) => this.#happened(fact)
      // the lobby keeps its own count from here: what comes anew does not open another
      this.#since = untrack(() => this.#seen())
      const lobby = new Lobby(id, this.#since, happened, () => void this.data.reload())
      this.lobby = lobby
      return () => {
        clearTimeout(this.#timer)
        lobby.close()
        this.lobby = null
      }
    })
  }

  /** Everybody who takes part and is in an article of the project now. */
  get present(): readonly Member[] {
    const here = new Set(Object.values(this.lobby?.here ?? {}).flat())
    return this.data.value?.members.filter((member) => here.has(member.account)) ?? []
  }

  member(account: string): Member | undefined {
    return this.data.value?.members.find((member) => member.account === account)
  }

  /** Calls back for each fact of the project as long as the page stands. */
  follow(happened: (fact: Fact) => void) {
    $effect(() => {
      this.#followers.add(happened)
      return () => this.#followers.delete(happened)
    })
  }

  /** Asks once more for what was read before the project was: of the facts between the two the lobby does not tell. */
  keepUp(list: Resource<string, { readonly at: Project['at'] }>) {
    $effect(() => {
      const { value } = list
      if (value && this.lobby && (value.at[this.#scope] ?? 0) < this.#since) untrack(() => void list.reload())
    })
  }

  get #scope(): string {
    return `project/${place.param('project')}`
  }

  #seen(): number {
    return this.data.value?.at[this.#scope] ?? 0
  }

  /** Facts come in bursts (a nest approved at once): the project is asked again when they have settled. */
  #happened(fact: Fact) {
    for (const happened of this.#followers) happened(fact)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.data.reload(), SETTLE)
  }
}
