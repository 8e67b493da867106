let waiting: readonly File[] = []

/** Keeps files that were chosen on another page until the page that adds articles takes them. */
export const handOver = (files: readonly File[]) => void (waiting = files)

/** The files that were handed over, once. */
export function takeOver(): readonly File[] {
  const files = waiting
  waiting = []
  return files
}
