import type { Incoming } from './take.ts'

/** What one connection may have in one flush while others wait for theirs. */
const SHARE = { items: 64, bytes: 16 * 1024 }

/**
 * Takes at most so many of what waits, in the order of arrival, and of each connection no more than its share: who sends
 * much waits for others once, not they for all of it. What one connection sent keeps its order.
 */
export function takeFairly(
  waiting: readonly Incoming[],
  most: number,
): { readonly batch: Incoming[]; readonly rest: Incoming[] } {
  const batch: Incoming[] = []
  const rest: Incoming[] = []
  const shares = new Map<Incoming['participant'], { items: number; bytes: number }>()
  for (const item of waiting) {
    const share = shares.get(item.participant) ?? { items: 0, bytes: 0 }
    shares.set(item.participant, share)
    const isFull = share.items >= SHARE.items || share.bytes >= SHARE.bytes
    if (isFull || batch.length >= most) {
      rest.push(item)
      // what comes behind must not overtake it
      share.items = SHARE.items
      continue
    }
    batch.push(item)
    share.items++
    share.bytes += item.bytes.length
  }
  return { batch, rest }
}
