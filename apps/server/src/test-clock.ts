import { readFileSync } from 'node:fs'

/**
 * Milliseconds of a clock for tests that stands still while this machine has more to do than it has processors: what is
 * too slow by it is slow by its own fault. Where the system does not say, it just runs.
 */
export const ownTime = (): number => performance.now() - crowdedMs()

/** Lets others go on for some milliseconds of their own time, where nothing outside tells how far they are. */
export async function rest(ms: number): Promise<void> {
  const [end, last] = [ownTime() + ms, performance.now() + 50 * ms]
  while (ownTime() < end && performance.now() < last) await new Promise((resolve) => setTimeout(resolve, 10))
}

function crowdedMs(): number {
  try {
    return Number(/^some .*total=(\d+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? 0) / 1000
  } catch {
    return 0
  }
}
