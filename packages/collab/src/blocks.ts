import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import type { DecodedUpdate } from './decode.ts'

/** The structs of one client, in order and without gaps. */
export type Chain = readonly Y.Item[]

/** The structs of an update by client. */
export function chainsOf(structs: readonly Y.Item[]): Map<number, Y.Item[]> {
  const chains = new Map<number, Y.Item[]>()
  for (const struct of structs) {
    const chain = chains.get(struct.id.client)
    if (chain) chain.push(struct)
    else chains.set(struct.id.client, [struct])
  }
  return chains
}

/** The struct of a chain that holds a clock. */
export function itemAt(chain: Chain, clock: number): Y.Item | undefined {
  let [low, high] = [0, chain.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const { id, length } = chain[middle]!
    if (clock < id.clock) high = middle - 1
    else if (clock >= id.clock + length) low = middle + 1
    else return chain[middle]
  }
  return undefined
}

/** An update in Yjs's first format: of each chain what lies at or beyond the clock that `from` gives, and the deletions. */
export function encodeUpdate(
  chains: ReadonlyMap<number, Chain>,
  deletes: DecodedUpdate['deletes'],
  from: (client: number) => number = () => 0,
): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  const { restEncoder } = encoder
  const blocks = [...chains].flatMap(([client, chain]) => {
    const first = chain.findIndex(({ id, length }) => id.clock + length > from(client))
    return first < 0 ? [] : [{ client, structs: chain.slice(first) }]
  })
  encoding.writeVarUint(restEncoder, blocks.length)
  for (const { client, structs } of blocks) {
    const start = Math.max(from(client), structs[0]!.id.clock)
    encoding.writeVarUint(restEncoder, structs.length)
    encoder.writeClient(client)
    encoding.writeVarUint(restEncoder, start)
    for (const struct of structs) struct.write(encoder, Math.max(0, start - struct.id.clock))
  }
  encoding.writeVarUint(restEncoder, deletes.size)
  for (const [client, ranges] of deletes) {
    encoding.writeVarUint(restEncoder, client)
    encoding.writeVarUint(restEncoder, ranges.length)
    for (const { clock, len } of ranges) {
      encoder.writeDsClock(clock)
      encoder.writeDsLen(len)
    }
  }
  return encoder.toUint8Array()
}
