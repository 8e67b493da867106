import { readFileSync } from 'node:fs'

/**
 * Starts a stopwatch and answers what reads it, in seconds. It stands still while anybody on this machine waits for a
 * processor, so that it tells how long the product itself takes or waits; where the system does not say, it just runs.
 */
export function stopwatch(): () => number {
  const [from, crowded] = [performance.now(), crowdedSeconds()]
  return () => (performance.now() - from) / 1000 - (crowdedSeconds() - crowded)
}

/** How long since the start of the machine there was more to do than it has processors for. */
function crowdedSeconds(): number {
  try {
    return Number(/^some .*total=(\d+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? 0) / 1_000_000
  } catch {
    return 0
  }
}
