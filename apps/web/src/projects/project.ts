import type { Language, Settings } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

/** A project as its page has it: settings, own role, label set, counts, who is in it, what happened today. */
export type Project = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['$get']>>>
export type Template = AnswerOf<Awaited<ReturnType<typeof api.templates.$get>>>['templates'][number]
/** Somebody who takes part. */
export type Member = Project['members'][number]

export const loadProject = (project: string) => ask(api.projects[':project'].$get({ param: { project } }))

/** My projects, and the deleted ones that I can bring back. */
export const loadProjects = () => ask(api.projects.$get())
export type DeletedProject = Awaited<ReturnType<typeof loadProjects>>['deleted'][number]

/** Hides a project from everybody; `name` is typed by whoever wants that. */
export const deleteProject = (project: string, name: string) =>
  ask(api.projects[':project'].delete.$post({ param: { project }, json: { name } }))

export const restoreProject = (project: string) => ask(api.projects[':project'].restore.$post({ param: { project } }))

export const loadTemplates = async () => (await ask(api.templates.$get())).templates

/** Makes a project and answers its id. */
export const makeProject = async (json: { name: string; languages: Language[]; template: Template['id'] }) =>
  (await ask(api.projects.$post({ json }))).id

export const changeProject = (project: string, json: { name?: string; settings?: Settings }) =>
  ask(api.projects[':project'].$patch({ param: { project }, json }))
