import { z } from './zod.ts'

/** From the least to the most: each may all that those before it may. */
export const roles = ['viewer', 'annotator', 'reviewer', 'owner'] as const
export const Role = z.enum(roles)
export type Role = z.infer<typeof Role>

/** The least role that may do a thing. Finer rules ("own only") stand with their verbs. */
const least = {
  read: 'viewer',
  annotate: 'annotator',
  withdrawOwn: 'annotator',
  removeAny: 'reviewer',
  decide: 'reviewer',
  amend: 'reviewer',
  signOff: 'reviewer',
  export: 'reviewer',
  editLabels: 'owner',
  manageMembers: 'owner',
  manageArticles: 'owner',
  changeSettings: 'owner',
  deleteProject: 'owner',
  eraseText: 'owner',
  exportNames: 'owner',
} as const satisfies Record<string, Role>

export type Action = keyof typeof least
export const actions = Object.keys(least) as Action[]

const rank = (role: Role) => roles.indexOf(role)

/** May somebody of this role (null: no member) do this? */
export const can = (role: Role | null, action: Action): boolean => role !== null && rank(role) >= rank(least[action])

/** True if `a` may more than `b`. */
export const above = (a: Role, b: Role): boolean => rank(a) > rank(b)

/** The least role that may do this, for the sentence that says whom to ask. */
export const leastRole = (action: Action): Role => least[action]
