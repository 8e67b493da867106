import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import { malformed, tooMuch, type UpdateFault } from './decode.ts'
import { liveLimits } from './limits.ts'

/** The clocks that a client's state vector names. Its size is bounded before it is read. */
export function readVector(vector: Uint8Array): ReadonlyMap<number, number> | UpdateFault {
  if (vector.length > liveLimits.vectorBytes) return tooMuch(`${vector.length} bytes in a state vector`)
  try {
    const count = decoding.readVarUint(decoding.createDecoder(vector))
    if (count > liveLimits.vectorEntries) return tooMuch(`${count} clients in a state vector`)
    return Y.decodeStateVector(vector)
  } catch {
    return malformed('no state vector')
  }
}

/** How many clocks of a document a state vector lacks. */
export function lackedBy(vector: ReadonlyMap<number, number>, { store }: Y.Doc): number {
  let lacked = 0
  for (const client of store.clients.keys())
    lacked += Math.max(0, Y.getState(store, client) - (vector.get(client) ?? 0))
  return lacked
}
