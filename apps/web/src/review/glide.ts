const TIME = 140

let running = 0

/**
 * Lets `move` scroll the element, and shows the way there in 140 ms; at once for readers who want no motion. A further
 * glide takes over from where the one before has come.
 */
export function glide(scroller: Element, move: () => void): void {
  cancelAnimationFrame(running)
  const from = scroller.scrollTop
  move()
  const to = scroller.scrollTop
  if (Math.abs(to - from) < 2 || matchMedia('(prefers-reduced-motion: reduce)').matches) return
  scroller.scrollTop = from
  const start = performance.now()
  const step = (now: number) => {
    const share = Math.min(1, Math.max(0, (now - start) / TIME))
    scroller.scrollTop = from + (to - from) * (1 - (1 - share) ** 3)
    if (share < 1) running = requestAnimationFrame(step)
  }
  running = requestAnimationFrame(step)
}
