import { z } from '@hono/zod-openapi'

// The few words that every route's description repeats.

/** A JSON body that must be there: a missing or other content type is refused. */
export const body = <T extends z.ZodType>(schema: T) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})

/** The one answer of a route when all is well; refusals are thrown and described once for all routes. */
export const answers = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { 'application/json': { schema } } },
})

/** How far facts had come, by scope, before the rest of an answer was read: resume after it. */
export const Positions = z.record(z.string(), z.int())

/** An answer without content. */
export const done = { 204: { description: 'Done.' } }
