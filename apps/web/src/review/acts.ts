import { Problem, type Content, type Reason } from '@tamga/model'
import { api, ask } from '../api.ts'

/** One decision with all that was on the screen: the server hashes it and refuses it if something else stands. */
export interface Decision {
  readonly annotation: string
  readonly verdict: 'approve' | 'reject'
  readonly shown: Content
  readonly reason: Reason | null
}

/** A decision that was not recorded, because what was shown is not what stands. */
export interface Refused {
  readonly annotation: string
  readonly shown: Content
  /** What stands now; null if it was removed. */
  readonly now: Content | null
  /** The name of who changed it last, if the server could tell. */
  readonly by: string | null
}

/** Decides, and answers what was refused: those that changed meanwhile, each with its difference. @throws Problem */
export async function decide(article: string, decisions: readonly Decision[]): Promise<readonly Refused[]> {
  const items = decisions.map((decision) => ({ ...decision, note: '' }))
  try {
    const { results } = await ask(api.articles[':article'].decisions.$post({ param: { article }, json: { items } }))
    return results.flatMap((result) => (result.ok ? [] : [refusedOf(result.difference)]))
  } catch (error) {
    return [refusedBy(error)]
  }
}

/** Writes a correction and approves it in one act; answers the difference if something else stands. @throws Problem */
export async function amend(article: string, annotation: string, shown: Content, content: Content) {
  try {
    const json = { annotation, shown, content, note: '' }
    await ask(api.articles[':article'].amend.$post({ param: { article }, json }))
    return null
  } catch (error) {
    return refusedBy(error)
  }
}

/** Adds a span that everybody missed: proposed and approved in one act. @throws Problem */
export const addMissed = (article: string, id: string, content: Content): Promise<unknown> =>
  ask(api.articles[':article'].missed.$post({ param: { article }, json: { id, content } }))

/** Signs the article off. @throws Problem */
export const signOff = (article: string): Promise<unknown> =>
  ask(api.articles[':article'].closing.$post({ param: { article } }))

/** Takes the sign-off back. @throws Problem */
export const takeBack = (article: string): Promise<unknown> =>
  ask(api.articles[':article'].closing.$delete({ param: { article } }))

interface ToldDifference {
  readonly annotation: string
  readonly shown: Content
  readonly now: Content | null
  readonly by: { readonly name: string } | null
}

const refusedOf = ({ annotation, shown, now, by }: ToldDifference): Refused => ({
  annotation,
  shown,
  now,
  by: by?.name ?? null,
})

/** The difference that a refusal brings; any other error is thrown on. */
function refusedBy(error: unknown): Refused {
  if (!(error instanceof Problem) || error.code !== 'changed_meanwhile') throw error
  return refusedOf(error.data as ToldDifference)
}
