import { expect, test } from 'vitest'
import { above, actions, can, leastRole, roles, type Action, type Role } from './roles.ts'

// viewer, annotator, reviewer, owner
const table: Record<Action, string> = {
  read: 'v a r o',
  annotate: '- a r o',
  withdrawOwn: '- a r o',
  removeAny: '- - r o',
  decide: '- - r o',
  amend: '- - r o',
  signOff: '- - r o',
  export: '- - r o',
  editLabels: '- - - o',
  manageMembers: '- - - o',
  manageArticles: '- - - o',
  deleteProject: '- - - o',
  eraseText: '- - - o',
  changeSettings: '- - - o',
  exportNames: '- - - o',
}

const cases = actions.flatMap((action) =>
  table[action].split(' ').map((mark, i) => [roles[i]!, mark === '-' ? 'may not' : 'may', action] as const),
)

test.each(cases)('a %s %s %s', (role, may, action) => expect(can(role, action)).toBe(may === 'may'))

test.each(actions)('who is no member may not %s', (action) => expect(can(null, action)).toBe(false))

test.each(actions)('%s: the least role named in the refusal is the first that may', (action) => {
  expect(leastRole(action)).toBe(roles.find((role) => can(role, action)))
})

test.each<[Role, Role, boolean]>([
  ['owner', 'reviewer', true],
  ['reviewer', 'reviewer', false],
  ['viewer', 'annotator', false],
  ['annotator', 'viewer', true],
])('is %s above %s: %s', (a, b, expected) => expect(above(a, b)).toBe(expected))
