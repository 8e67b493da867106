import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { Problem } from '@tamga/model'
import { Hono } from 'hono'
import type { Env } from './auth/guard.ts'

/**
 * The built web application: its files under their hashed names for a year, and its one page for every other path,
 * asked for anew each time. What looks like a file and is none is a 404.
 */
export function pages(dir: string) {
  const index = readFileSync(join(dir, 'index.html'), 'utf8')
  return new Hono<Env>()
    .use(
      '/assets/*',
      serveStatic({
        root: dir,
        onFound: (_path, c) => c.header('cache-control', 'public, max-age=31536000, immutable'),
      }),
    )
    .use(
      '*',
      serveStatic({
        root: dir,
        rewriteRequestPath: (path) => (path === '/' ? '/index.html' : path),
        onFound: (_path, c) => c.header('cache-control', 'no-cache'),
      }),
    )
    .get('*', (c) => {
      if (/\.\w+$/.test(c.req.path)) throw new Problem('not_found')
      return c.html(index, 200, { 'cache-control': 'no-cache' })
    })
}
