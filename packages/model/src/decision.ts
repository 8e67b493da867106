import { z } from './zod.ts'
import { Reason } from './review.ts'
import { readContent, type Content } from './annotation.ts'
import { isId } from './id.ts'
import { boundedJson, GivenId, requestLimits } from './limits.ts'

/** Content as a request carries it: checked for form, read into the model's own shape. */
export const ContentInput = boundedJson(requestLimits.content).transform((value, context): Content => {
  const content = readContent(value)
  if (content) return content
  context.addIssue({ code: 'custom', message: 'no annotation content' })
  return z.NEVER
})

export const AnnotationId = GivenId.refine(isId)

/** One decision as a reviewer sends it: what was on the screen travels whole; the server hashes it itself. */
export const DecisionInput = z.object({
  annotation: AnnotationId,
  verdict: z.enum(['approve', 'reject']),
  shown: ContentInput,
  reason: Reason.nullable().default(null),
  note: z.string().max(requestLimits.note).default(''),
})
export type DecisionInput = z.infer<typeof DecisionInput>
