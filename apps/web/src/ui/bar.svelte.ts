import type { Snippet } from 'svelte'

/** One step of the way to this page: the last one is the page itself and has no address. */
export interface Crumb {
  readonly label: string
  readonly href?: string
}

/** What a page puts into the bar at the top: the way to it, who is there, whether all is saved, its acts. */
export interface BarContent {
  readonly crumbs: readonly Crumb[]
  readonly people?: Snippet | undefined
  readonly saved?: Snippet | undefined
  readonly actions?: Snippet | undefined
}

const empty: BarContent = { crumbs: [] }

class Bar {
  content = $state.raw<BarContent>(empty)
  // No state: what a clean-up reads of a state is what stood before the change it belongs to.
  #latest = empty

  /** The page's content stands until it calls what it gets back. */
  show(content: BarContent): () => void {
    this.content = this.#latest = content
    return () => {
      if (this.#latest === content) this.content = this.#latest = empty
    }
  }
}

export const bar = new Bar()
