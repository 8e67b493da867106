import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Problem } from '@tamga/model'
import { Hono } from 'hono'
import { z } from 'zod'
import { accountBySignIn } from './auth/store.ts'
import { makeSignInLink } from './auth/tickets.ts'
import { formatIds, includes, policies } from '@tamga/formats'
import { bodyOf } from './gold/body.ts'
import { exportUnasked, reportUnasked } from './gold/export.ts'
import { answerErrors } from './problem.ts'
import type { Services } from './services.ts'

export type { ExportReport } from '@tamga/formats'

/**
 * What whoever holds the machine may ask of a server without signing in: the command line's verbs. Spoken over a Unix
 * socket that only the server's own user can open, or called in process where no server runs.
 */
export function createConsole(services: Services) {
  const app = new Hono()
  app.onError(answerErrors(services.log, services.disk))
  return app
    .post('/link', async (c) => {
      const { email } = read(LinkOrder, await c.req.json())
      const account = await accountBySignIn(services.db, email)
      if (!account) throw new Problem('not_found', { email })
      return c.json({ url: await makeSignInLink(services, account.id) })
    })
    .post('/report', async (c) => {
      const { project, ...request } = read(ExportOrder, await c.req.json())
      return c.json(await reportUnasked(services, await findProject(services, project), request))
    })
    .post('/export', async (c) => {
      const { project, ...request } = read(ExportOrder, await c.req.json())
      const stream = await exportUnasked(services, await findProject(services, project), request)
      return c.body(bodyOf(stream), 200, { 'content-type': 'application/zip' })
    })
}

const LinkOrder = z.object({ email: z.string() })
const ExportOrder = z.object({
  /** The id of a project, or its name if only one has it. */
  project: z.string(),
  format: z.enum(formatIds),
  policy: z.enum(policies).nullable(),
  include: z.enum(includes),
  people: z.enum(['pseudonyms', 'names']),
  /** The cut a report was made at, so that the file is what it told; null for the newest. */
  cut: z.int().min(0).nullable(),
})

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const asked = schema.safeParse(value)
  if (asked.success) return asked.data
  const [issue] = asked.error.issues
  const values = issue?.code === 'invalid_value' ? issue.values.map(String).join(', ') : null
  throw new Problem('malformed', { field: issue?.path.join('/') ?? '', ...(values !== null && { takes: values }) })
}

async function findProject({ db }: Services, asked: string): Promise<string> {
  const rows = await db
    .selectFrom('project')
    .select(['id', 'name'])
    .where('deleted_at', 'is', null)
    .where((eb) => eb.or([eb('id', '=', asked), eb('name', '=', asked)]))
    .execute()
  if (rows.length === 1) return rows[0]!.id
  const others = rows.length > 1 ? rows : await someProjects({ db })
  const there = others.map(({ name, id }) => `${name} (${id})`).join(', ')
  throw new Problem('not_found', { project: asked, [rows.length > 1 ? 'several' : 'there']: there || 'none yet' })
}

/** Some projects by name, for whoever asked for one that is not there. */
const someProjects = ({ db }: Pick<Services, 'db'>) =>
  db
    .selectFrom('project')
    .select(['id', 'name'])
    .where('deleted_at', 'is', null)
    .orderBy('created_at', 'desc')
    .limit(10)
    .execute()

/** Opens the console's socket. Answers its path and what closes it. */
export async function openConsole(services: Services): Promise<{ path: string; close(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'tamga-console-'))
  const path = join(dir, 'socket')
  const answer = getRequestListener(createConsole(services).fetch)
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  chmodSync(path, 0o600)
  return {
    path,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      // an export that nobody reads on does not keep the server from ending
      server.closeAllConnections()
      await closed
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
