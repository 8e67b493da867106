import { isAway, isHashed, outdated, wayOf } from './answering.ts'

/** What a service worker sees of itself; the build writes its name and its files above this code. */
interface WorkerScope extends EventTarget {
  readonly location: Location
  readonly build: { readonly name: string; readonly files: readonly string[] }
  readonly clients: {
    claim(): Promise<void>
    matchAll(of: { type: 'window'; includeUncontrolled: true }): Promise<readonly Tab[]>
  }
  skipWaiting(): Promise<void>
}

interface Tab {
  readonly id: string
  postMessage(message: unknown): void
}

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void
}

interface Fetching extends Lasting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

/** How long a page may be on its way before the kept shell is shown instead. */
const PATIENCE = 4000

const scope = self as unknown as WorkerScope
const mine = scope.build.name
const files: ReadonlySet<string> = new Set(scope.build.files)

scope.addEventListener('install', (event) => (event as Lasting).waitUntil(keep()))
scope.addEventListener('activate', (event) => (event as Lasting).waitUntil(begin()))
// a tab says that it holds the lock of its build
scope.addEventListener('message', (event) => (event as unknown as Lasting).waitUntil(sweep()))
scope.addEventListener('fetch', (event) => answer(event as Fetching))

/** Keeps all of this build before it takes over: half of one would open nothing. */
async function keep(): Promise<void> {
  const cache = await caches.open(mine)
  try {
    await Promise.all([...files].map(async (file) => cache.put(file, await ofBuild(file))))
    await cache.put('/', await shell())
  } catch (error) {
    await caches.delete(mine)
    throw error
  }
  await scope.skipWaiting()
}

const ofBuild = async (file: string): Promise<Response> =>
  (isHashed(file) && (await caches.match(file, { ignoreVary: true }))) || fetched(file)

async function shell(): Promise<Response> {
  const page = await fetched('/')
  if (!(await page.clone().text()).includes(mine)) throw new Error('the server has moved on to another build')
  return page
}

async function fetched(file: string): Promise<Response> {
  const response = await fetch(file, { cache: isHashed(file) ? 'default' : 'no-cache' })
  if (!response.ok) throw new Error(`${file} answers ${response.status}`)
  return response
}

async function begin(): Promise<void> {
  await scope.clients.claim()
  for (const tab of await tabs()) tab.postMessage({ build: mine })
  await sweep()
}

async function sweep(): Promise<void> {
  const open = (await tabs()).map(({ id }) => id)
  const { held = [] } = await navigator.locks.query()
  for (const build of outdated(await caches.keys(), mine, open, held)) await caches.delete(build)
}

const tabs = () => scope.clients.matchAll({ type: 'window', includeUncontrolled: true })

function answer(event: Fetching): void {
  const { method, mode, url } = event.request
  const way = wayOf({ method, mode, url: new URL(url) }, scope.location.origin, files)
  if (way === 'file') event.respondWith(kept(event.request))
  if (way === 'page') event.respondWith(page(event.request))
}

async function kept(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const own = await (await caches.open(mine)).match(pathname, { ignoreVary: true })
  return own ?? (await caches.match(pathname, { ignoreVary: true })) ?? fetch(request)
}

/** The page from the server, or the kept shell where none comes soon. */
async function page(request: Request): Promise<Response> {
  const coming = fetch(request)
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE))
  const come = await Promise.race([coming.catch(() => null), late])
  if (come && !isAway(come.status)) return come
  return (await (await caches.open(mine)).match('/')) ?? coming
}
