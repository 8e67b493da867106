import { untrack } from 'svelte'

let waiting = $state.raw<readonly File[]>([])

/** Keeps files that were chosen on another page until the page that adds articles takes them. */
export const handOver = (files: readonly File[]) => void (waiting = files)

/** Takes the files that were handed over, each once, also those that come while the page stands already. */
export function takeOver(take: (files: readonly File[]) => void) {
  $effect(() => {
    const files = waiting
    if (files.length === 0) return
    waiting = []
    untrack(() => take(files))
  })
}
