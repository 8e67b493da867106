import type { Component } from 'svelte'
import { blockNavigation, createRouter, type RouterApi, type Routes } from 'sv-router'

export { Router } from 'sv-router'

type Page = () => Promise<{ default: Component }>
export type Table = Readonly<Record<`/${string}`, Page>> & { readonly '*': Page }

let router: RouterApi<Routes> | null = null

/** Answers the table's addresses from now on. Call once, before `Router` is shown. */
export function serve(table: Table) {
  router = createRouter(table as Routes)
  document.addEventListener('click', leaveToBrowser)
}

/** The router takes every click on a link; one that opens a new tab or window is the browser's. */
function leaveToBrowser(event: MouseEvent) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) event.stopPropagation()
}

const served = (): RouterApi<Routes> => {
  if (!router) throw new Error('no table is served yet')
  return router
}

/** Where the reader is; reading it inside a component follows every move. */
export const place = {
  get pathname(): string {
    return served().route.pathname
  },
  get hash(): string {
    return served().route.hash
  },
  /** A named part of the address (`:project`), or '' where the address has none. */
  param: (name: string): string => (served().route.params as Readonly<Record<string, string>>)[name] ?? '',
}

/** Goes to an address; `replace` leaves no step back to where one was, `hash` is what stands behind the "#". */
export async function go(path: string, { replace = false, hash = '' } = {}) {
  await served().navigate(path as `/${string}`, { replace, ...(hash !== '' && { hash }) })
}

/** Asks before the reader leaves while `unsafe` says so: a move inside asks by `ask`, closing the tab by the browser. */
export function guardLeaving(unsafe: () => boolean, ask: () => boolean | Promise<boolean>): () => void {
  return blockNavigation({ beforeUnload: () => !unsafe(), onNavigate: () => !unsafe() || ask() })
}
