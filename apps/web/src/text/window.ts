/** What of a list of equal rows is on the screen. All in px. */
export interface View {
  readonly scrolled: number
  readonly height: number
  readonly rowHeight: number
}

// Shorter lists stand there whole.
const WHOLE = 200
// Rows drawn beyond what is on the screen; the window moves in steps of as many.
const SPARE = 20

/** Which rows of a list of `count` to draw, half-open: those on the screen and some on both sides. */
export function windowOf(count: number, { scrolled, height, rowHeight }: View): readonly [from: number, to: number] {
  if (count <= WHOLE) return [0, count]
  const first = Math.floor(scrolled / rowHeight / SPARE) * SPARE
  const last = Math.ceil((scrolled + height) / rowHeight / SPARE) * SPARE
  return [Math.max(0, Math.min(first, count) - SPARE), Math.min(count, last + SPARE)]
}

/** How far to scroll so that a row is wholly on the screen: not at all if it is. */
export function intoView(row: number, { scrolled, height, rowHeight }: View): number {
  const top = row * rowHeight
  return Math.max(Math.min(scrolled, top), top + rowHeight - height)
}

/** How far to scroll so that a row is in the middle. */
export function inMiddle(row: number, { height, rowHeight }: View): number {
  return Math.max(0, (row - Math.floor(height / rowHeight / 2)) * rowHeight)
}
