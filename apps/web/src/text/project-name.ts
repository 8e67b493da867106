import { api, ask } from '../api.ts'

/** The name of a project, for the way that leads to its article. @throws Problem */
export const nameOfProject = async (project: string): Promise<string> =>
  (await ask(api.projects[':project'].$get({ param: { project } }))).name
