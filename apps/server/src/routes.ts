import { OpenAPIHono } from '@hono/zod-openapi'
import { Problem } from '@tamga/model'
import type { Env } from './auth/guard.ts'

/** The beginning of a room's routes: what does not fit its schema is refused by the name of the field, never by value. */
export const routes = () =>
  new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new Problem('malformed', { field: result.error.issues[0]?.path.join('/') ?? '' })
    },
  })
