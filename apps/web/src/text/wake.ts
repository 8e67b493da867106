const TICK = 5000
/** Two clocks that drift apart by so much: the computer slept, or somebody set the date. */
const JUMP = 3000

/** How far the date moved against the time that passed, in ms. */
export const driftOf = (
  [date, passed]: readonly [number, number],
  [dateThen, passedThen]: readonly [number, number],
): number => date - dateThen - (passed - passedThen)

/** Calls back every few seconds; `jumped` if the computer slept or its date was set since. */
export function onTick(look: (jumped: boolean) => void, signal: AbortSignal): void {
  const now = () => [Date.now(), performance.now()] as const
  let last = now()
  const timer = setInterval(() => {
    const next = now()
    const jumped = Math.abs(driftOf(next, last)) > JUMP
    last = next
    look(jumped)
  }, TICK)
  signal.addEventListener('abort', () => clearInterval(timer))
}
