import { serverClients, type ServerClients } from '@tamga/collab'
import { randomBytes } from 'node:crypto'

/** Client ids that no other copy of any document has. */
export function drawServerClients(): ServerClients {
  const bytes = randomBytes(8)
  return serverClients(bytes.readUInt32BE(0), bytes.readUInt32BE(4))
}
