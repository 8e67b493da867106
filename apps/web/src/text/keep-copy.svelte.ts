import { takenAlong } from '../offline/taken.svelte.ts'
import type { Taken } from '../offline/article-cache.ts'
import type { Room } from './room.svelte.ts'

// The copy is for a time without network: it need not follow every edit, and never stands in the way of one.
const FIRST = 200
const EACH = 20_000

/**
 * Keeps a copy of an open article in this browser as long as the component that calls this is on the screen: soon after
 * it has opened, every while after it changed, and when the page is left. Only what the server has goes into it.
 */
export function keepCopy(room: Room, project: string): void {
  $effect(() => {
    if (!room.loaded) return
    let isNew = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const copy = () => {
      clearTimeout(timer)
      timer = undefined
      if (!isNew) return
      if (!isSettled(room)) return later(EACH)
      isNew = false
      void takenAlong.put(copyOf(room, project))
    }
    const later = (wait: number) => (timer ??= setTimeout(() => whenIdle(copy), wait))
    const changed = () => {
      isNew = true
      later(EACH)
    }
    const hidden = () => document.visibilityState === 'hidden' && copy()
    const stop = room.annotations.observe(changed)
    document.addEventListener('visibilitychange', hidden)
    later(FIRST)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', hidden)
      if (isNew && isSettled(room)) void takenAlong.put(copyOf(room, project))
      clearTimeout(timer)
    }
  })
}

/** An open article as it stands now, with the decisions that came since it was loaded. */
export function copyOf({ article, layer, standing }: Room, project: string): Taken {
  const rulings = [...standing.rulings].flatMap(([annotation, list]) =>
    list.map((ruling) => ({ annotation, ...ruling })),
  )
  const at = Object.fromEntries(Object.keys(article.at).map((scope) => [scope, standing.position(scope)]))
  return {
    article: { ...article, rulings, closing: standing.closing, at },
    annotations: layer.snapshot().annotations,
    project,
  }
}

const isSettled = (room: Room) => room.loaded && room.saved === 'saved' && room.pending === 0

const whenIdle = (run: () => void) => void (globalThis.requestIdleCallback ?? setTimeout)(run)
