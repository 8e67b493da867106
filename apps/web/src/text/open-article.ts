import { Problem, type Annotation } from '@tamga/model'
import { forbidsCopy, takenAlong } from '../offline/taken.svelte.ts'
import { loadArticle, type Article } from './article.ts'
import { nameOfProject } from './project-name.ts'

/** An article that a page opens, with the name of its project. */
export interface Opened {
  readonly article: Article
  readonly project: string
  /** What stood in it when it was taken along: the server is silent, and this copy is what there is. */
  readonly taken?: readonly Annotation[]
}

/** How long the server may be silent before the copy is opened. */
const PATIENCE = 5000

/** Opens an article: the server's, or where it is silent and a copy will do the one that was taken along. @throws Problem */
export async function openArticle(id: string, copyWillDo: boolean): Promise<Opened> {
  const coming = fresh(id)
  const answer = coming.catch((error: unknown) => (isSilence(error) ? null : coming))
  const come = await Promise.race([answer, silence()])
  if (come) return come
  const copy = copyWillDo ? await takenAlong.read(id) : null
  return copy ? { article: copy.article, project: copy.project, taken: copy.annotations } : coming
}

async function fresh(id: string): Promise<Opened> {
  try {
    const article = await loadArticle(id)
    return { article, project: await nameOfProject(article.project) }
  } catch (error) {
    if (error instanceof Problem && forbidsCopy(error)) await takenAlong.remove([id])
    throw error
  }
}

const silence = () => new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE))

const isSilence = (error: unknown) => error instanceof Problem && error.code === 'unreachable'
