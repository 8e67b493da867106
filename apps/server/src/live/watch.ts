import { closeCodes } from '@tamga/collab'
import type { Services } from '../services.ts'
import type { Connection } from './connection.ts'
import { rolesOf, standingSessions } from './store.ts'

/** Closes the connections whose session ended or whose account is no longer a member of the project. */
export async function closeRevoked(services: Services, connections: Iterable<Connection>): Promise<void> {
  const { db } = services
  const open = [...connections]
  if (open.length === 0) return
  const sessions = await standingSessions(db, unique(open.map(({ session }) => session)), services.now())
  for (const connection of open)
    if (!sessions.has(connection.session)) connection.close(closeCodes.signIn, 'the session ended')
  for (const project of unique(open.map((connection) => connection.project))) {
    const inside = open.filter((connection) => connection.project === project)
    const roles = await rolesOf(db, project, unique(inside.map(({ account }) => account.id)))
    for (const connection of inside)
      if (!roles.has(connection.account.id)) connection.close(closeCodes.notYours, 'no longer a member')
  }
}

const unique = (items: readonly string[]): string[] => [...new Set(items)]
