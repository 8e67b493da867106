import type { Table } from './runes/router.svelte.ts'

/** Every page by its address. A page is loaded when it is first gone to. */
export const routes = {
  '/': () => import('./projects/Projects.svelte'),
  '/sign-in': () => import('./projects/Projects.svelte'),
  '/link': () => import('./auth/Link.svelte'),
  '/account': () => import('./auth/Account.svelte'),
  '/offline': () => import('./offline/Offline.svelte'),
  '/projects': () => import('./projects/Projects.svelte'),
  '/projects/:project': () => import('./articles/Articles.svelte'),
  '/projects/:project/labels': () => import('./projects/Labels.svelte'),
  '/projects/:project/people': () => import('./projects/People.svelte'),
  '/projects/:project/settings': () => import('./projects/Settings.svelte'),
  '/projects/:project/import': () => import('./articles/Import.svelte'),
  '/projects/:project/export': () => import('./gold/Export.svelte'),
  '/articles/:article': () => import('./editor/Editor.svelte'),
  '/articles/:article/review': () => import('./review/Review.svelte'),
  '*': () => import('./NotFound.svelte'),
} as const satisfies Table
