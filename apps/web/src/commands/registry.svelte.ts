import { untrack } from 'svelte'
import type { Command } from './command.ts'

/** The commands of what is on the screen now: the application's own, then each page's, the innermost last. */
class Registry {
  #lists = $state.raw<readonly (readonly Command[])[]>([])

  /** All of them; of two with one id the later stands. */
  get all(): readonly Command[] {
    return [...new Map(this.#lists.flat().map((command) => [command.id, command])).values()]
  }

  add(list: readonly Command[]): () => void {
    this.#lists = [...this.#lists, list]
    return () => {
      this.#lists = this.#lists.filter((other) => other !== list)
    }
  }
}

export const registry = new Registry()

/** Offers commands as long as the component that calls this is on the screen. */
export function useCommands(list: () => readonly Command[]) {
  $effect(() => {
    const offered = list()
    return untrack(() => registry.add(offered))
  })
}
