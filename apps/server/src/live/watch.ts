import { closeCodes } from '@tamga/collab'
import type { Services } from '../services.ts'
import type { Connection } from './connection.ts'
import { accountsBehind, roleIn } from './participant.ts'
import { erasedAmong, rolesOf, standingSessions } from './store.ts'

/**
 * Closes the connections whose session ended, that no longer reach the project (nobody is a member once it is
 * deleted), or whose article's text was erased.
 */
export async function closeRevoked(services: Services, connections: Iterable<Connection>): Promise<void> {
  const { db } = services
  const open = [...connections]
  if (open.length === 0) return
  const sessions = await standingSessions(db, unique(open.map(({ session }) => session)), services.now())
  for (const connection of open)
    if (!sessions.has(connection.session)) connection.close(closeCodes.signIn, 'the session ended')
  for (const project of unique(open.map((connection) => connection.project))) {
    const inside = open.filter((connection) => connection.project === project)
    const roles = await rolesOf(db, project, unique(inside.flatMap(({ account }) => accountsBehind(account))))
    const known = Object.fromEntries(roles)
    for (const connection of inside)
      if (roleIn(known, connection.account) === null) connection.close(closeCodes.notYours, 'no longer a member')
  }
  const erased = await erasedAmong(db, unique(open.flatMap(({ layer }) => layer ?? [])))
  for (const connection of open)
    if (connection.layer && erased.has(connection.layer)) connection.close(closeCodes.erased, 'the text was erased')
}

const unique = (items: readonly string[]): string[] => [...new Set(items)]
