import { z } from './zod.ts'
import { Language } from './article.ts'
import { requestLimits } from './limits.ts'

/** How a project decides, and what languages it is in. */
export const Settings = z.object({
  /** How many reviewers must approve a digest before it is gold. */
  quorum: z.int().min(1).max(9).default(1),
  /** May a reviewer's approval of their own span count? */
  ownApproval: z.boolean().default(true),
  /** Once approved, does only a reviewer change a span? */
  lockApproved: z.boolean().default(false),
  languages: z.array(Language).max(requestLimits.languages).default([]),
})
export type Settings = z.infer<typeof Settings>
