import type { LabelSet } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

/** The newest revision of a project's label set, and the ids that stand in its articles. */
export type SavedLabels = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['labels']['$get']>>>

export const loadLabels = (project: string): Promise<SavedLabels> =>
  ask(api.projects[':project'].labels.$get({ param: { project } }))

/** Saves a set made from revision `base` as the next one and answers its number. */
export const saveLabels = async (project: string, base: number, set: LabelSet) =>
  (await ask(api.projects[':project'].labels.$put({ param: { project }, json: { base, set } }))).no
