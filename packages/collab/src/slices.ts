import * as Y from 'yjs'
import { chainsOf, encodeUpdate, itemAt } from './blocks.ts'
import { tooMuch, type DecodedUpdate, type UpdateFault } from './decode.ts'
import type { SliceLimits } from './limits.ts'

/**
 * Cuts an update into several that may be applied one after the other, with others' updates between them: what comes later
 * builds on what comes before. It is cut only where no value is missing between two slices: a value that was overwritten
 * before it was sent goes with the one that took its place. Deletions go with the last slice. Linear in the structs; a
 * fault if too much of it cannot be cut, and null if its structs have no order (a predecessor that never comes): whoever
 * inspects it refuses it.
 */
export function sliceUpdate(update: DecodedUpdate, limits: SliceLimits): Uint8Array[] | UpdateFault | null {
  const order = orderOf(update)
  if (!order) return null
  const keys = keysOf(order)
  const last = new Map(order.map(({ item }, i) => [isValue(item) ? keys[i]! : '', i]))
  const slices: Y.Item[][] = [[]]
  // keys under which the last value so far is one that was overwritten, by one that is still to come
  const open = new Set<string>()
  for (const [i, { item }] of order.entries()) {
    const key = keys[i]!
    if (isValue(item)) open.delete(key)
    else if ((last.get(key) ?? 0) > i) open.add(key)
    const slice = slices.at(-1)!
    slice.push(item)
    if (slice.length >= limits.structs && open.size === 0) slices.push([])
    else if (slice.length > limits.uncutStructs) return tooMuch('too much that cannot be taken in parts')
  }
  if (slices.at(-1)!.length === 0 && slices.length > 1) slices.pop()
  return slices.map((slice, i) => encodeUpdate(chainsOf(slice), i === slices.length - 1 ? update.deletes : none))
}

const isValue = ({ content }: Y.Item): boolean => !(content instanceof Y.ContentDeleted)

/** What names the key of each item: the key itself, or the item of the document that it follows. */
function keysOf(order: readonly Ordered[]): string[] {
  const keys = new Map<Y.Item, string>()
  return order.map(({ item, follows }) => {
    const key = (follows && keys.get(follows)) ?? item.parentSub ?? idOf(item.origin!)
    keys.set(item, key)
    return key
  })
}

const none: DecodedUpdate['deletes'] = new Map()
const idOf = ({ client, clock }: Y.ID): string => `${client}:${clock}`

interface Ordered {
  readonly item: Y.Item
  /** The item of the same update that it follows under its key. */
  readonly follows: Y.Item | null
}

/** The items in an order in which each one's predecessor, if it is here, comes first; null if there is none. */
function orderOf({ structs, blocks }: DecodedUpdate): Ordered[] | null {
  const chains = chainsOf(structs)
  if (chains.size !== blocks) return null
  const order: Ordered[] = []
  const done = new Set<Y.Item>()
  const next = new Map<number, number>()
  const waiting = new Map<Y.Item, number[]>()
  const ready = [...chains.keys()].reverse()
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const chain = chains.get(client)!
    let at = next.get(client) ?? 0
    for (let item = chain[at]; item; item = chain[++at]) {
      const follows = item.origin ? (itemAt(chains.get(item.origin.client) ?? [], item.origin.clock) ?? null) : null
      if (follows && !done.has(follows)) {
        const others = waiting.get(follows)
        if (others) others.push(client)
        else waiting.set(follows, [client])
        break
      }
      order.push({ item, follows })
      done.add(item)
      ready.push(...(waiting.get(item) ?? []))
    }
    next.set(client, at)
  }
  return order.length === structs.length ? order : null
}
