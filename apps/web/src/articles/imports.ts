import type { Language } from '@tamga/model'
import { api, ask, upload, type AnswerOf } from '../api.ts'

/** A file that was read on the server and waits: its articles, or why it was refused. */
export type StagedFile = AnswerOf<Awaited<ReturnType<(typeof api.imports)[':import']['$get']>>>['files'][number]

/** Opens an import: what is put into it is seen by nobody before it is published. */
export const openImport = async (project: string) =>
  (await ask(api.projects[':project'].imports.$post({ param: { project } }))).id

/** Sends one file and answers how it fared. @throws Problem, or DOMException `AbortError` when `signal` ended it */
export async function sendFile(id: string, file: File, progress: (share: number) => void, signal: AbortSignal) {
  const form = new FormData()
  form.append('file', file, file.name)
  const answer = (await upload(`/api/imports/${id}/files`, form, progress, signal)) as { files: StagedFile[] }
  return answer.files
}

/** All files that the server holds in an import, those that it is still reading too. */
export const listFiles = async (id: string) => (await ask(api.imports[':import'].$get({ param: { import: id } }))).files

/** More articles of a file, from a place on. */
export const loadMore = (id: string, file: string, from: number) =>
  ask(api.imports[':import'].files[':file'].$get({ param: { import: id, file }, query: { from: String(from) } }))

export const dropFile = (id: string, file: string) =>
  ask(api.imports[':import'].files[':file'].$delete({ param: { import: id, file } }))

/** Gives articles a language: by the id of an article, or of a file for all in it. */
export const correctLanguage = async (id: string, language: Record<string, Language | null>) =>
  (await ask(api.imports[':import'].$patch({ param: { import: id }, json: { language } }))).files

/** Adds all articles at once and answers how many. */
export const publishImport = async (id: string) =>
  (await ask(api.imports[':import'].publish.$post({ param: { import: id } }))).articles

export const discardImport = (id: string) => ask(api.imports[':import'].$delete({ param: { import: id } }))
