import type { Language, Settings } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

/** A project as its page has it: settings, own role, label set, counts, who is in it, what happened today. */
export type Project = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['$get']>>>
export type Template = AnswerOf<Awaited<ReturnType<typeof api.templates.$get>>>['templates'][number]
/** Somebody who takes part. */
export type Member = Project['members'][number]

export const loadProject = (project: string) => ask(api.projects[':project'].$get({ param: { project } }))

export const loadProjects = async () => (await ask(api.projects.$get())).projects

export const loadTemplates = async () => (await ask(api.templates.$get())).templates

/** Makes a project and answers its id. */
export const makeProject = async (json: { name: string; languages: Language[]; template: Template['id'] }) =>
  (await ask(api.projects.$post({ json }))).id

export const changeProject = (project: string, json: { name?: string; settings?: Settings }) =>
  ask(api.projects[':project'].$patch({ param: { project }, json }))
