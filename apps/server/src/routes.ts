import { OpenAPIHono } from '@hono/zod-openapi'
import { nameFaultOf, Problem } from '@tamga/model'
import type { Env } from './auth/guard.ts'

/** The beginning of a room's routes: what does not fit its schema is refused by the name of the field, never by value. */
export const routes = () =>
  new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return
      const { issues } = result.error
      const issue = issues.find(({ code }) => code === 'too_big') ?? issues[0]
      const field = issue?.path.join('/') ?? ''
      const name = nameFaultOf(issue)
      if (issue?.code === 'too_big') throw new Problem('over_limit', { field, most: Number(issue.maximum) })
      throw name ? new Problem(name.code, { field, ...name.details }) : new Problem('malformed', { field })
    },
  })
