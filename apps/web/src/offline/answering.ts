/** How the worker answers a request: as a page, as a file of a build, or not at all. */
export type Way = 'page' | 'file'

/** What of a request decides it. */
export interface Asked {
  readonly method: string
  /** `navigate` where the browser goes to a page. */
  readonly mode: string
  readonly url: URL
}

/** What is the server's alone: an old answer would be a wrong one. */
const LIVE = /^\/(api|live|lobby|healthz|readyz|metrics)(\/|$)/

/** The way of a request, or null: the browser's own. `files` are the paths that this build is made of. */
export function wayOf({ method, mode, url }: Asked, origin: string, files: ReadonlySet<string>): Way | null {
  if (method !== 'GET' || url.origin !== origin || LIVE.test(url.pathname)) return null
  if (files.has(url.pathname) || isHashed(url.pathname)) return 'file'
  return mode === 'navigate' ? 'page' : null
}

/** True for a file whose name tells its content: the same name is the same file, of whatever build. */
export const isHashed = (path: string): boolean => path.startsWith('/assets/')

/** True if nobody stands behind this answer: a proxy says that the server is away. */
export const isAway = (status: number): boolean => status >= 502 && status <= 504

/** Every build's name begins so: it keeps its files under that name, and a tab of it holds a lock of that name. */
const BUILD = 'tamga-build-'

/** A lock that a tab holds, as the browser tells it. */
export interface Held {
  readonly name?: string
  readonly clientId?: string
}

/**
 * The kept builds that nothing needs any more: not this one, and none that a tab was built of. While a tab has not said
 * yet which it is, none.
 */
export function outdated(
  kept: readonly string[],
  mine: string,
  tabs: readonly string[],
  held: readonly Held[],
): string[] {
  const builds = held.filter(({ name }) => name?.startsWith(BUILD))
  // counted, not matched: a lock's owner need not go by the name that the worker knows its tab under
  if (new Set(builds.map(({ clientId }) => clientId)).size < tabs.length) return []
  return kept.filter((name) => name.startsWith(BUILD) && name !== mine && !builds.some((lock) => lock.name === name))
}
